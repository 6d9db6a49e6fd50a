"""NETCONF's messages: hello, rpc, rpc-reply and rpc-error as XML (RFC 6241 section 4 and appendix A)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from datastore.errors import TxidMismatch, ValidationFailed
from yang.diff import NETCONF, YANG
from yang.errors import InvalidValue, MissingAttribute, MissingElement, RequestError
from yang.path import XPath
from yang.xmlio import MalformedXml, parse_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BASE_1_0 = "urn:ietf:params:netconf:base:1.0"
BASE_1_1 = "urn:ietf:params:netconf:base:1.1"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'
HISTORY = "urn:nos-mgmt:yang:nos-history"
TXID_MODULE = "urn:ietf:params:xml:ns:yang:ietf-netconf-txid"
XML = "http://www.w3.org/XML/1998/namespace"
NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
IN_HISTORY = frozenset({"commit", "user", "time"})
"""The error-info elements that tell of a commit, which are in the namespace of nos-history."""
IN_YANG = frozenset({"missing-choice", "non-unique"})
"""The error-info elements of RFC 7950 section 15, which are in YANG's namespace."""


class MalformedMessage(RequestError):
    """A message that is no XML, or no rpc."""

    tag = "malformed-message"
    type = "rpc"


class OperationNotSupported(RequestError):
    """An operation that this server does not have."""

    tag = "operation-not-supported"
    type = "protocol"


class InvalidParameter(InvalidValue):
    """A parameter of an operation with a value that cannot be honoured; what is wrong with data is no such error."""

    type = "protocol"


class MissingParameter(MissingElement):
    """A parameter of an operation that has to come with another one."""

    type = "protocol"


class DetailedError(RequestError):
    """An error whose error-info has a structure that some model defines."""

    detail: str = ""
    """That structure, as XML."""


class Rpc(NamedTuple):
    """One request."""

    operation: etree._Element
    attributes: str
    """The attributes of the rpc element, as they stand in its reply (section 4.2)."""


class BadRpc(Exception):
    """A message that is answered with an error whatever it asks for."""

    def __init__(self, error: RequestError, attributes: str = "") -> None:
        """Answer with `error`, in a reply with `attributes`."""
        super().__init__(str(error))
        self.error = error
        self.attributes = attributes


class BadHello(Exception):
    """A first message with which no session can be (section 8.1)."""


def read_rpc(message: bytes) -> Rpc:
    """Return the request in `message`.

    Raises:
        BadRpc: It is not well-formed, is no rpc, has no message-id, or does not ask for exactly one thing.
    """
    try:
        root = parse_document(message)
    except MalformedXml as error:
        raise BadRpc(MalformedMessage(f"the message is not XML: {error}")) from error
    if root.tag != f"{{{NETCONF}}}rpc":
        raise BadRpc(MalformedMessage(f"the message is {root.tag}, not rpc in the namespace {NETCONF}"))
    attributes = _attributes(root)
    # the attribute has no namespace; clients of the package netconf put it into that of rpc all the same
    if "message-id" not in root.attrib and f"{{{NETCONF}}}message-id" not in root.attrib:
        missing = MissingAttribute(
            "rpc has no message-id", info=(("bad-attribute", "message-id"), ("bad-element", "rpc"))
        )
        missing.type = "rpc"
        raise BadRpc(missing, attributes)
    if len(root) != 1:
        raise BadRpc(MalformedMessage(f"rpc holds {len(root)} operations instead of one"), attributes)
    return Rpc(root[0], attributes)


def read_hello(message: bytes) -> frozenset[str]:
    """Return the capabilities in a client's hello.

    Raises:
        BadHello: It is none, or none that a client may send.
    """
    try:
        root = parse_document(message)
    except MalformedXml as error:
        raise BadHello(f"the hello is not XML: {error}") from error
    if root.tag != f"{{{NETCONF}}}hello":
        raise BadHello(f"the first message is {root.tag}, not hello")
    if root.find(f"{{{NETCONF}}}session-id") is not None:
        raise BadHello("a client's hello has no session-id")
    found = frozenset((element.text or "").strip() for element in root.iter(f"{{{NETCONF}}}capability"))
    if not found & {BASE_1_0, BASE_1_1}:
        raise BadHello("the client has neither base:1.0 nor base:1.1")
    return found


