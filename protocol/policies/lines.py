"""On which line each value of a JSON text begins, so that who wrote it is told where it is wrong."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["lines_of"]

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def lines_of(text: str) -> dict[str, int]:
    """Give the line, from 1, of each value by its JSON pointer (RFC 6901) without escapes.

    Args:
        text: valid JSON.
    """
    found: dict[str, int] = {}
    # The members that are open, outermost first: a name or an index each.
    path: list[str | int] = []
    name, line, at = "", 1, 0
    names: list[bool] = []
    for token in _TOKEN.finditer(text):
        line, at = line + text.count("\n", at, token.start()), token.start()
        match token.group():
            case "{" | "[" as opening:
                found["".join(f"/{part}" for part in path)] = line
                names.append(opening == "{")
                path.append("" if opening == "{" else 0)
            case "}" | "]":
                names.pop()
                path.pop()
            case ",":
                path[-1] = path[-1] + 1 if isinstance(path[-1], int) else ""
            case ":":
                path[-1] = name
            case word:
                is_name = bool(names) and names[-1] and path[-1] == ""
                if is_name:
                    name = word[1:-1]
                else:
                    found["".join(f"/{part}" for part in path)] = line
    return found
