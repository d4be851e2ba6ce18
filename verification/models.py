"""The tables of cases. All but `IdempotencyKey` are event-sourced: written by projections only.

Moments are microseconds since 1970 UTC, 0: it did not happen. Values that tell of a person are copies of the
events' ciphertext.
"""

from __future__ import annotations

from django.db import models

__all__ = ["Case", "Challenge", "CheckResult", "Decision", "Evidence", "Fact", "IdempotencyKey"]

_ID = 36


class Case(models.Model):
    """One verification of one applicant; `state` is the folded `CaseState`, `status` its word."""

    id = models.CharField(primary_key=True, max_length=_ID)
    client = models.CharField(max_length=19)
    applicant = models.CharField(max_length=_ID, db_index=True)
    live = models.BooleanField()
    reference = models.CharField(max_length=64)
    stake_amount = models.CharField(max_length=20)
    stake_currency = models.CharField(max_length=3)
    minimum_age = models.PositiveSmallIntegerField()
    policy_name = models.CharField(max_length=100)
    policy_version = models.PositiveIntegerField()
    time_zone = models.CharField(max_length=64)
    opened_at_us = models.BigIntegerField()
    version = models.PositiveIntegerField(default=1)
    biometric_basis = models.CharField(max_length=16, default="")
    deadline_passed = models.BooleanField(default=False)
    review_requested = models.BooleanField(default=False)
    state = models.BinaryField()
    status = models.CharField(max_length=24)

    class Meta:
        """Indexes for a client's list, newest first: by itself, by reference, by status."""

        indexes = (
            models.Index(fields=["client", "live", "id"], name="case_of_client"),
            models.Index(fields=["client", "live", "reference", "id"], name="case_by_reference"),
            models.Index(fields=["client", "live", "status", "id"], name="case_by_status"),
        )

    def __str__(self) -> str:
        return self.id


class Evidence(models.Model):
    """An accepted file; `sha256` is sealed, its bytes lie in the evidence store under `id`."""

    id = models.CharField(primary_key=True, max_length=_ID)
    case = models.CharField(max_length=_ID, db_index=True)
    kind = models.CharField(max_length=16)
    challenge = models.CharField(max_length=_ID)
    keyseq = models.BigIntegerField()
    sha256 = models.BinaryField()
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=32)
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    duration_ms = models.PositiveIntegerField()
    received_at_us = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Challenge(models.Model):
    """Actions drawn for a recording; `answered`: a clip came after it; `used_by`: one that was accepted."""

    id = models.CharField(primary_key=True, max_length=_ID)
    case = models.CharField(max_length=_ID, db_index=True)
    applicant = models.CharField(max_length=_ID)
    actions = models.JSONField()
    record_ms = models.PositiveIntegerField()
    attempt = models.PositiveSmallIntegerField()
    drawn_at_us = models.BigIntegerField()
    expires_at_us = models.BigIntegerField()
    answered = models.BooleanField(default=False)
    used_by = models.CharField(max_length=_ID, default="")

    class Meta:
        """An index for counting an applicant's challenges of a day."""

        indexes = (models.Index(fields=["applicant", "drawn_at_us"], name="challenge_of_day"),)

    def __str__(self) -> str:
        return f"challenge {self.attempt} of {self.case}"


class CheckResult(models.Model):
    """One answer to a check: `said` is its `CheckCompleted`, which holds nothing personal."""

    id = models.CharField(primary_key=True, max_length=_ID)
    case = models.CharField(max_length=_ID, db_index=True)
    name = models.CharField(max_length=16)
    status = models.CharField(max_length=16)
    final = models.BooleanField()
    evidence_keyseq = models.BigIntegerField()
    keyseq = models.BigIntegerField()
    said = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.name}: {self.status}"


class Fact(models.Model):
    """One thing known of the applicant or the document: an open code in `text`, or a `sealed` value.

    `id` is the event's id and the path within it; `evidence` is empty for what is claimed.
    """

    id = models.CharField(primary_key=True, max_length=120)
    case = models.CharField(max_length=_ID, db_index=True)
    name = models.CharField(max_length=64)
    evidence = models.CharField(max_length=_ID)
    keyseq = models.BigIntegerField()
    text = models.CharField(max_length=64)
    sealed = models.BinaryField(null=True)
    confidence_01 = models.FloatField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.case}"


class Decision(models.Model):
    """A decision as it was said; `state` is provisional, final, corrected or expired.

    `by` is policy or reviewer: a policy has a name and a version, a reviewer `reasons`.
    """

    id = models.CharField(primary_key=True, max_length=_ID)
    case = models.CharField(max_length=_ID, db_index=True)
    outcome = models.CharField(max_length=16)
    state = models.CharField(max_length=16)
    by = models.CharField(max_length=16, default="policy")
    policy_name = models.CharField(max_length=100)
    policy_version = models.PositiveIntegerField()
    missing = models.JSONField()
    because = models.JSONField()
    reasons = models.JSONField(default=list)
    expires_at_us = models.BigIntegerField()
    keyseq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.outcome} ({self.state})"


class IdempotencyKey(models.Model):
    """A request to open a case that was answered: kept 24 hours, not event-sourced.

    `body_hmac` is keyed with the product's secret, as the body tells of a person.
    """

    id = models.BigAutoField(primary_key=True)
    client = models.CharField(max_length=19)
    live = models.BooleanField()
    key = models.CharField(max_length=255)
    body_hmac = models.BinaryField(max_length=32)
    case = models.CharField(max_length=_ID)
    used_at_us = models.BigIntegerField(db_index=True)

    class Meta:
        """One row for a key of a client, live and test apart."""

        constraints = (
            models.UniqueConstraint(fields=["client", "live", "key"], name="one_use_of_an_idempotency_key"),
        )

    def __str__(self) -> str:
        return f"request of {self.client}"
