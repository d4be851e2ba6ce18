"""The Redis of tests and of the full profile: asked by password, on this machine only, kept nowhere."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from config.environment import ROOT
from deploy.servers.redis import RedisServer

pytestmark = pytest.mark.slow


def test_a_client_with_the_password_is_served(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("rung", "yes")

        assert client.get("rung") == b"yes"


def test_a_client_without_the_password_is_refused(redis_server: RedisServer) -> None:
    address = redis_server.url.replace(":a-password@", "")

    with redis.Redis.from_url(address) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_another_process_may_stop_what_one_has_started(tmp_path: Path) -> None:
    first, other = RedisServer(tmp_path, outlives=True), RedisServer(tmp_path)
    first.start()
    assert other.alive

    other.stop()

    assert not other.alive
    assert not list(tmp_path.glob("*.rdb"))
    first.kill()


def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "from deploy.servers.redis import RedisServer; from pathlib import Path; import sys\n"
        "RedisServer(Path(sys.argv[1])).start()"
    )

    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=True)

    end = time.monotonic() + 5
    while RedisServer(tmp_path).alive:
        assert time.monotonic() < end, "the server outlived the process that started it"
        time.sleep(0.02)
