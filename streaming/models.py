"""The feed as it lies in its own database: records by number, each feed's head, and what is known of cases.

Written by the feed writer alone, from the journal; losing the file costs a rebuild, nothing else.
Beside it, in the main database: who read what, the delivery log, and the positions kept for readers.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

__all__ = [
    "FeedCase",
    "FeedHead",
    "FeedPlace",
    "FeedProjection",
    "FeedRecord",
    "FeedSubscription",
    "LoggedDelivery",
    "LoggedGap",
]


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
    """How far a feed has come, and from where its records are kept.

    `position` is the journal's, of the event that was told last: who asks what has moved since asks by it.
    """

    database: ClassVar[str] = "feed"

    feed = models.CharField(max_length=32, primary_key=True)
    epoch = models.CharField(max_length=8)
    oldest = models.PositiveBigIntegerField(default=1)
    head = models.PositiveBigIntegerField(default=0)
    position = models.PositiveBigIntegerField(default=0, db_index=True)


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


class FeedSubscription(models.Model):
    """A position that is kept for a client's readers, by the name that they give it.

    For each of 64 parts of the feed `cursors` has the last record acknowledged, as `epoch-number`, and
    `holders` the reader that moves it (empty: nobody yet). In the main database; not event-sourced.
    """

    pk = models.CompositePrimaryKey("feed", "name")
    feed = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    cursors = models.JSONField()
    holders = models.JSONField()


class LoggedDelivery(models.Model):
    """One connection that reads a feed, as the process that serves it noted it last; in the main database.

    `part` is "i/n" or a case's id; `first` the first number wanted, `sent` and `acked` the last numbers sent
    and acked (0: none). Moments are microseconds since 1970 UTC, 0: it did not happen. `closed_at_us` of a
    `lost` one is when it was last seen. Not event-sourced.
    """

    id = models.CharField(primary_key=True, max_length=36)
    client = models.CharField(max_length=32)
    live = models.BooleanField()
    key_id = models.CharField(max_length=19)
    form = models.CharField(max_length=16)
    part = models.CharField(max_length=36)
    subscription = models.CharField(max_length=100)
    first = models.PositiveBigIntegerField()
    opened_at_us = models.BigIntegerField()
    process = models.CharField(max_length=120)
    sent = models.PositiveBigIntegerField()
    acked = models.PositiveBigIntegerField()
    closed_at_us = models.BigIntegerField()
    reason = models.CharField(max_length=32)
    last_seen_us = models.BigIntegerField()

    class Meta:
        """A client's, newest first; and the open ones, which are few among many, by their process."""

        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        indexes: ClassVar = [
            models.Index(fields=["client", "live", "id"], name="delivery_of_client"),
            models.Index(fields=["process"], condition=models.Q(closed_at_us=0), name="delivery_open"),
        ]

    def __str__(self) -> str:
        return self.id


class LoggedGap(models.Model):
    """A gap that was told on a connection, the `nth`: records that retention took before they were sent."""

    pk = models.CompositePrimaryKey("delivery", "nth")
    delivery = models.CharField(max_length=36)
    nth = models.PositiveIntegerField()
    from_number = models.PositiveBigIntegerField()
    to_number = models.PositiveBigIntegerField()
    oldest = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=32)
    at_us = models.BigIntegerField()


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
