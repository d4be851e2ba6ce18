"""How soon a connection to PostgreSQL knows that its other end is gone: within 15 s, on either side."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["OF_THE_CLIENT", "OF_THE_SERVER"]

# A peer that is gone is known to be after three times so long.
_IDLE_S: Final = 5
_LOOKS: Final = 2
_GONE_MS: Final = _IDLE_S * (1 + _LOOKS) * 1000

# libpq's parameters. Keepalives tell of a server that is gone; without them a reader waits for ever. They are
# silent while something sent is not confirmed, for a quarter of an hour by Linux's own measure, so that is
# bounded too.
OF_THE_CLIENT: Final[dict[str, Any]] = {
    "keepalives_idle": _IDLE_S,
    "keepalives_interval": _IDLE_S,
    "keepalives_count": _LOOKS,
    "tcp_user_timeout": _GONE_MS,
}

# The same for the server, in the client's words: else the locks of a machine that is gone would keep every
# other one waiting for the two hours that a system waits before it looks.
OF_THE_SERVER: Final = (
    f"-c tcp_keepalives_idle={_IDLE_S} -c tcp_keepalives_interval={_IDLE_S} "
    f"-c tcp_keepalives_count={_LOOKS} -c tcp_user_timeout={_GONE_MS}"
)
