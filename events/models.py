"""Rows beside the journal: applicants' keys in a file of their own, service keys, and statistics.

The journal's own tables are no models: `events/sqlite.py` makes them, and says why. None of these tables is
event-sourced.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

__all__ = ["ApplicantKey", "DestroyedKey", "ServiceKey", "Statistic"]


class ApplicantKey(models.Model):
    """The key that seals one applicant's values of one class."""

    database: ClassVar[str] = "keys"

    applicant = models.CharField(max_length=64)
    personal_class = models.CharField(max_length=16)
    key = models.BinaryField()

    class Meta:
        """One key for each applicant and class."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["applicant", "personal_class"], name="one_key")
        ]


class DestroyedKey(models.Model):
    """That a key was destroyed, and when: it is never made again."""

    database: ClassVar[str] = "keys"

    applicant = models.CharField(max_length=64)
    personal_class = models.CharField(max_length=16)
    destroyed_at_us = models.BigIntegerField()

    class Meta:
        """A key is destroyed once."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["applicant", "personal_class"], name="destroyed_once")
        ]


class ServiceKey(models.Model):
    """By which key a service comes to the journal door; only its hash is kept."""

    service = models.CharField(max_length=64, primary_key=True)
    key_sha256 = models.BinaryField(max_length=32, unique=True)


class Statistic(models.Model):
    """One best-effort message."""

    database: ClassVar[str] = "statistics"

    noted_at_us = models.BigIntegerField()
    type = models.CharField(max_length=128)
    subject = models.CharField(max_length=64)
    client = models.CharField(max_length=64)
    payload = models.BinaryField()
