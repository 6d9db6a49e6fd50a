"""Where clients come in and where the server calls home, as settings say it: in the shape of ietf-netconf-server."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nos_mgmt.records import SettingsError, bounded, one_of, refuse_twins, table_of, tables_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

TRANSPORTS = ("ssh", "tls")
LISTEN_PORTS = {"ssh": 830, "tls": 6513}
CALL_HOME_PORTS = {"ssh": 4334, "tls": 4335}
"""RFC 8071 section 6.2."""
FINGERPRINT = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+")
HASHES = {1: "md5", 2: "sha1", 3: "sha224", 4: "sha256", 5: "sha384", 6: "sha512"}
"""The first octet of a fingerprint (RFC 5246 section 7.4.1.4.1)."""
MAP_TYPES = ("specified", "san-rfc822-name", "san-dns-name", "san-ip-address", "san-any", "common-name")
NO_PORT = -1


@dataclass(frozen=True)
class Keepalives:
    """When a connection is given up at which nothing comes any more (RFC 9643 section 2.1.5)."""

    idle_time: int = field(default=60, metadata=bounded(1, 32767))
    """Seconds without anything after which the client is asked for a sign of life."""
    max_probes: int = field(default=3, metadata=bounded(1, 127))
    """How often it is asked."""
    probe_interval: int = field(default=30, metadata=bounded(1, 32767))
    """Seconds between."""

    def set_on(self, connection: socket.socket) -> None:
        """Have a TCP connection, or all those that come to a socket which listens, watched by the kernel."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, self.idle_time)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, self.probe_interval)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, self.max_probes)


@dataclass(frozen=True)
class Listen:
    """An address at which clients come in."""

    name: str
    transport: str = field(metadata=one_of(*TRANSPORTS))
    address: str
    port: int = field(default=NO_PORT, metadata=bounded(0, 65535))
    """The TCP port; 0 takes a free one; if nothing is said it is that of the transport."""
    keepalives: Keepalives = field(default=Keepalives(), metadata=table_of(Keepalives))

    def __post_init__(self) -> None:
        """Take the transport's port, if none is given."""
        if self.port == NO_PORT:
            object.__setattr__(self, "port", LISTEN_PORTS[self.transport])


@dataclass(frozen=True)
class Endpoint:
    """An address of a client that is called."""

    name: str
    transport: str = field(metadata=one_of(*TRANSPORTS))
    address: str
    port: int = field(default=NO_PORT, metadata=bounded(1, 65535))

    def __post_init__(self) -> None:
        """Take the transport's port, if none is given."""
        if self.port == NO_PORT:
            object.__setattr__(self, "port", CALL_HOME_PORTS[self.transport])


@dataclass(frozen=True)
class ReconnectStrategy:
    """How a client is called that does not answer, or has gone."""

    start_with: str = field(
        default="first-listed", metadata=one_of("first-listed", "last-connected", "random-selection")
    )
    max_wait: float = field(default=5.0, metadata=bounded(0.1, 3600))
    """Seconds in which a connection has to come about."""
    max_attempts: int = field(default=3, metadata=bounded(1, 255))
    """How often an endpoint is tried before the next one."""
    first_pause: float = field(default=1.0, metadata=bounded(0.01, 3600))
    """Seconds before the second attempt; each pause is twice the one before."""
    longest_pause: float = field(default=60.0, metadata=bounded(0.01, 86400))
    """Seconds up to which pauses grow."""


