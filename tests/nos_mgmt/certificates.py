"""Certificates for tests, made as they are needed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Issued:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        """The certificate's octets."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def fingerprint(self, algorithm: int = 4) -> str:
        """Return the certificate's fingerprint as rules of cert-to-name have it, with SHA-256 if nothing is said."""
        name = {1: "md5", 2: "sha1", 4: "sha256", 6: "sha512"}[algorithm]
        return f"{algorithm:02x}:{hashlib.new(name, self.der).digest().hex(':')}"

    def write(self, folder: Path, name: str, *chain: Issued) -> tuple[Path, Path]:
        """Return the files with the certificate, and those of `chain` after it, and with the key."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(b"".join(one.certificate.public_bytes(PEM) for one in (self, *chain)))
        plain = serialization.NoEncryption()
        key.write_bytes(self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain))
        return certificate, key


def issue(
    common_name: str,
    issuer: Issued | None = None,
    names: Sequence[x509.GeneralName] = (),
    *,
    is_ca: bool = False,
    days: int = 30,
    common_names: Sequence[str] | None = None,
) -> Issued:
    """Return a certificate, valid until in `days`, by an issuer or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name)
            for name in (common_names or [common_name] if common_name else [])
        ]
    )
    end = datetime.now(UTC) + timedelta(days=days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=60))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signing = key if issuer is None else issuer.key
    return Issued(builder.sign(signing, hashes.SHA256()), key)


def revoked(issuer: Issued, *certificates: Issued) -> bytes:
    """Return the list, in PEM, of the certificates that an issuer has revoked."""
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(now - timedelta(days=1)).next_update(now + timedelta(days=1))
    for one in certificates:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(now)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(PEM)
