"""A real Chromium without a window, driven by its own debugging protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
from websockets.sync.client import ClientConnection, connect

__all__ = ["Page", "chromium", "open_page"]

_WITHIN_S = 30.0


def chromium() -> str | None:
    """Where Chromium is installed; None: nowhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass(frozen=True)
class Page:
    """One tab."""

    line: ClientConnection
    numbers: count[int]

    def ask(self, method: str, **params: object) -> dict[str, object]:
        """Call a method of the DevTools protocol."""
        number = next(self.numbers)
        self.line.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self.line.recv(timeout=_WITHIN_S))
            if said.get("id") == number:
                assert "error" not in said, said
                result: dict[str, object] = said["result"]
                return result

    def value(self, script: str) -> object:
        """Evaluate a script in the page."""
        said = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        result = said["result"]
        assert isinstance(result, dict), said
        return result.get("value")

    def wait(self, script: str) -> None:
        """Wait until a script is true."""
        until_s = time.monotonic() + _WITHIN_S
        while self.value(script) is not True:
            assert time.monotonic() < until_s, (
                f"{script}; the page says {self.value('document.body.innerText')}"
            )
            time.sleep(0.1)

    def choose_file(self, selector: str, path: Path) -> None:
        """Put a file into a file input, as a person would by its dialogue."""
        found = self.ask("Runtime.evaluate", expression=f"document.querySelector({selector!r})")["result"]
        assert isinstance(found, dict)
        self.ask("DOM.setFileInputFiles", files=[str(path)], objectId=found["objectId"])

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.value(f"document.querySelector({selector!r}).click()")


@contextmanager
def open_page(url: str, folder: Path) -> Iterator[Page]:
    """Open an address in a browser with a profile of its own in `folder`."""
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command = [
        str(chromium()),
        *options,
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "about:blank",
    ]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_address(folder), max_size=None) as line:
            page = Page(line, count(1))
            page.ask("Page.navigate", url=url)
            yield page
    finally:
        browser.terminate()
        browser.wait(timeout=10)


def _address(folder: Path) -> str:
    """Find the first tab's debugging address; Chromium writes its port into the profile."""
    written, until_s = folder / "DevToolsActivePort", time.monotonic() + _WITHIN_S
    while not written.exists() or not written.read_text().strip():
        assert time.monotonic() < until_s, f"Chromium did not start within {_WITHIN_S:.0f} s"
        time.sleep(0.1)
    tabs = httpx.get(f"http://127.0.0.1:{written.read_text().split()[0]}/json/list", timeout=10).json()
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