def hello(capabilities: Iterable[str], session_id: int) -> bytes:
    """Return the server's hello."""
    listed = "".join(f"<capability>{escape(capability)}</capability>" for capability in capabilities)
    return (
        DECLARATION
        + (
            f'<hello xmlns="{NETCONF}"><capabilities>{listed}</capabilities>'
            f"<session-id>{session_id}</session-id></hello>"
        ).encode()
    )


def reply(attributes: str, content: str | None) -> bytes:
    """Return the reply with `content`, or with ok if that is None."""
    inner = "<ok/>" if content is None else content
    return DECLARATION + f'<rpc-reply xmlns="{NETCONF}"{attributes}>{inner}</rpc-reply>'.encode()


def error_reply(attributes: str, errors: Iterable[RequestError]) -> bytes:
    """Return the reply that tells what is wrong."""
    return reply(attributes, "".join(map(rpc_error, errors)))


def taken_apart(error: RequestError) -> list[RequestError]:
    """Return the errors that an error is made of."""
    return error.errors if isinstance(error, ValidationFailed) else [error]


def rpc_error(error: RequestError) -> str:
    """Return the XML of one error."""
    parts = [
        f"<error-type>{error.type}</error-type>",
        f"<error-tag>{error.tag}</error-tag>",
        "<error-severity>error</error-severity>",
    ]
    if error.app_tag:
        parts.append(f"<error-app-tag>{escape(error.app_tag)}</error-app-tag>")
    if error.path is not None:
        text, namespaces = error.path.xpath()
        parts.append(f"<error-path{_declared(namespaces)}>{escape(text)}</error-path>")
    parts.append(f'<error-message xml:lang="en">{escape(_printable(error.message))}</error-message>')
    detail = error.detail if isinstance(error, DetailedError) else ""
    if isinstance(error, TxidMismatch):
        parts.append(f"<error-info>{_mismatch(error)}</error-info>")
    elif error.info or detail:
        inner = detail + "".join(
            f"<{name}{_namespace(name)}>{escape(_printable(text))}</{name}>" for name, text in error.info
        )
        parts.append(f"<error-info>{inner}</error-info>")
    return f"<rpc-error>{''.join(parts)}</rpc-error>"


def _mismatch(error: TxidMismatch) -> str:
    """Return the structure txid-value-mismatch-error-info."""
    text, namespaces = error.path.xpath() if error.path is not None else XPath("/", {})
    value = f"<mismatch-etag-value>{error.etag}</mismatch-etag-value>" if error.etag is not None else ""
    return (
        f'<txid-value-mismatch-error-info xmlns="{TXID_MODULE}">'
        f"<mismatch-path{_declared(namespaces)}>{escape(text)}</mismatch-path>{value}</txid-value-mismatch-error-info>"
    )


def _namespace(name: str) -> str:
    if name in IN_HISTORY:
        return f' xmlns="{HISTORY}"'
    return f' xmlns="{YANG}"' if name in IN_YANG else ""


def _declared(namespaces: Mapping[str, str]) -> str:
    return "".join(f" xmlns:{prefix}={quoteattr(namespace)}" for prefix, namespace in namespaces.items())


def _printable(text: str) -> str:
    """Return `text` without the characters that XML cannot have."""
    return NOT_XML.sub("\ufffd", text)


def _attributes(root: etree._Element) -> str:
    """Return the attributes and the namespaces of an rpc element, as they are written in a start tag.

    Without the default namespace: in a reply that is NETCONF's.
    """
    declared = {prefix: uri for prefix, uri in root.nsmap.items() if prefix is not None}
    prefixes = {uri: prefix for prefix, uri in declared.items()} | {XML: "xml"}
    written = []
    for name, value in root.attrib.items():
        qname = etree.QName(name)
        prefix = f"{prefixes[qname.namespace]}:" if qname.namespace else ""
        written.append(f" {prefix}{qname.localname}={quoteattr(str(value))}")
    return _declared(declared) + "".join(written)
