"""The service's own rows: cases, what can be compared of them, sealed, and what was last found of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from consumers.fraud.book import Opening, Shelf
from consumers.fraud.sharing import Execute
from consumers.fraud.signals import CLASS_OF, Kind, Sealed
from protocol.catalogue import PersonalClass
from protocol.schemas import fraud_v1_pb2 as fraud
from subscriber import Row, Store

__all__ = [
    "Change",
    "Found",
    "Kept",
    "add_case",
    "add_change",
    "applicants",
    "changed_after",
    "drop_signals",
    "found_of",
    "gone",
    "keep_found",
    "keep_signals",
    "newest",
    "openings",
    "prepare",
    "signals_between",
    "signals_of",
    "still_there",
    "take_turn",
    "worst",
]

_TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS fraud_case (
        case_id TEXT PRIMARY KEY, client TEXT NOT NULL, live INTEGER NOT NULL, applicant TEXT NOT NULL,
        opened_us BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS fraud_signal (
        case_id TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, applicant TEXT NOT NULL,
        class TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (case_id, kind, source)
    )
    """,
    "CREATE INDEX IF NOT EXISTS fraud_signal_of ON fraud_signal (applicant, class)",
    """
    CREATE TABLE IF NOT EXISTS fraud_gone (
        applicant TEXT NOT NULL, class TEXT NOT NULL, PRIMARY KEY (applicant, class)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS fraud_found (
        case_id TEXT PRIMARY KEY, score_01 REAL NOT NULL, found BLOB NOT NULL, said INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS fraud_change (
        n BIGINT PRIMARY KEY, event_id TEXT NOT NULL, case_id TEXT NOT NULL
    )
    """,
    "CREATE TABLE IF NOT EXISTS fraud_turn (id INTEGER PRIMARY KEY, n BIGINT NOT NULL)",
    "INSERT INTO fraud_turn VALUES (1, 0) ON CONFLICT (id) DO NOTHING",
)


_KEPT_CHANGES, _TIDY_EVERY = 10_000, 1_000


class Kept(NamedTuple):
    """A signal as the rows have it."""

    case: str
    kind: Kind
    source: str
    applicant: str
    ciphertext: bytes


class Change(NamedTuple):
    """That a case's signals changed: the how manieth change of all, and the event that led to it."""

    n: int
    event_id: str
    case: str


class Found(NamedTuple):
    """What was last found of a case; `said`: the journal has it."""

    scored: fraud.FraudScored
    said: bool


def prepare(store: Store) -> None:
    """Make the service's tables where there are none."""
    with store.transaction():
        for table in _TABLES:
            store.execute(table)


def add_case(execute: Execute, opening: Opening) -> None:
    """Keep how a case began."""
    execute(
        "INSERT INTO fraud_case VALUES (?, ?, ?, ?, ?) ON CONFLICT (case_id) DO NOTHING",
        (opening.case, opening.shelf.client, int(opening.shelf.live), opening.applicant, opening.at_us),
    )


def openings(execute: Execute, case: str = "") -> list[Opening]:
    """Give one case's opening, or every one's."""
    rows = execute(
        "SELECT case_id, client, live, applicant, opened_us FROM fraud_case WHERE case_id = ? OR ? = '' "
        "ORDER BY case_id",
        (case, case),
    )
    return [
        Opening(str(case_id), Shelf(str(client), bool(live)), str(applicant), int(at_us))
        for case_id, client, live, applicant, at_us in rows
    ]


def keep_signals(execute: Execute, case: str, applicant: str, signals: Iterable[Sealed]) -> None:
    """Keep what can be compared of a case, in place of what came from the same sources."""
    for (kind, source, _), ciphertext in signals:
        execute(
            "INSERT INTO fraud_signal VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (case_id, kind, source) "
            "DO UPDATE SET sealed = excluded.sealed",
            (case, kind, source, applicant, CLASS_OF[kind], ciphertext),
        )


def drop_signals(execute: Execute, applicant: str, personal: PersonalClass) -> None:
    """Take away what is kept of an applicant under a class, whose key is gone; nothing more is taken in."""
    execute("DELETE FROM fraud_signal WHERE applicant = ? AND class = ?", (applicant, personal))
    execute("INSERT INTO fraud_gone VALUES (?, ?) ON CONFLICT DO NOTHING", (applicant, personal))


