"""Every table is a fold of the journal or on this list, and nobody but a projection writes one that is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, cast

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connections, router, transaction
from django.db.models import F, Model
from django.test import RequestFactory
from psycopg.sql import SQL, Identifier

from access.clients import add_client
from events.errors import OnlyReading, WrittenBeside
from events.guard import guard, only_reading, projecting, written_tables
from events.projections import declared_models
from events.store import DjangoStore
from tests.rebuilding import assert_rebuilds_equal
from verification.pipeline import facts, register

pytestmark = pytest.mark.django_db(databases="__all__")

# Not event-sourced, each for its reason. A new table belongs here only with one.
BESIDE: Final = {
    "access: sign-in": {
        "auth.Group": "staff roles: sign-in is Django's own, and says nothing of a case",
        "auth.Permission": "made by Django from the models",
        "auth.User": "staff who sign in; what they do to a case is an event with their name",
        "admin.LogEntry": "Django's own log of its admin, which changes nothing here",
        "contenttypes.ContentType": "made by Django from the models",
        "sessions.Session": "a browser's sign-in; ends by itself",
    },
    "access: tickets": {
        "access.Ticket": "used once or gone in half a minute, only its hash kept; its key is event-sourced",
    },
    "keys": {
        "events.ApplicantKey": "a key in the journal could not be destroyed",
        "events.ServiceKey": "made at each start, only its hash kept",
    },
    "checkpoints": {
        "events.RelayState": "how far the relay has carried the journal, and who carries it now",
    },
    "doing things once": {
        "verification.IdempotencyKey": "which request was answered how; forgotten after a day",
    },
    "the delivery log": {
        "streaming.LoggedDelivery": "who read what, each second anew: noted by the process that sends",
        "streaming.LoggedGap": "as above",
        "streaming.FeedSubscription": "what readers say that they have stored, each second anew",
    },
    "best effort": {
        "events.Statistic": "the best-effort lane is not in the journal",
    },
    "folds kept by a subscriber": {
        "streaming.FeedCase": "written by the feed writer from the journal, made anew by `feed rebuild`",
        "streaming.FeedHead": "as above",
        "streaming.FeedPlace": "as above",
        "streaming.FeedProjection": "as above",
        "streaming.FeedRecord": "as above",
    },
}
# Tables without a model.
RAW: Final = {
    "journal": "the events themselves",
    "journal_epoch": "where each epoch of the journal begins",
    "journal_key": "the last number of each order key on PostgreSQL, and its lock",
    "journal_outbox": "events that the sequencer has yet to give their position, on PostgreSQL",
    "journal_sealed_by": "which keys sealed events rest on, written with the event",
    "django_migrations": "which migrations were run",
    "sqlite_sequence": "SQLite's own",
    "pipeline_fact": "what a step has gathered, by the step that gathers it, from the journal",
    "pipeline_register": "what the register step asked last, by that step, from the journal",
    "subscriber_action": "what an operator did about a dead letter",
    "subscriber_outbox": "what a service says, until the journal has it",
    "subscriber_checkpoint": "how far a subscriber has come",
    "subscriber_dead_letter": "what a subscriber could not handle",
    "subscriber_outbox_unit": "which of a service's words are one coordinated unit",
    "subscriber_partition": "how far a subscriber has come in each partition that its processes share",
    "subscriber_skip": "what a subscriber passed over",
    "subscriber_stray": "what lay on a topic and is no event of ours",
    "subscriber_timer": "what a subscriber is to be reminded of",
    "subscriber_witness": "the last event a subscriber finished",
}
NOW: Final = datetime(2026, 5, 1, tzinfo=UTC)


def _label(model: type[Model]) -> str:
    return model._meta.label


def test_every_table_of_a_model_is_event_sourced_or_named_with_its_reason() -> None:
    beside = {label for labels in BESIDE.values() for label in labels}
    sourced = {_label(model) for model in declared_models()}

    assert sourced.isdisjoint(beside)
    automatic = {_label(m) for m in apps.get_models(include_auto_created=True) if m._meta.auto_created}
    assert {_label(model) for model in apps.get_models()} == sourced | beside
    assert automatic == {"auth.Group_permissions", "auth.User_groups", "auth.User_user_permissions"}


def test_every_table_without_a_model_is_named_with_its_reason() -> None:
    for statement in (facts.TABLE, register.TABLE):
        DjangoStore("default").execute(statement)
    found = {table for alias in connections for table in connections[alias].introspection.table_names()}
    modelled = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}

    assert found - modelled <= RAW.keys()


def _save(row: Model) -> object:
    row.save()
    return row


def _create(row: Model) -> object:
    return type(row)._base_manager.create(pk=row.pk)


def _bulk_create(row: Model) -> object:
    return type(row)._base_manager.bulk_create([row])


def _update(row: Model) -> object:
    return type(row)._base_manager.update(**{row._meta.concrete_fields[-1].attname: F("pk")})


def _bulk_update(row: Model) -> object:
    return type(row)._base_manager.bulk_update([row], [row._meta.concrete_fields[-1].name])


def _update_or_create(row: Model) -> object:
    last = row._meta.concrete_fields[-1]
    return type(row)._base_manager.update_or_create(pk=row.pk, defaults={last.attname: _filling(last)})


def _delete(row: Model) -> object:
    return row.delete()


def _delete_query(row: Model) -> object:
    return type(row)._base_manager.all().delete()


def _raw(statement: str) -> Callable[[Model], object]:
    def run(row: Model) -> object:
        with connections[router.db_for_write(type(row))].cursor() as cursor:
            return cursor.execute(statement.format(table=row._meta.db_table))

    run.__name__ = f"raw {statement.split(maxsplit=1)[0].lower()}"
    return run


WAYS: Final[tuple[Callable[[Model], object], ...]] = (
    _save,
    _create,
    _bulk_create,
    _update,
    _bulk_update,
    _update_or_create,
    _delete,
    _delete_query,
    _raw("DELETE FROM {table}"),
    _raw('delete from main."{table}" WHERE 1 = 1'),
    _raw("INSERT OR IGNORE INTO {table} SELECT * FROM {table}"),
    _raw("REPLACE INTO {table} SELECT * FROM {table}"),
    _raw("/* harmless */ UPDATE {table} SET rowid = rowid"),
    _raw("WITH few AS (SELECT 1) DELETE FROM {table}"),
)


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Model:
    """A stored row of a table, filled with whatever its columns take."""
    model = cast("type[Model]", request.param)
    values = {field.attname: _filling(field) for field in model._meta.concrete_fields}
    with projecting():
        made: Model = model._base_manager.create(**values)
    return made


def _filling(field: Any) -> object:
    if field.has_default():
        return field.get_default()
    kind = field.get_internal_type()
    if kind == "BinaryField":
        return b"\1"
    if kind == "BooleanField":
        return False
    return [] if kind == "JSONField" else "1" if kind in {"CharField", "TextField"} else 1


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
@pytest.mark.parametrize("row", declared_models(), indirect=True, ids=_label)
def test_no_way_to_write_an_event_sourced_table_beside_its_projection_is_open(
    row: Model, way: Callable[[Model], object]
) -> None:
    with pytest.raises(WrittenBeside, match=row._meta.db_table), transaction.atomic():
        way(row)

    assert type(row)._base_manager.filter(pk=row.pk).exists()


def test_a_statement_that_the_driver_puts_together_is_read_as_well() -> None:
    statement = SQL("DELETE FROM {}").format(Identifier("access_client"))

    with pytest.raises(WrittenBeside, match="access_client"):
        guard(lambda *_call: None, statement, (), False, {})


@pytest.mark.parametrize("model", [m for m in declared_models() if m in admin.site._registry], ids=_label)
def test_the_back_office_neither_changes_nor_deletes_an_event_sourced_row(model: type[Model]) -> None:
    request = RequestFactory().get("/")
    request.user = User(is_staff=True, is_superuser=True, is_active=True)

    page = admin.site._registry[model]

    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
    assert page.get_actions(request) == {}


def test_a_row_written_by_a_command_is_the_fold_of_its_events() -> None:
    add_client(name="Acme", now=NOW)

    assert_rebuilds_equal()


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ('SELECT * FROM "a" FOR UPDATE', set()),
        ('INSERT INTO "a" ("x") VALUES (1) ON CONFLICT DO UPDATE SET "x" = 2', {"a", "SET"}),
        ('UPDATE ONLY public."a" SET x = 1', {"a"}),
        ("WITH gone AS (DELETE FROM a RETURNING x) INSERT INTO b SELECT x FROM gone", {"a", "b"}),
        ("TRUNCATE TABLE a", {"a"}),
        ("-- UPDATE a SET x = 1\nINSERT INTO b VALUES (1)", {"b"}),
    ],
)
def test_the_tables_a_statement_writes_are_read_from_its_text(sql: str, tables: set[str]) -> None:
    assert written_tables(sql) == tables


@pytest.mark.parametrize(
    "write",
    [
        lambda: User.objects.create(username="reader"),
        lambda: User.objects.filter(username="reader").update(email=""),
        lambda: User.objects.filter(username="reader")._raw_delete("default"),
    ],
)
def test_what_only_reads_is_refused_every_write(write: Callable[[], object]) -> None:
    with only_reading(), pytest.raises(OnlyReading, match="auth_user"), transaction.atomic():
        write()


def test_what_only_reads_may_look_and_others_may_write_after_it() -> None:
    with only_reading():
        assert not User.objects.filter(username="writer").exists()

    User.objects.create(username="writer")
