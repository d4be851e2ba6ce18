"""The tables of who may: clients, their keys and tickets, and what the phones of cases hold.

All are event-sourced but `Ticket`, whose rows live for seconds.
"""

from __future__ import annotations

from django.db import models

__all__ = [
    "CaptureCode",
    "CaseDoor",
    "CaseToken",
    "Client",
    "ClientDial",
    "ClientKey",
    "ClientPolicy",
    "SharingMember",
    "Ticket",
    "Trust",
]


class Client(models.Model):
    """A company that asks; dates of its applicants are counted in its `time_zone` (IANA).

    `own_reviewers`: people of its own may decide its cases.
    """

    id = models.CharField(primary_key=True, max_length=19)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64)
    added_at_us = models.BigIntegerField()
    own_reviewers = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class ClientKey(models.Model):
    """One of a client's keys, as its SHA-256; moments are microseconds since 1970 UTC, 0: never."""

    key_id = models.CharField(primary_key=True, max_length=19)
    client = models.CharField(max_length=19, db_index=True)
    sha256 = models.BinaryField(max_length=32, unique=True)
    scopes = models.JSONField()
    live = models.BooleanField()
    expires_at_us = models.BigIntegerField()
    revoked_at_us = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.key_id


class ClientPolicy(models.Model):
    """A version of a policy that a client has said; `content` is the policies' language, JSON.

    `id` is client/name/version.
    """

    id = models.CharField(primary_key=True, max_length=100)
    client = models.CharField(max_length=19)
    name = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    content = models.TextField()
    changed_at_us = models.BigIntegerField()
    newest = models.BooleanField()

    class Meta:
        """An index for what is in force."""

        indexes = (models.Index(fields=["client", "newest"], name="policy_in_force"),)

    def __str__(self) -> str:
        return f"{self.name} {self.version} of {self.client}"


class SharingMember(models.Model):
    """That a client is, or was, in a group whose members' cases are compared for fraud.

    `id` is client/group; moments are microseconds since 1970 UTC, 0: never.
    """

    id = models.CharField(primary_key=True, max_length=100)
    client = models.CharField(max_length=19, db_index=True)
    sharing_group = models.CharField(max_length=64)
    legal_ground = models.TextField()
    from_us = models.BigIntegerField()
    until_us = models.BigIntegerField()
    left_at_us = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.client} in {self.sharing_group}"


class ClientDial(models.Model):
    """What a client lets be done while the licence register is away; a client without a row: nothing.

    `limits` is a list of objects with the names of `access.dials.Limit`, `wait_s` is in seconds.
    """

    client = models.CharField(primary_key=True, max_length=19)
    on = models.BooleanField()
    limits = models.JSONField()
    wait_s = models.PositiveIntegerField(default=900)
    set_at_us = models.BigIntegerField()

    def __str__(self) -> str:
        return f"register dial of {self.client}"


class Trust(models.Model):
    """A case's stake that stands, or stood, approved on trust; `id` is the event that reserved it.

    It stands until `until_us`, unless it was released before, at `released_at_us` (0: it was not).
    """

    id = models.CharField(primary_key=True, max_length=36)
    client = models.CharField(max_length=19)
    case = models.CharField(max_length=36)
    amount = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    until_us = models.BigIntegerField()
    released_at_us = models.BigIntegerField(default=0)

    class Meta:
        """An index for what stands of a client."""

        indexes = (models.Index(fields=["client", "released_at_us", "until_us"], name="trust_of_client"),)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.case}"


class CaseDoor(models.Model):
    """What a phone's token opens: the case's client, and when reading ends (0: not known yet)."""

    case = models.CharField(primary_key=True, max_length=36)
    client = models.CharField(max_length=19)
    live = models.BooleanField()
    reading_ends_at_us = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.case


class CaseToken(models.Model):
    """A phone's token for one case, as its SHA-256; `ended_at_us` 0: not replaced."""

    sha256 = models.BinaryField(primary_key=True, max_length=32)
    case = models.CharField(max_length=36, db_index=True)
    expires_at_us = models.BigIntegerField()
    ended_at_us = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"token of {self.case}"


class CaptureCode(models.Model):
    """The single-use code of a capture address, as its SHA-256; `ended_at_us` 0: not used or replaced."""

    sha256 = models.BinaryField(primary_key=True, max_length=32)
    case = models.CharField(max_length=36, db_index=True)
    expires_at_us = models.BigIntegerField()
    ended_at_us = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"code of {self.case}"


class Ticket(models.Model):
    """A client's ticket for its feed, as its SHA-256: gone when it was used, else some time after it expired.

    `partition` is "i/n", `case` an id: empty, it is not narrowed to one. Not event-sourced.
    """

    sha256 = models.BinaryField(primary_key=True, max_length=32)
    client = models.CharField(max_length=19)
    key_id = models.CharField(max_length=19)
    scopes = models.JSONField()
    partition = models.CharField(max_length=5, default="")
    case = models.CharField(max_length=36, default="")
    expires_at_us = models.BigIntegerField()

    class Meta:
        """An index for counting a client's tickets, and for finding the expired ones."""

        indexes = (models.Index(fields=["client", "expires_at_us"], name="ticket_of_client"),)

    def __str__(self) -> str:
        return f"ticket of {self.key_id}"
