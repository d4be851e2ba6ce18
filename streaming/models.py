"""The feed as it lies in its own database: records by number, each feed's head, and what is known of cases.

Written by the feed writer alone, from the journal; losing the file costs a rebuild, nothing else.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

__all__ = ["FeedCase", "FeedHead", "FeedPlace", "FeedProjection", "FeedRecord"]


class FeedRecord(models.Model):
    """One record: `body` is the public JSON object without number and cursor, personal values left out.

    `personal` is JSON: for each such value its place in `data`, its form and the sealed bytes as text;
    empty bytes when there is none. `slot` is the first byte of SHA-256 of the case's id.
    """

    database: ClassVar[str] = "feed"

    pk = models.CompositePrimaryKey("feed", "number")
    feed = models.CharField(max_length=32)
    number = models.PositiveBigIntegerField()
    slot = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    case = models.CharField(max_length=36)
    recorded_at_us = models.BigIntegerField()
    final = models.BooleanField()
    body = models.BinaryField()
    personal = models.BinaryField(default=b"")
    event_id = models.CharField(max_length=36)

    class Meta:
        """Found by case, for its own feed, and by event, for what a decision rests on."""

        indexes: ClassVar = [
            models.Index(fields=["case", "number"], name="feed_record_case"),
            models.Index(fields=["event_id"], name="feed_record_event"),
        ]


class FeedHead(models.Model):
    """How far a feed has come, and from where its records are kept."""

    database: ClassVar[str] = "feed"

    feed = models.CharField(max_length=32, primary_key=True)
    epoch = models.CharField(max_length=8)
    oldest = models.PositiveBigIntegerField(default=1)
    head = models.PositiveBigIntegerField(default=0)


class FeedCase(models.Model):
    """What the writer knows of a case: whose it is, how it stands, fields said, its first and last number.

    `said` and `state` are JSON, the latter as `protocol.case_state.dump` writes it.
    """

    database: ClassVar[str] = "feed"

    case = models.CharField(max_length=36, primary_key=True)
    client = models.CharField(max_length=32)
    applicant = models.CharField(max_length=36)
    reference = models.CharField(max_length=64)
    live = models.BooleanField()
    said = models.TextField()
    state = models.TextField()
    first = models.PositiveBigIntegerField(default=0)
    last = models.PositiveBigIntegerField()


class FeedPlace(models.Model):
    """The number under which an event was told first, when the record is gone: others still name it."""

    database: ClassVar[str] = "feed"

    event_id = models.CharField(max_length=36, primary_key=True)
    feed = models.CharField(max_length=32)
    number = models.PositiveBigIntegerField()


class FeedProjection(models.Model):
    """From which journal position on (itself left out) a version of the public projection speaks."""

    database: ClassVar[str] = "feed"

    position = models.PositiveBigIntegerField(primary_key=True)
    version = models.PositiveIntegerField()
