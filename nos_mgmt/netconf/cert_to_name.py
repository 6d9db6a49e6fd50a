"""Whose certificate is it? The rules of ietf-x509-cert-to-name (RFC 7407 section 4.2, RFC 7589 section 7)."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import NameOID

from nos_mgmt.endpoints import HASHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nos_mgmt.endpoints import CertToName


def name_of(chain: Sequence[bytes], rules: Iterable[CertToName]) -> str | None:
    """Return the user that a certificate stands for; None if no rule gives a name.

    `chain` are certificates in DER: the client's, and those of the CAs in its chain of which the server has copies.

    Raises:
        ValueError: The client's certificate has something in it that is not as X.509 has it.
    """
    certificate = x509.load_der_x509_certificate(chain[0])
    for rule in sorted(rules, key=lambda rule: rule.id):
        if any(_has_fingerprint(one, rule.fingerprint) for one in chain):
            name = _name(certificate, rule)
            if name:
                return name
    return None


def _has_fingerprint(certificate: bytes, fingerprint: str) -> bool:
    algorithm, *digest = bytes.fromhex(fingerprint.replace(":", ""))
    # what is compared is public, and a weak hash makes no certificate valid
    return [*hashlib.new(HASHES[algorithm], certificate, usedforsecurity=False).digest()] == digest


def _name(certificate: x509.Certificate, rule: CertToName) -> str | None:
    match rule.map_type:
        case "specified":
            return rule.name
        case "common-name":
            names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            return str(names[0].value) if names else None
        case map_type:
            return next((name for kind, name in _alternatives(certificate) if map_type in ("san-any", kind)), None)


def _alternatives(certificate: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Yield the map-type and the name for each subjectAltName, in the certificate's order."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for name in names:
        match name:
            case x509.RFC822Name():
                local, _, host = name.value.rpartition("@")
                yield "san-rfc822-name", f"{local}@{host.lower()}"
            case x509.DNSName():
                yield "san-dns-name", name.value.lower()
            case x509.IPAddress(value=IPv6Address() as address):
                yield "san-ip-address", address.packed.hex()
            case x509.IPAddress():
                yield "san-ip-address", str(name.value)
            case _:
                continue
