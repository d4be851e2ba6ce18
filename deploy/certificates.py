"""An authority of the product's own, and the certificate of the public port: made at first start.

For one machine and for a first look: `python -m deploy.certificates FOLDER`. A company names files of its own
authority in VOUCH_TLS_CERTIFICATE and VOUCH_TLS_KEY.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Certificates", "certificates_in"]

# Apple's clients refuse more than 825 days; a month before its end the certificate is made anew.
_VALID: Final = timedelta(days=397)
_AUTHORITY_VALID: Final = timedelta(days=3650)
_RENEW_BEFORE: Final = timedelta(days=30)
_CLOCK_SKEW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: the authority that callers trust, the server's certificate with its chain, and its key."""

    authority: Path
    certificate: Path
    key: Path


def certificates_in(folder: Path, *, now: datetime) -> Certificates:
    """Give the files of a folder, made where they are missing or end soon; keys are for their owner only.

    Args:
        folder: `ca.pem` lies in it; everything else in `tls/` below it.
        now: the present moment.
    """
    own = folder / "tls"
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = Certificates(folder / "ca.pem", own / "server.pem", own / "server.key")
    authority_key = own / "ca.key"
    if not authority_key.exists() or not found.authority.exists():
        _make_authority(found.authority, authority_key, now)
        found.certificate.unlink(missing_ok=True)
    if not _holds(found.certificate, now):
        _make_server(found, authority_key, now)
    return found


def _holds(path: Path, now: datetime) -> bool:
    if not path.exists():
        return False
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc - now > _RENEW_BEFORE


def _make_authority(certificate: Path, key_file: Path, now: datetime) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), _named("Vouch, this machine's authority")
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        _begun(name, name, key.public_key(), now, _AUTHORITY_VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_file, key)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    certificate.chmod(0o644)


def _make_server(found: Certificates, authority_key: Path, now: datetime) -> None:
    issuer = x509.load_pem_x509_certificate(found.authority.read_bytes())
    signer = serialization.load_pem_private_key(authority_key.read_bytes(), password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{authority_key} is no key of ours: remove it with {found.authority}")
    key = ec.generate_private_key(ec.SECP256R1())
    names = [
        x509.DNSName("localhost"),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")),
    ]
    made = (
        _begun(_named("Vouch"), issuer.subject, key.public_key(), now, _VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    _write_key(found.key, key)
    found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, valid: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - _CLOCK_SKEW)
        .not_valid_after(now.astimezone(UTC) + valid)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


if __name__ == "__main__":
    print(certificates_in(Path(sys.argv[1]), now=datetime.now(UTC)).authority)
