"""Requests for every operation: made to the schema of its input, in a conversation, then damaged as documents and as octets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from nos_mgmt.netconf.operations import OPERATIONS
from tests.differential.instances import Maker
from tests.fuzz.documents import OTHERS, XML_PIECES
from yang.diff import NETCONF, YANG

if TYPE_CHECKING:
    from random import Random

    from yang.schema import Schema, SchemaNode

Element = Any
DATA = frozenset({"config", "filter", "subtree-filter", "stream-subtree-filter", "datastore-subtree-filter"})
"""What anydata and anyxml have of the configuration in them."""
ATTRIBUTES = (
    *((f"{{{NETCONF}}}operation", value) for value in ("merge", "replace", "create", "delete", "remove", "x")),
    *((f"{{{YANG}}}insert", value) for value in ("first", "last", "before", "x")),
    (f"{{{YANG}}}key", "[name='a']"),
    (f"{{{NETCONF}}}type", "xpath"),
    ("type", "xpath"),
    ("type", "subtree"),
    ("select", "/interfaces"),
    ("select", "//*[count(.) > 0 and not(.//x)]"),
    ("message-id", ""),
)
TEXTS = (
    "",
    " ",
    "\t",
    "x" * 100_000,
    "-1",
    "0",
    "18446744073709551616",
    "1" * 5000,
    "/",
    "//*",
    "\N{GRINNING FACE}",
    "Ethernet1",
)


class Requests(Maker):
    """Makes requests that a client of a schema's server may send, and such as none should."""

    def __init__(self, schema: Schema, random: Random) -> None:
        """Make them from `random`."""
        super().__init__(schema, random, odd=0.05, density=0.4)
        inputs = {tag: schema.rpc(tag) for tag in sorted(OPERATIONS)}
        self.inputs = {tag: node.children.get("input") for tag, node in inputs.items() if node is not None}

    def request(self, message_id: int) -> bytes:
        """Return an rpc, valid or damaged."""
        random = self.random
        operation = self.operation()
        root = etree.Element(f"{{{NETCONF}}}rpc", {"message-id": str(message_id)}, nsmap={None: NETCONF, "yang": YANG})
        root.append(operation)
        for _ in range(random.choice((0, 0, 1, 1, 2, 5))):
            root = self.damaged(root)
            self.odder(root)
        content = etree.tostring(root)
        for _ in range(random.choice((0, 0, 0, 0, 1, 3))):
            content = self.cut_up(content)
        return content

    def operation(self) -> Element:
        """Return an operation with its input."""
        tag = self.random.choice(list(self.inputs))
        element = etree.Element(tag, nsmap={None: etree.QName(tag).namespace})
        below = self.inputs[tag]
        if below is not None:
            self.references = []
            self.fill(element, below)
            self.point_all(element)
        return element

    def add(self, parent: Element, node: SchemaNode) -> None:
        """Put instances of a node into `parent`; what may be anything has data of the server's."""
        if node.kind not in ("anydata", "anyxml") or node.name not in DATA:
            super().add(parent, node)
            return
        element = etree.SubElement(parent, node.tag, nsmap={None: node.module.namespace})
        density, self.density = self.density, 0.15
        tops = [child for child in self.schema.root.children.values() if child.config]
        for top in self.random.sample(tops, min(len(tops), self.random.randint(0, 2))):
            super().add(element, top)
        self.density = density

    def odder(self, root: Element) -> None:
        """Give an element something that its schema does not know of."""
        random = self.random
        element = random.choice(list(root.iter(etree.Element)))
        match random.randrange(6):
            case 0 | 1:
                element.set(*random.choice(ATTRIBUTES))
            case 2:
                element.text = random.choice(TEXTS)
            case 3:
                element.append(self.operation())
            case 4:
                for _ in range(random.choice((3, 300))):
                    element = etree.SubElement(element, element.tag)
            case 5:
                element.append(etree.Comment("x"))
                element.append(etree.ProcessingInstruction("x", "y"))

    def cut_up(self, content: bytes) -> bytes:
        """Return octets with a piece taken out, put in, or put elsewhere."""
        random = self.random
        start = random.randrange(len(content) + 1)
        end = min(len(content), start + random.choice((0, 1, 2, 8, 40)))
        match random.randrange(4):
            case 0:
                return content[:start] + content[end:]
            case 1 | 2:
                return content[:start] + random.choice(XML_PIECES + OTHERS) + content[end:]
            case _:
                return content[end:] + content[:start]
