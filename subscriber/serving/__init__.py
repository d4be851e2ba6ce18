"""What every service's process does alike: its settings, its rounds beside the product, its command line."""

from __future__ import annotations

from subscriber.serving.command_line import main
from subscriber.serving.running import described, open_current, open_rows, run
from subscriber.serving.settings import Door, ProductAway, ServiceSettings, WrongRunFile, settings_of
from subscriber.serving.spec import ServiceSpec, Verb
from subscriber.serving.ways import Way

__all__ = [
    "Door",
    "ProductAway",
    "ServiceSettings",
    "ServiceSpec",
    "Verb",
    "Way",
    "WrongRunFile",
    "described",
    "main",
    "open_current",
    "open_rows",
    "run",
    "settings_of",
]
