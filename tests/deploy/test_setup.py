"""The set-up brings what the servers need, and lets no package start a server of its own."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from config.environment import ROOT
from deploy.servers import postgres, redis

SETUP = ROOT / "deploy" / "setup.sh"
INSTALL = ROOT / "deploy" / "install_quietly.sh"


def _packages_of(wish: str) -> set[str]:
    found = re.search(rf"{wish}\) debian\+=\(([^)]*)\)", SETUP.read_text())
    assert found is not None, f"{SETUP} knows no {wish}"
    return set(found[1].split())


def test_the_full_set_up_brings_what_every_server_may_miss() -> None:
    others = {"default-jre-headless", "maven", "openssl", "nginx"}
    wanted = {*postgres.DEBIAN_PACKAGES, *redis.DEBIAN_PACKAGES, *others}

    assert wanted <= _packages_of("--full")


def test_the_suites_set_up_brings_the_browser_that_it_drives() -> None:
    asked = re.search(r"^test:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert "chromium" in _packages_of("--browser")
    assert asked is not None
    assert "--browser" in asked[1]


@pytest.fixture
def fake_machine(tmp_path: Path) -> dict[str, str]:
    """Programs that write down how they are called, and folders instead of the machine's own."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("apt-get", "systemctl"):
        tool = tools / name
        tool.write_text(
            f'#!/bin/sh\nls "{tmp_path}/etc" "{tmp_path}/sbin" >>"{tmp_path}/seen" 2>&1\n'
            f'echo "{name} $*" >>"{tmp_path}/said"\n'
        )
        tool.chmod(0o755)
    (tmp_path / "sbin").mkdir()
    script = INSTALL.read_text().replace("/etc/postgresql-common", f"{tmp_path}/etc")
    script = script.replace("/usr/sbin", f"{tmp_path}/sbin").replace("/run/systemd/system", str(tools))
    (tmp_path / "install.sh").write_text(script)
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}


def test_installing_keeps_services_off_and_leaves_no_policy_behind(
    tmp_path: Path, fake_machine: dict[str, str]
) -> None:
    command = ["bash", str(tmp_path / "install.sh"), "postgresql", "redis-server"]

    subprocess.run(command, env=fake_machine, check=True)

    said = (tmp_path / "said").read_text()
    assert "--no-install-recommends" in said
    assert "systemctl disable -q postgresql" in said
    assert "systemctl disable -q redis-server" in said
    assert (tmp_path / "etc" / "createcluster.conf").read_text() == "create_main_cluster = false\n"
    assert "policy-rc.d" in (tmp_path / "seen").read_text()
    assert not (tmp_path / "sbin" / "policy-rc.d").exists()


def test_an_administrators_own_settings_are_kept(tmp_path: Path, fake_machine: dict[str, str]) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "createcluster.conf").write_text("theirs")
    (tmp_path / "sbin" / "policy-rc.d").write_text("theirs")

    subprocess.run(["bash", str(tmp_path / "install.sh"), "postgresql"], env=fake_machine, check=True)

    assert (tmp_path / "etc" / "createcluster.conf").read_text() == "theirs"
    assert (tmp_path / "sbin" / "policy-rc.d").read_text() == "theirs"
