"""How every process of ours logs: a line of JSON with what it is at: identifiers, no person's values.

{"event": "buried", "level": "warning", "trace": "4bf9…", "case": "0199…", "subscriber": "decisions", …}
"""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor

from protocol.trace import trace_id
from subscriber.doing import doing
from subscriber.failures import where

__all__ = ["configure", "lines", "wire"]


def _say_what_for(_logger: object, _method: str, line: EventDict) -> EventDict:
    at = doing()
    known = {"trace": trace_id(at.traceparent), "case": at.subject, "subscriber": at.subscriber}
    return {**{name: value for name, value in known.items() if value}, **line}


def _say_where(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Tell of an exception by its type and place: its message may quote a document."""
    info = line.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    return {**line, "error": where(error)} if isinstance(error, BaseException) else line


_CHAIN: Final[tuple[Processor, ...]] = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", key="at"),
    _say_what_for,
)


def lines() -> logging.Formatter:
    """Make the formatter of both structlog's lines and the standard library's."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _say_where,
            structlog.processors.JSONRenderer(),
        ],
        foreign_pre_chain=list(_CHAIN),
    )


def configure() -> None:
    """Log to stderr from now on: what our rooms note, and libraries' warnings.

    For a service's start; the monolith's settings name `lines` themselves.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("vouch").setLevel(logging.INFO)
    wire()


def wire() -> None:
    """Lead structlog's loggers into the standard library's handlers."""
    structlog.configure(
        processors=[*_CHAIN, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