@dataclass(frozen=True)
class CallHome:
    """A client that the server calls (RFC 8071)."""

    name: str
    endpoints: tuple[Endpoint, ...] = field(metadata=tables_of(Endpoint))
    connection_type: str = field(default="persistent", metadata=one_of("persistent", "periodic"))
    period: float = field(default=60.0, metadata=bounded(0.01, 65535))
    """Minutes from one call to the next, if they are periodic."""
    anchor_time: datetime | None = None
    """A time at which there is a call, or was one, if they are periodic."""
    idle_time: float = field(default=180.0, metadata=bounded(0, 65535))
    """Seconds after which a periodic connection is ended whose client sends nothing; 0 is never."""
    reconnect_strategy: ReconnectStrategy = field(default=ReconnectStrategy(), metadata=table_of(ReconnectStrategy))
    keepalives: Keepalives = field(default=Keepalives(), metadata=table_of(Keepalives))


@dataclass(frozen=True)
class CertToName:
    """How a name is found in the certificates that a fingerprint stands for (RFC 7407 section 4.2)."""

    id: int = field(metadata=bounded(0, 2**32 - 1))
    """Rules are tried by their ids, the lowest first."""
    fingerprint: str
    """Octets in hexadecimal: one that says by which hash, and that of the client's certificate or of a CA's in its chain."""
    map_type: str = field(metadata=one_of(*MAP_TYPES))
    name: str = ""
    """The name, if the map-type is `specified`."""


@dataclass(frozen=True)
class Tls:
    """What the server shows to TLS clients, and by what it judges them."""

    certificate: Path
    """The server's certificate in PEM, and those of the CAs between it and what clients trust."""
    key: Path
    client_ca: Path
    """The certificates of the CAs, in PEM, that issue those of clients."""
    cert_to_name: tuple[CertToName, ...] = field(metadata=tables_of(CertToName))
    crl: Path | None = None
    """Lists of revoked certificates, in PEM; with it, one of the CA of every client is needed."""


def refuse(listen: tuple[Listen, ...], call_home: tuple[CallHome, ...], tls: Tls | None) -> None:
    """Raise `SettingsError` for what does not go together."""
    refuse_twins([one.name for one in listen], "listen")
    refuse_twins([(one.address, one.port) for one in listen if one.port], "listen")
    for listener in listen:
        try:
            ipaddress.ip_address(listener.address)
        except ValueError as error:
            raise SettingsError(f"listen {listener.name}: address {listener.address!r} is no IP address") from error
    refuse_twins([client.name for client in call_home], "call_home")
    for client in call_home:
        if not client.endpoints:
            raise SettingsError(f"call_home {client.name}: there are no endpoints")
        refuse_twins([endpoint.name for endpoint in client.endpoints], f"call_home {client.name}: endpoints")
    transports = {one.transport for one in listen} | {one.transport for client in call_home for one in client.endpoints}
    if tls is None and "tls" in transports:
        raise SettingsError(
            "there is a transport 'tls', and no [tls] with certificate, key, client_ca and cert_to_name"
        )
    if tls is not None:
        refuse_twins([rule.id for rule in tls.cert_to_name], "tls.cert_to_name: id")
        for rule in tls.cert_to_name:
            _refuse_rule(rule)


def _refuse_rule(rule: CertToName) -> None:
    where = f"tls.cert_to_name {rule.id}: "
    if not FINGERPRINT.fullmatch(rule.fingerprint):
        raise SettingsError(f"{where}fingerprint {rule.fingerprint!r} is not octets in hexadecimal with colons between")
    algorithm, *digest = bytes.fromhex(rule.fingerprint.replace(":", ""))
    if algorithm not in HASHES:
        known = ", ".join(f"{number} {name}" for number, name in HASHES.items())
        raise SettingsError(f"{where}fingerprint begins with {algorithm:02x}, which is none of {known}")
    size = hashlib.new(HASHES[algorithm], usedforsecurity=False).digest_size
    if len(digest) != size:
        raise SettingsError(
            f"{where}fingerprint has {len(digest)} octets after the first, and {HASHES[algorithm]} has {size}"
        )
    if (rule.map_type == "specified") != bool(rule.name):
        has = "no name" if rule.map_type == "specified" else f"name {rule.name!r}"
        raise SettingsError(f"{where}map_type {rule.map_type} with {has}")
