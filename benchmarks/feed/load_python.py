"""The clients of a run where there is no Go: the same plan in, the same counts out (`load/main.go`).

It costs several times the processor time, which on a small machine the server then lacks.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from protocol.schemas import feed_v1_pb2 as feed

__all__ = ["main"]

_AHEAD, _TOP_UP = 4_000, 1_000
_GRACE_S: Final = 0.1
_RECORD: Final = re.compile(rb'\{"frame":"record","number":(\d+)(?:,"prev":(\d+))?')


@dataclass
class _Reader:
    """What one client has seen; `opened` once it has, or will not."""

    count: int = 0
    first: int = 0
    last: int = 0
    gaps: int = 0
    doubled: int = 0
    ended: str = ""
    seen: list[tuple[int, int]] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, frame: str | bytes, *, proto: bool) -> bool:
        """Count a frame; true: it was a record."""
        raw = frame.encode() if isinstance(frame, str) else frame
        what, number, prev = _from_protobuf(raw) if proto else _from_json(raw)
        if what == "record":
            self._note(number, prev)
        elif what == "welcome":
            self.opened.set()
        elif what == "gap":
            self.gaps += 1
        elif what in {"bye", "falling_behind"}:
            self.ended = repr(raw)
        return what == "record"

    def _note(self, number: int, prev: int) -> None:
        if not self.count:
            self.first = number
        elif number <= self.last:
            self.doubled += 1
        elif prev != self.last:
            self.gaps += 1
        self.count += 1
        self.last = max(self.last, number)
        self.seen.append((number, time.time_ns()))


def _from_json(raw: bytes) -> tuple[str, int, int]:
    if found := _RECORD.match(raw):
        return "record", int(found[1]), int(found[2] or -1)
    return str(json.loads(raw)["frame"]), 0, 0


def _from_protobuf(raw: bytes) -> tuple[str, int, int]:
    frame = feed.ServerFrame.FromString(raw)
    what = frame.WhichOneof("frame") or ""
    return what, frame.record.number, frame.record.prev if frame.record.HasField("prev") else -1


def _credit(n: int, *, proto: bool) -> str | bytes:
    if proto:
        return feed.ClientFrame(credit=feed.Credit(n=n)).SerializeToString()
    return json.dumps({"frame": "credit", "n": n})


async def _over_socket(reader: _Reader, plan: dict[str, Any], wish: dict[str, Any]) -> None:
    proto, bare = plan["form"] == "proto", plan["bare"]
    spoken = None if bare else [Subprotocol(f"vouch.feed.v1+{plan['form']}")]
    async with connect(
        f"ws://{plan['address']}{wish['path']}",
        additional_headers=wish["headers"],
        subprotocols=spoken,
        compression=None,
        proxy=None,
    ) as socket:
        if bare:
            reader.opened.set()
        else:
            await socket.send(_credit(_AHEAD, proto=proto))
        async for frame in socket:
            if not reader.take(frame, proto=proto) or bare:
                continue
            if 0 < wish["until"] <= reader.last:
                return
            if reader.count % _TOP_UP == 0:
                await socket.send(_credit(_TOP_UP, proto=proto))


async def _over_response(reader: _Reader, plan: dict[str, Any], wish: dict[str, Any]) -> None:
    host, _, port = plan["address"].rpartition(":")
    answer, sender = await asyncio.open_connection(host, int(port), limit=1 << 20)
    heads = {"Host": plan["address"], "Accept": "application/x-ndjson", **wish["headers"]}
    lines = "".join(f"{name}: {value}\r\n" for name, value in heads.items())
    sender.write(f"GET {wish['path']} HTTP/1.1\r\n{lines}\r\n".encode())
    status = await answer.readuntil(b"\r\n\r\n")
    if b" 200 " not in status.partition(b"\r\n")[0]:
        raise OSError(status.partition(b"\r\n")[0].decode())
    rest = b""
    # Chunked (RFC 9112 7.1): a size in hexadecimal, so many bytes, an empty line's end.
    while size := int(await answer.readuntil(b"\r\n"), 16):
        *whole, rest = (rest + (await answer.readexactly(size + 2))[:-2]).split(b"\n")
        for line in whole:
            if reader.take(line, proto=False) and 0 < wish["until"] <= reader.last:
                sender.close()
                return


async def _follow(reader: _Reader, plan: dict[str, Any], wish: dict[str, Any]) -> None:
    way = _over_response if plan["form"] == "ndjson" else _over_socket
    try:
        await way(reader, plan, wish)
    except (OSError, InvalidStatus, ConnectionClosed, asyncio.IncompleteReadError) as error:
        reader.ended = repr(error)
    else:
        if not 0 < wish["until"] <= reader.last:
            reader.ended = reader.ended or "closed"
    finally:
        reader.opened.set()


def _await_all(readers: list[_Reader]) -> None:
    """Wait, in a thread, until as many records have come as the next line of input says."""
    line = sys.stdin.readline()
    if not line:
        return
    end = json.loads(line)
    ends_s = time.monotonic() + end["within_s"]
    while sum(reader.count for reader in readers) < end["wanted"] and time.monotonic() < ends_s:
        time.sleep(0.01)
    time.sleep(_GRACE_S)


async def _run(plan: dict[str, Any]) -> None:
    began_ns = time.time_ns()
    readers = [_Reader() for _ in plan["readers"]]
    tasks = []
    for start in range(0, len(readers), plan["at_once"]):
        chosen = slice(start, start + plan["at_once"])
        together = zip(readers[chosen], plan["readers"][chosen], strict=True)
        tasks += [asyncio.create_task(_follow(reader, plan, wish)) for reader, wish in together]
        await asyncio.gather(*(reader.opened.wait() for reader in readers[chosen]))
    print(json.dumps({"open": len(readers), "seconds": (time.time_ns() - began_ns) / 1e9}), flush=True)
    ends: set[asyncio.Future[Any]] = {
        asyncio.create_task(asyncio.to_thread(_await_all, readers)),
        asyncio.gather(*tasks),
    }
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    moments = [struct.pack("<qqq", at, *one) for at, reader in enumerate(readers) for one in reader.seen]
    await asyncio.to_thread(Path(plan["out"]).write_bytes, b"".join(moments))
    names = ("count", "first", "last", "gaps", "doubled", "ended")
    counts = [{name: getattr(reader, name) for name in names} for reader in readers]
    # The parent ends this process: tasks and a thread may still wait for what will never come.
    print(json.dumps({"began_ns": began_ns, "readers": counts}), flush=True)


def main() -> None:
    """Follow the plan that comes on standard input."""
    asyncio.run(_run(json.loads(sys.stdin.readline())))


if __name__ == "__main__":
    main()
