"""Writes the page of feed and event streams; `make docs` runs it with the others."""

from __future__ import annotations

from protocol.asyncapi.page import PAGE, written

__all__ = ["main"]


def main() -> None:
    """Write `docs/reference/asyncapi.yaml` anew."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(written())


if __name__ == "__main__":
    main()
