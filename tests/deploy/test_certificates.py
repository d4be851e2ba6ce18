"""The machine's own authority: made once, trusted by its file, renewed in time, keys for the owner only."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.certificates import Certificates, certificates_in

NOW = datetime.now(UTC)


def _answers(made: Certificates, name: str) -> str:
    """Shake hands with a server of this certificate, trusting the authority; gives the version."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made.certificate, made.key)
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=lambda: serving.wrap_socket(ours, server_side=True).close())
    thread.start()
    try:
        trusting = ssl.create_default_context(cafile=str(made.authority))
        with trusting.wrap_socket(theirs, server_hostname=name) as line:
            return str(line.version())
    finally:
        theirs.close()
        thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_caller_that_trusts_the_authority_trusts_the_server(tmp_path: Path, name: str) -> None:
    made = certificates_in(tmp_path, now=NOW)

    assert _answers(made, name) == "TLSv1.3"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_server_is_nobody_elses_name(tmp_path: Path) -> None:
    made = certificates_in(tmp_path, now=NOW)

    with pytest.raises(ssl.SSLCertVerificationError):
        _answers(made, "example.org")


def test_what_is_there_is_used_again(tmp_path: Path) -> None:
    first = certificates_in(tmp_path, now=NOW).certificate.read_bytes()

    assert certificates_in(tmp_path, now=NOW).certificate.read_bytes() == first


def test_a_certificate_that_ends_soon_is_made_anew_under_the_same_authority(tmp_path: Path) -> None:
    made = certificates_in(tmp_path, now=NOW - timedelta(days=370))
    authority, certificate = made.authority.read_bytes(), made.certificate.read_bytes()

    made = certificates_in(tmp_path, now=NOW)

    assert made.authority.read_bytes() == authority
    assert made.certificate.read_bytes() != certificate
    assert _answers(made, "127.0.0.1") == "TLSv1.3"


def test_keys_are_for_their_owner_and_the_authority_for_everybody(tmp_path: Path) -> None:
    made = certificates_in(tmp_path, now=NOW)

    assert all(key.stat().st_mode & 0o077 == 0 for key in (tmp_path / "tls").glob("*.key"))
    assert made.authority.stat().st_mode & 0o044
