"""Which services lie beside the product: the folders of `consumers/` with a `service.toml`; no list here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from config.environment import ROOT, WrongSetting

__all__ = ["BesideService", "beside"]

_FOLDER: Final = ROOT / "consumers"


@dataclass(frozen=True, slots=True)
class BesideService:
    """A service that the supervisor runs: its package is `consumers.NAME`.

    `says` is what it says, in a line. `settings` are the variables that no other process is given.
    """

    name: str
    says: str
    settings: tuple[str, ...] = ()


def beside(wanted: frozenset[str] | None = None, folder: Path = _FOLDER) -> tuple[BesideService, ...]:
    """List the services of a folder, by name; None wanted: all of them.

    Raises:
        WrongSetting: one is wanted that is not there, or a `service.toml` cannot be read.
    """
    found = _lying_in(folder)
    if unknown := (wanted or frozenset()) - found.keys():
        raise WrongSetting(
            f"no service is named {', '.join(sorted(unknown))}, as VOUCH_SERVICES or VOUCH_INSIDE has it; "
            f"there are {', '.join(found) or 'none'}"
        )
    return tuple(one for name, one in found.items() if wanted is None or name in wanted)


@cache
def _lying_in(folder: Path) -> dict[str, BesideService]:
    return {path.parent.name: _read(path) for path in sorted(folder.glob("*/service.toml"))}


def _read(path: Path) -> BesideService:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        return BesideService(path.parent.name, str(said["says"]), tuple(said.get("settings", ())))
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise WrongSetting(f"{path} cannot be used: {error!r}") from error
