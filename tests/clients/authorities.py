"""Certificates of every kind that a client may meet."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.certificates import certificates_in

__all__ = ["Identity", "identities"]


@dataclass(frozen=True, slots=True)
class Identity:
    """PEM files of a server: its certificate and its key."""

    certificate: Path
    key: Path

    def options(self) -> dict[str, object]:
        """Give a listener's options."""
        return {"certificate": str(self.certificate), "key": str(self.key)}


def identities(folder: Path) -> tuple[Path, dict[str, Identity]]:
    """Make a private authority; give its file, and servers that it signed, and one that signed itself."""
    now = datetime.now(UTC)
    good = certificates_in(folder, now=now)
    return good.authority, {
        "tls": Identity(good.certificate, good.key),
        "expired": _made(folder, "expired", now - timedelta(days=30)),
        "wrong_host": _made(folder, "wrong_host", now, host="feed.elsewhere.example"),
        "self_signed": _made(folder, "self_signed", now, signed_by_itself=True),
    }


def _made(
    folder: Path, name: str, begins: datetime, *, host: str = "", signed_by_itself: bool = False
) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    signer = serialization.load_pem_private_key((folder / "tls" / "ca.key").read_bytes(), password=None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [x509.DNSName(host)] if host else [x509.DNSName("localhost")]
    if not host:
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signed_by_itself else authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - timedelta(hours=1))
        .not_valid_after(begins + timedelta(days=7))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key if signed_by_itself else signer, hashes.SHA256())
    )
    made = Identity(folder / f"{name}.pem", folder / f"{name}.key")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return made
