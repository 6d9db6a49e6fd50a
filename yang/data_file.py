"""Files with data: XML or JSON, bare, in `config` or `data`, or as instance data (RFC 9195)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from lxml import etree

from yang import instance_data
from yang.errors import BadElement, RequestError
from yang.json_document import parse_json
from yang.jsondata import read_members
from yang.limits import LIMITS, Limits
from yang.lines import JsonLines, XmlLines
from yang.xml_errors import read_all
from yang.xmldata import read_data
from yang.xmlio import MalformedXml, is_deeper, parse_document
from yang.xmlread import read_regular

if TYPE_CHECKING:
    from yang.instance_data import InstanceDataSet
    from yang.json_document import JsonDocument, Pointer
    from yang.path import Path
    from yang.schema import Schema
    from yang.tree import Node

NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0"
WRAPPERS = ("config", "data")
XML_WRAPPERS = frozenset({f"{{{NETCONF}}}{name}" for name in WRAPPERS} | set(WRAPPERS))
JSON_WRAPPERS = frozenset(
    {*WRAPPERS, *(f"{module}:{name}" for module in ("ietf-netconf", "ietf-restconf") for name in WRAPPERS)}
)


class MalformedData(RequestError):
    """A file that is neither an XML document nor a JSON document."""

    tag = "malformed-message"
    type = "rpc"


class DataFile(Protocol):
    """A document with data in it."""

    said: InstanceDataSet | None
    """What the file says of itself, if it is instance data."""

    def read(self, schema: Schema, *, config_only: bool) -> tuple[Node, list[RequestError]]:
        """Return the tree and all that is wrong with the document, which the tree is without; empty if that is too much."""

    def line(self, path: Path | None) -> int | None:
        """Return the line of the node at `path`."""

    def bare(self) -> str:
        """Return the data without what stands around it, as another program takes it."""


def open_data(content: bytes, limits: Limits = LIMITS) -> DataFile:
    """Return the document that `content` is; its first character says which kind.

    Raises:
        RequestError: It is malformed, too large or too deep, or no instance data though it says so.
    """
    limits.check_size(len(content))
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        return XmlFile(content, limits)
    if start in (b"{", b"["):
        return JsonFile(parse_json(content, limits))
    raise MalformedData("neither XML nor JSON: the first character is neither < nor {")


class XmlFile:
    """A document in XML."""

    def __init__(self, content: bytes, limits: Limits = LIMITS) -> None:
        """Parse `content`, and look where its data is."""
        self.said: InstanceDataSet | None = None
        self._limits = limits
        self._regular = b""
        try:
            root = parse_document(content)
        except MalformedXml as error:
            raise MalformedData(str(error)) from error
        if is_deeper(root, limits.levels):
            raise limits.too_deep()
        self._top = root
        if root.tag == instance_data.TAG:
            self.said, self._top = instance_data.from_element(root)
        elif root.tag not in XML_WRAPPERS:
            self._top = etree.Element("data")
            self._top.append(root)
        else:
            self._regular = content
        self._lines = XmlLines(self._top)

    def read(self, schema: Schema, *, config_only: bool) -> tuple[Node, list[RequestError]]:
        """Return the tree and all that is wrong with the document, in its order."""
        if (tree := read_regular(self._regular, schema, config_only=config_only)) is not None:
            return tree, []
        try:
            return read_data(self._top, schema, config_only=config_only), []
        except RequestError:
            return read_all(self._top, schema.root, config_only=config_only, most=self._limits.errors)

    def line(self, path: Path | None) -> int | None:
        """Return the line of the node at `path`."""
        return self._lines.line(path)

    def bare(self) -> str:
        """Return the data without what stands around it."""
        return "".join(etree.tostring(element, encoding="unicode") for element in self._top)


class JsonFile:
    """A document in JSON."""

    def __init__(self, document: JsonDocument) -> None:
        """Look where the data of `document` is."""
        self.said: InstanceDataSet | None = None
        self._document = document
        value: Any = document.value
        self._top: Pointer = ()
        if not isinstance(value, dict):
            raise BadElement("an array where an object of data nodes belongs")
        if len(value) == 1:
            name = next(iter(value))
            if name == instance_data.MEMBER:
                self.said = instance_data.from_members(value[name])
                self._top = (name, instance_data.CONTENT)
            elif name in JSON_WRAPPERS:
                self._top = (name,)
        self._lines = JsonLines(document, self._top)

    def read(self, schema: Schema, *, config_only: bool) -> tuple[Node, list[RequestError]]:
        """Return the tree and all that is wrong with the document, in its order."""
        errors: list[RequestError] = []
        tree = read_members(self._document, self._top, schema, config_only=config_only, errors=errors)
        return tree, errors

    def line(self, path: Path | None) -> int | None:
        """Return the line of the node at `path`."""
        return self._lines.line(path)

    def bare(self) -> str:
        """Return the data without what stands around it."""
        return self._document.part(self._top)
