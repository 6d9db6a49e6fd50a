"""A third judge for XPath: libxml2, asked of the same tree, where the other two do not agree about a must."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from yang.cursor import Cursor, implied_instances
from yang.errors import RequestError
from yang.tree import Node
from yang.xmldata import read_data
from yang.xmlio import parse_document
from yang.xpath import evaluator
from yang.xpath_functions import Context, is_true

if TYPE_CHECKING:
    from yang.schema import Schema

ROOT = "{urn:root}root"
YANG_FUNCTIONS = {"deref", "re-match", "derived-from", "derived-from-or-self", "enum-value", "bit-is-set"}


def agrees_with_us(schema: Schema, document: str) -> bool:
    """Return whether libxml2 finds what we find of every must in `document` that is XPath without YANG's functions."""
    try:
        tree = read_data(parse_document(f"<config>{document}</config>".encode()), schema)
    except RequestError:
        return False
    root = Cursor(schema.root, tree, None)
    elements: dict[Cursor, Any] = {}
    mirror(root, etree.Element(ROOT), elements)
    namespaces = {module.name: module.namespace for module in schema.modules.values()} | {"root": "urn:root"}
    judged = 0
    for node in schema.root.descendants():
        for must in node.musts:
            written = _Writer()
            text = written.text(schema.expression(must.expression).tree)
            if written.is_yang:
                continue
            ask = etree.XPath(f"boolean({text})", namespaces=namespaces)
            ours = evaluator(schema, schema.expression(must.expression).tree)
            for instance in implied_instances(root, node):
                element = elements[instance]
                judged += 1
                if is_true(ours(Context(instance, instance))) is not ask(element, root=elements[root], current=element):
                    return False
    return judged > 0


def mirror(cursor: Cursor, element: Any, elements: dict[Cursor, Any]) -> None:
    """Put what is below `cursor`, as XPath sees it, below `element`."""
    elements[cursor] = element
    if not isinstance(cursor.value, Node):
        element.text = cursor.text()
        return
    for child in cursor.children():
        mirror(child, etree.SubElement(element, child.schema.tag), elements)


class _Writer:
    """Writes syntax trees as XPath over a mirror, in which an element stands for the root node."""

    def __init__(self) -> None:
        self.is_yang = False

    def text(self, tree: Any) -> str:
        match tree:
            case ("literal", text, _):
                return f"'{text}'" if "'" not in text else f'"{text}"'
            case ("number", value):
                return format(value, "f")
            case ("or" | "and" as operator, a, b):
                return f"({self.text(a)} {operator} {self.text(b)})"
            case ("compare" | "arithmetic", operator, a, b):
                return f"({self.text(a)} {operator} {self.text(b)})"
            case ("negate", a):
                return f"(-{self.text(a)})"
            case ("union", operands):
                return f"({' | '.join(map(self.text, operands))})"
            case ("path", is_absolute, steps):
                start = "$root" if is_absolute else "self::node()"
                return "/".join([start, *(self.step(*step) for step in steps)])
            case ("filter", inner, predicates, steps):
                start = f"({self.text(inner)}){''.join(f'[{self.text(predicate)}]' for predicate in predicates)}"
                return "/".join([start, *(self.step(*step) for step in steps)])
            case ("call", "current", _):
                return "$current"
            case ("call", name, arguments):
                self.is_yang |= name in YANG_FUNCTIONS
                return f"{name}({', '.join(map(self.text, arguments))})"
        raise AssertionError(tree)

    def step(self, axis: str, test: tuple[str, str | None, str | None], predicates: tuple[Any, ...]) -> str:
        kind, module, name = test
        if kind == "name":
            written = f"{module}:{name}"
        elif kind == "any":
            written = f"{module}:*" if module else "*[not(self::root:root)]"
        else:
            # the root node of the mirror is none of the data
            written = f"{kind}()[parent::node()]"
        return f"{axis}::{written}" + "".join(f"[{self.text(predicate)}]" for predicate in predicates)
