"""What other code would have said in the place of past events: a line of a file a case, nothing personal.

Whoever tries code on history writes it, whoever asks what would follow from that reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message

from protocol.catalogue import message_class, type_name

__all__ = ["Answer", "CaseAnswers", "case_of", "line_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a step, as it was given and as it would be, without its personal values.

    `event_id` is the id of the event that was said; None: there is none. `was` is None when nothing was said,
    `would_be` when nothing would be. `differs` names what would be otherwise, personal values too, by name
    alone. `failed`: why the step could not be done again; empty: it was.
    """

    step: str
    event_id: UUID | None = None
    was: Message | None = None
    would_be: Message | None = None
    differs: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAnswers:
    """A case's answers, in the order of its journal; `left_out`: why it was not looked at, empty: it was."""

    case: str
    client: str
    answers: tuple[Answer, ...] = ()
    left_out: str = ""

    @property
    def differs(self) -> bool:
        """Whether anything would be otherwise."""
        return any(answer.differs for answer in self.answers)


def line_of(case: CaseAnswers) -> str:
    """Write a case as one line of JSON."""
    return json.dumps(
        {
            "case": case.case,
            "client": case.client,
            "left_out": case.left_out,
            "answers": [_plain(answer) for answer in case.answers],
        }
    )


def case_of(line: str) -> CaseAnswers:
    """Read back what `line_of` wrote.

    Raises:
        ValueError: it is no such line.
    """
    try:
        said = json.loads(line)
        return CaseAnswers(
            case=said["case"],
            client=said["client"],
            left_out=said["left_out"],
            answers=tuple(_answer(answer) for answer in said["answers"]),
        )
    except (TypeError, LookupError, ValueError, ParseError) as error:
        raise ValueError(f"no line of what would be said otherwise: {error!r}") from error


def _plain(answer: Answer) -> dict[str, object]:
    said = answer.was or answer.would_be
    return {
        "step": answer.step,
        "event": str(answer.event_id or ""),
        "type": "" if said is None else type_name(said),
        "was": None if answer.was is None else _members(answer.was),
        "would_be": None if answer.would_be is None else _members(answer.would_be),
        "differs": list(answer.differs),
        "failed": answer.failed,
    }


def _answer(said: Mapping[str, Any]) -> Answer:
    return Answer(
        step=said["step"],
        event_id=UUID(said["event"]) if said["event"] else None,
        was=_message(said["type"], said["was"]),
        would_be=_message(said["type"], said["would_be"]),
        differs=tuple(said["differs"]),
        failed=said["failed"],
    )


def _members(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)


def _message(type_: str, members: dict[str, Any] | None) -> Message | None:
    return None if members is None else ParseDict(members, message_class(type_)(), ignore_unknown_fields=True)