def gone(execute: Execute, applicant: str) -> frozenset[str]:
    """List the classes of which an applicant's key is known to be gone."""
    found = execute("SELECT class FROM fraud_gone WHERE applicant = ?", (applicant,))
    return frozenset(str(personal) for (personal,) in found)


def applicants(execute: Execute, personal: PersonalClass) -> list[str]:
    """List the applicants of whom something of a class is kept, in order."""
    rows = execute(
        "SELECT DISTINCT applicant FROM fraud_signal WHERE class = ? ORDER BY applicant", (personal,)
    )
    return [str(applicant) for (applicant,) in rows]


def signals_between(execute: Execute, personal: PersonalClass, first: str, last: str) -> list[Kept]:
    """Read what is kept under a class of the applicants from one to another, both included."""
    return _kept(
        execute(
            "SELECT case_id, kind, source, applicant, sealed FROM fraud_signal "
            "WHERE class = ? AND applicant >= ? AND applicant <= ? ORDER BY case_id, kind, source",
            (personal, first, last),
        )
    )


def signals_of(execute: Execute, case: str) -> list[Kept]:
    """Read what is kept of a case."""
    return _kept(
        execute(
            "SELECT case_id, kind, source, applicant, sealed FROM fraud_signal WHERE case_id = ? "
            "ORDER BY kind, source",
            (case,),
        )
    )


def _kept(rows: Iterable[Row]) -> list[Kept]:
    return [
        Kept(str(case), Kind(kind), str(source), str(applicant), bytes(ciphertext))
        for case, kind, source, applicant, ciphertext in rows
    ]


def take_turn(execute: Execute) -> None:
    """Be the only one to change anything until this transaction ends; other processes wait."""
    execute("UPDATE fraud_turn SET n = n WHERE id = 1 RETURNING n", ())


def add_change(execute: Execute, event_id: str, case: str) -> Change:
    """Note that a case's signals have changed."""
    rows = execute("UPDATE fraud_turn SET n = n + 1 WHERE id = 1 RETURNING n", ())
    change = Change(int(rows[0][0]), event_id, case)
    execute("INSERT INTO fraud_change VALUES (?, ?, ?)", change)
    if change.n % _TIDY_EVERY == 0:
        # A process that is so far behind reads all rows anew.
        execute("DELETE FROM fraud_change WHERE n < ?", (change.n - _KEPT_CHANGES,))
    return change


def still_there(execute: Execute, change: Change) -> bool:
    """Tell whether a change was committed; else whatever was made of it in memory is wrong."""
    return bool(execute("SELECT 1 FROM fraud_change WHERE n = ? AND event_id = ?", change[:2]))


def newest(execute: Execute) -> int:
    """Give the number of the last change; 0: there was none."""
    return int(execute("SELECT n FROM fraud_turn WHERE id = 1", ())[0][0])


def changed_after(execute: Execute, n: int) -> list[Change]:
    """List the changes after one, which other processes made."""
    rows = execute("SELECT n, event_id, case_id FROM fraud_change WHERE n > ? ORDER BY n", (n,))
    return [Change(int(at), str(event_id), str(case)) for at, event_id, case in rows]


def found_of(execute: Execute, case: str) -> Found:
    """Give what was last found of a case; nothing, at the beginning."""
    rows = execute("SELECT found, said FROM fraud_found WHERE case_id = ?", (case,))
    if not rows:
        return Found(fraud.FraudScored(), said=False)
    return Found(fraud.FraudScored.FromString(bytes(rows[0][0])), bool(rows[0][1]))


def keep_found(execute: Execute, case: str, found: Found) -> None:
    """Keep what is found of a case, in place of what was."""
    execute(
        "INSERT INTO fraud_found VALUES (?, ?, ?, ?) ON CONFLICT (case_id) DO UPDATE SET "
        "score_01 = excluded.score_01, found = excluded.found, said = excluded.said",
        (case, found.scored.score_01, found.scored.SerializeToString(deterministic=True), int(found.said)),
    )


def worst(execute: Execute, case: str, least_01: float, most: int) -> list[tuple[str, Found]]:
    """List cases by their scores from `least_01` on, the highest first; with a case, that one alone."""
    found = execute(
        "SELECT case_id, found, said FROM fraud_found WHERE (? = '' AND score_01 >= ?) OR case_id = ? "
        "ORDER BY score_01 DESC, case_id LIMIT ?",
        (case, least_01, case, most),
    )
    return [
        (str(case_id), Found(fraud.FraudScored.FromString(bytes(said)), bool(is_said)))
        for case_id, said, is_said in found
    ]
