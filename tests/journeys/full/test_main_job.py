"""The main job's own tests, on Kafka, PostgreSQL and Redis over HTTPS: this folder's fixtures come first."""

from __future__ import annotations

from tests.journeys.test_main_job import *  # noqa: F403 - every test of that file, none of them changed
from tests.journeys.test_main_job import honest, pytestmark, register

__all__ = ["honest", "pytestmark", "register"]
