"""Which user a certificate stands for (RFC 7407 section 4.2)."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cryptography import x509

from nos_mgmt.endpoints import CertToName
from nos_mgmt.netconf.cert_to_name import name_of
from tests.nos_mgmt.certificates import issue

MAIL = x509.RFC822Name("FooBar@Example.COM")
DNS = x509.DNSName("Ann.Example.COM")
IPV4 = x509.IPAddress(ip_address("192.0.2.1"))
IPV6 = x509.IPAddress(ip_address("2001:db8::1"))
URI = x509.UniformResourceIdentifier("urn:x")

CA = issue("CA", is_ca=True)


@pytest.mark.parametrize(
    ("map_type", "names", "name"),
    [
        ("san-rfc822-name", [DNS, MAIL], "FooBar@example.com"),
        ("san-dns-name", [MAIL, DNS], "ann.example.com"),
        ("san-ip-address", [MAIL, IPV4], "192.0.2.1"),
        ("san-ip-address", [IPV6, IPV4], "20010db8000000000000000000000001"),
        ("san-any", [URI, IPV4, DNS, MAIL], "192.0.2.1"),
        ("san-any", [DNS, MAIL], "ann.example.com"),
        ("san-any", [MAIL, DNS], "FooBar@example.com"),
        ("common-name", [DNS], "Zoë"),
        ("san-rfc822-name", [DNS], None),
        ("san-dns-name", [], None),
        ("san-any", [URI], None),
    ],
)
def test_the_map_type_says_where_the_name_is(map_type: str, names: list[x509.GeneralName], name: str | None) -> None:
    certificate = issue("Zoë", CA, names)
    rule = CertToName(1, CA.fingerprint(), map_type)
    assert name_of([certificate.der, CA.der], [rule]) == name


def test_a_name_may_be_given() -> None:
    certificate = issue("x", CA)
    assert name_of([certificate.der], [CertToName(1, certificate.fingerprint(), "specified", "ann")]) == "ann"


def test_a_certificate_without_a_common_name_has_none() -> None:
    certificate = issue("", CA)
    assert name_of([certificate.der], [CertToName(1, certificate.fingerprint(), "common-name")]) is None


@pytest.mark.parametrize("algorithm", [1, 2, 4, 6])
def test_the_first_octet_of_a_fingerprint_says_by_which_hash(algorithm: int) -> None:
    certificate = issue("ann", CA)
    for rule in (certificate.fingerprint(algorithm), certificate.fingerprint(algorithm).upper()):
        assert name_of([certificate.der], [CertToName(1, rule, "common-name")]) == "ann"


def test_rules_are_tried_by_their_ids_and_the_first_that_gives_a_name_counts() -> None:
    certificate = issue("ann", CA, [DNS])
    rules = [
        CertToName(30, CA.fingerprint(), "common-name"),
        CertToName(4, CA.fingerprint(), "san-dns-name"),
        # it matches and gives no name, so that others are searched
        CertToName(3, CA.fingerprint(), "san-rfc822-name"),
        CertToName(2, issue("other").fingerprint(), "specified", "root"),
    ]
    chain = [certificate.der, CA.der]
    assert name_of(chain, rules) == "ann.example.com"
    assert name_of(chain, rules[:1] + rules[2:]) == "ann"


def test_no_rule_gives_no_name() -> None:
    certificate = issue("ann", CA)
    assert name_of([certificate.der, CA.der], []) is None
    assert name_of([certificate.der], [CertToName(1, CA.fingerprint(), "common-name")]) is None
