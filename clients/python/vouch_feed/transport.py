"""Who may be spoken to at all: servers that prove who they are, and this machine itself."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx

from vouch_feed.errors import UnsafeTransport

__all__ = ["certificate_error", "checked_url", "client_for"]

_CONNECT_WITHIN_S: Final = 10.0


def checked_url(text: str) -> httpx.URL:
    """Check the address of a server before anything is sent there; gives it without a slash at its end.

    Raises:
        UnsafeTransport: a credential would travel in clear, or the address is none.
    """
    try:
        url = httpx.URL(text.rstrip("/"))
    except httpx.InvalidURL as error:
        raise UnsafeTransport("unsafe_transport", f"{text} is no address: {error}") from error
    safe = url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host))
    if not safe or not url.host:
        detail = f"{url.scheme}://{url.host} would show the credential to the network: use https://"
        raise UnsafeTransport("unsafe_transport", f"{detail} (http:// is for this machine alone)")
    return url.copy_with(username=None, password=None)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def client_for(url: httpx.URL, ca_file: Path | None) -> httpx.AsyncClient:
    """Make a client that checks certificates, follows no redirect, and goes to this machine directly.

    Raises:
        UnsafeTransport: the file of the private authority cannot be used.
    """
    trusted = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            trusted.load_verify_locations(ca_file)
        except OSError as error:
            detail = f"{ca_file} holds no certificate of an authority: {error}"
            raise UnsafeTransport("unsafe_transport", detail) from error
    return httpx.AsyncClient(
        verify=trusted,
        follow_redirects=False,
        # A proxy of the environment gets a tunnel to an https server, and never a request in clear.
        trust_env=url.scheme == "https",
        timeout=httpx.Timeout(None, connect=_CONNECT_WITHIN_S),
    )


def certificate_error(error: BaseException, url: httpx.URL) -> UnsafeTransport | None:
    """Tell what is wrong with a server's certificate; None: the error is about something else."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            detail = (
                f"the certificate of {url.host} is not to be trusted ({cause.verify_message}): "
                "nothing was sent. Name a private authority by its file, or have the certificate put right"
            )
            return UnsafeTransport("bad_certificate", detail)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
