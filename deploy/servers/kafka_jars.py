"""Where Apache Kafka's programs come from: Maven fetches its jars, `kafka.lock` says which they must be."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["VERSION", "CannotFetch", "class_path", "java", "missing_packages", "shared_classes"]

VERSION: Final = "4.4.0"
_LOCK: Final = Path(__file__).with_name("kafka.lock")
_JARS: Final = Path(__file__).resolve().parents[2] / ".cache" / f"kafka-{VERSION}"
_JAVA_AT_LEAST: Final = 17
# Kafka brings Log4j without the binding that makes it speak: the broker would start in silence.
_POM: Final = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>2.25.5</version></dependency>
  </dependencies>
</project>
"""


class CannotFetch(RuntimeError):
    """Kafka's programs are not here and cannot be had; the message says what to install or to look at."""


def missing_packages() -> tuple[str, ...]:
    """Name the Debian packages that a start would need and this machine lacks."""
    missing = [] if _found_java() else ["default-jre-headless"]
    if _absent(_locked()) and not shutil.which("mvn"):
        missing.append("maven")
    if not shutil.which("openssl"):
        missing.append("openssl")
    return tuple(missing)


@cache
def java() -> str:
    """Find a Java that runs the broker.

    Raises:
        CannotFetch: there is none; the message says what to install.
    """
    found = _found_java()
    if found is None:
        raise CannotFetch(
            f"Kafka needs Java {_JAVA_AT_LEAST} or newer: "
            "apt-get install -y --no-install-recommends default-jre-headless"
        )
    return found


def class_path() -> str:
    """Give Java's class path of the broker, fetching first what is not here yet.

    Raises:
        CannotFetch: Maven is missing or fails, or a jar is not the one that was locked.
    """
    locked = _locked()
    if absent := _absent(locked):
        _fetch(absent)
    for name, sha256 in locked.items():
        if hashlib.sha256((_JARS / name).read_bytes()).hexdigest() != sha256:
            raise CannotFetch(f"{_JARS / name} is not the jar that kafka.lock names: remove it and try again")
    return ":".join(str(_JARS / name) for name in locked)


def shared_classes() -> Path:
    """Name the file in which Java keeps its loaded classes, one for each Java: with it a start takes half.

    It is there after the first clean stop of a broker that was told to make it.
    """
    said = subprocess.run([java(), "-version"], capture_output=True, check=True).stderr
    return _JARS / f"classes-{hashlib.sha256(said).hexdigest()[:8]}.jsa"


def _locked() -> dict[str, str]:
    """Read which jars there must be: name to SHA-256."""
    lines = [line.split() for line in _LOCK.read_text().splitlines() if line and not line.startswith("#")]
    return {path.rpartition("/")[2]: sha256 for sha256, path in lines}


def _absent(locked: dict[str, str]) -> list[str]:
    return [name for name in locked if not (_JARS / name).exists()]


def _fetch(names: list[str]) -> None:
    if not shutil.which("mvn"):
        raise CannotFetch("no Maven to fetch Kafka with: apt-get install -y --no-install-recommends maven")
    _JARS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_JARS) as folder:
        Path(folder, "pom.xml").write_text(_POM)
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
        done = subprocess.run(
            ["mvn", "-B", "-q", *goal], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotFetch(f"Maven could not fetch Kafka {VERSION}:\n{done.stdout[-2000:]}")
        # One by one and whole: another process may be fetching, or running from, the same folder.
        for name in names:
            Path(folder, name).replace(_JARS / name)


def _found_java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    for program in (Path(home, "bin/java") if home else None, shutil.which("java")):
        if program is None:
            continue
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
        version = re.search(r'version "(\d+)', said)
        if version and int(version[1]) >= _JAVA_AT_LEAST:
            return str(program)
    return None
