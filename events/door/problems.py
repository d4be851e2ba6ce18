"""What the door answers when it does not do what was asked (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

__all__ = ["Problem"]


class Problem(Exception):
    """An answer other than yes; `available` says what there is, where that helps."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, *, available: dict[str, object] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.available = status, code, detail, available

    def body(self) -> bytes:
        """Write it as problem details."""
        said: dict[str, object] = {
            "type": f"about:blank#{self.code}",
            "title": self.status.phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.available is not None:
            said["available"] = self.available
        return json.dumps(said).encode()
