"""Rows beside the journal: applicants' keys in a file of their own, service keys, and statistics.

The journal's own tables are no models: `events/database` makes them, and says why. None of these tables is
event-sourced.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

__all__ = ["ApplicantKey", "RelayState", "ServiceKey", "Statistic"]


class ApplicantKey(models.Model):
    """The key that seals one applicant's values of one class; None once it was destroyed, for good.

    One row for both, so that of making and destroying at once one comes after the other.
    """

    database: ClassVar[str] = "keys"

    applicant = models.CharField(max_length=64)
    personal_class = models.CharField(max_length=16)
    key = models.BinaryField(null=True)
    destroyed_at_us = models.BigIntegerField(null=True)

    class Meta:
        """One key for each applicant and class."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["applicant", "personal_class"], name="one_key")
        ]


class ServiceKey(models.Model):
    """By which key a service comes to the journal door; only its hash is kept."""

    service = models.CharField(max_length=64, primary_key=True)
    key_sha256 = models.BinaryField(max_length=32, unique=True)


class RelayState(models.Model):
    """How far the relay has come, who leads, and when Kafka last committed for it; one row.

    `term` counts changes of the leader. `epoch` and `position` are the checkpoint, `cluster` is Kafka's id of
    the cluster they count in, "" before the first. Times are microseconds since 1970 by the database's clock.
    """

    name = models.CharField(max_length=16, primary_key=True)
    term = models.BigIntegerField(default=0)
    leader = models.CharField(max_length=64, default="")
    leads_until_us = models.BigIntegerField(default=0)
    epoch = models.CharField(max_length=8, default="")
    position = models.BigIntegerField(default=0)
    cluster = models.CharField(max_length=64, default="")
    committed_at_us = models.BigIntegerField(default=0)


class Statistic(models.Model):
    """One best-effort message."""

    database: ClassVar[str] = "statistics"

    noted_at_us = models.BigIntegerField()
    type = models.CharField(max_length=128)
    subject = models.CharField(max_length=64)
    client = models.CharField(max_length=64)
    payload = models.BinaryField()
