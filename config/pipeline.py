"""The pipeline process: every step on the journal, in warm vision workers."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import FrameType

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config.environment import environment  # noqa: E402 - Django's tables are there only after setup
from config.health import say_pipeline_is_warm  # noqa: E402
from events.source import SqlJournalSource  # noqa: E402
from events.store import DjangoStore, emit  # noqa: E402
from subscriber import Runner, Subscriber  # noqa: E402
from verification.dependencies.breaker import Breaker  # noqa: E402
from verification.dependencies.register import LicenceRegister  # noqa: E402
from verification.pipeline import deadlines, facts, register, steps_document, steps_face, steps_judge  # noqa: E402
from verification.pipeline.looks_document import warm_up  # noqa: E402
from verification.pipeline.step import Look, as_subscriber  # noqa: E402
from verification.pipeline.workers import Job, Pool, Report  # noqa: E402
