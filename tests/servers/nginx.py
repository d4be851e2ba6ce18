"""A real nginx of Debian's, in a folder of its own and with a configuration of the test's."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from deploy.servers.daemon import Daemon

__all__ = ["PROGRAM", "needs_nginx", "running_nginx"]

# Debian keeps it out of the path of ordinary accounts.
PROGRAM: Final = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed: deploy/setup.sh --full")
_MAIN: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
}}
"""


@contextmanager
def running_nginx(folder: Path, http: str, port: int) -> Iterator[None]:
    """Run nginx with what stands in its `http` block, until the block ends; it listens on a port."""
    folder.mkdir()
    settings = folder / "nginx.conf"
    settings.write_text(_MAIN.format(folder=folder, http=http))
    process = Daemon(folder, [str(settings)])
    process.start([PROGRAM or "nginx", "-p", folder, "-e", "stderr", "-c", settings])
    try:
        process.wait_for(lambda: _answers(port), 15, "nginx")
        yield
    finally:
        process.stop(signal.SIGTERM, 5)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
