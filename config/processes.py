"""Which processes make the product in the embedded profile, in the order they start."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from config.environment import Environment

__all__ = ["Process", "embedded"]


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its name in the logs, its command line, and what it alone gets in its environment."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def embedded(settings: Environment, *, register_port: int) -> tuple[Process, ...]:
    """List the processes of the embedded profile.

    Args:
        settings: the operator's.
        register_port: where the example register listens, when the operator names none of their own.
    """
    listed = [
        Process("web", (sys.executable, "-m", "config.web")),
        Process("pipeline", (sys.executable, "manage.py", "pipeline")),
        Process("feed", (sys.executable, "manage.py", "feed")),
        Process("decisions", (sys.executable, "-m", "consumers.decisions", "run")),
    ]
    if not settings.register_url:
        listed.append(
            Process("register", (sys.executable, "-m", "examples.register", "--port", str(register_port)))
        )
    return tuple(listed)
