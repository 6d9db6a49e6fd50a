"""Instances of a schema as documents: made to its shape, their references pointed somewhere, and then perhaps damaged."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from lxml import etree

from tests.differential.values import text
from yang.types import InstanceIdentifierType, LeafrefType, UnionType

if TYPE_CHECKING:
    from random import Random

    from yang.schema import Schema, SchemaNode
    from yang.types import Type

SKIPPED = frozenset({"rpc", "notification", "action"})
ANY = ("", "text", '<x xmlns="urn:x"><y>1</y></x>', '<x xmlns="urn:x"/>')
Element = Any


class Maker:
    """Makes documents of one schema."""

    def __init__(self, schema: Schema, random: Random, *, odd: float = 0.05, density: float = 0.7) -> None:
        """Fill `density` of what may be there, `odd` of the values beside their type."""
        self.schema = schema
        self.random = random
        self.odd = odd
        self.density = density
        modules = [module for module in schema.modules.values() if module.record.belongs_to is None]
        self.prefixes = {module.name: module.prefix for module in modules}
        self.namespaces = {module.prefix: module.namespace for module in modules}
        self.references: list[tuple[Element, SchemaNode, Type]] = []

    def document(self) -> Element:
        """Return a root element with the top-level nodes below it."""
        self.references = []
        root = etree.Element("root", nsmap=self.namespaces)
        self.fill(root, self.schema.root)
        self.point_all(root)
        return root

    def point_all(self, root: Element) -> None:
        """Give the references below `root` something to refer to."""
        for element, node, type_ in self.references:
            self.point(root, element, node, type_)

    def fill(self, parent: Element, node: SchemaNode) -> None:
        """Put some children of `node` into `parent`, its keys first."""
        random = self.random
        chosen: dict[str, str] = {}
        names = [child for child in node.children.values() if child.kind not in SKIPPED]
        for name in node.keys:
            self.leaf(parent, node.children[name])
        others = [child for child in names if child.name not in node.keys or child.qname != child.name]
        for child in random.sample(others, len(others)) if random.random() < 0.5 else others:
            if child.config or random.random() < 0.02:
                wanted = (
                    child.mandatory
                    or child.min_elements
                    or any(c.mandatory for c in node.choices if c.id in dict(child.cases))
                )
                if random.random() > (0.97 if wanted else self.density):
                    continue
                fits = all(chosen.setdefault(choice, case) == case for choice, case in child.cases)
                if fits or random.random() < 0.01:
                    self.add(parent, child)

    def add(self, parent: Element, node: SchemaNode) -> None:
        """Put one or several instances of `node` into `parent`."""
        random = self.random
        match node.kind:
            case "leaf":
                self.leaf(parent, node)
            case "leaf-list" | "list":
                few = max(node.min_elements, 1)
                count = random.choice(
                    (few, few, few + 1, few + 2, *((node.max_elements,) if (node.max_elements or 9) < 5 else ()))
                )
                if node.max_elements is not None and random.random() < 0.9:
                    count = min(count, node.max_elements)
                for _ in range(count):
                    if node.kind == "list":
                        self.inner(parent, node)
                    else:
                        self.leaf(parent, node)
                    if random.random() < 0.95 and _is_twice(parent, node):
                        parent.remove(parent[-1])
            case "container":
                self.inner(parent, node)
            case _:
                content = random.choice(ANY)
                parent.append(etree.fromstring(f'<{node.name} xmlns="{node.module.namespace}">{content}</{node.name}>'))

    def inner(self, parent: Element, node: SchemaNode) -> Element:
        """Put one container or list entry into `parent`."""
        element = etree.SubElement(parent, node.tag, nsmap={None: node.module.namespace})
        self.fill(element, node)
        return element

    def leaf(self, parent: Element, node: SchemaNode) -> None:
        """Put a leaf into `parent`."""
        element = etree.SubElement(parent, node.tag, nsmap={None: node.module.namespace})
        type_ = node.type
        while isinstance(type_, UnionType):
            type_ = self.random.choice(type_.members)
        element.text = text(type_, self.random, self.prefixes, odd=self.odd)
        if isinstance(type_, LeafrefType | InstanceIdentifierType):
            self.references.append((element, node, type_))

    def point(self, root: Element, element: Element, node: SchemaNode, type_: Type) -> None:
        """Give a reference a value that something has, mostly."""
        if self.random.random() < max(self.odd, 0.03):
            return
        if isinstance(type_, InstanceIdentifierType):
            every = [other for other in root.iter(etree.Element) if other is not root]
            element.text = self.identifier(root, self.random.choice(every))
        elif isinstance(type_, LeafrefType):
            targets = self.targets(root, element, node, type_.path)
            if targets:
                element.text = self.random.choice(targets).text

    def targets(self, root: Element, element: Element, node: SchemaNode, path: int) -> list[Element]:
        """Return the elements that a leafref's path leads to, without regard to predicates; one is made where that is easy."""
        tree = self.schema.expression(path).tree
        if tree[0] == "path":
            here, where, steps = (root, self.schema.root, tree[2]) if tree[1] else (element, node, tree[2])
        else:
            here, where, steps = element, node, tree[3]
        found = [here]
        for axis, (_, module, name), _ in steps:
            if axis == "parent":
                found = [other.getparent() for other in found if other.getparent() is not None]
                where = where.parent or where
                continue
            child = next((c for c in where.children.values() if c.name == name and c.module.name == module), None)
            if child is None:
                return []
            where = child
            below = [other for start in found for other in start.iterchildren(child.tag)]
            if not below and len(found) == 1 and child.kind in ("container", "leaf"):
                below = [etree.SubElement(found[0], child.tag, nsmap={None: child.module.namespace})]
                if child.kind == "leaf":
                    below[0].text = text(child.type, self.random, self.prefixes, odd=0)
            found = below
        return found

    def identifier(self, root: Element, element: Element) -> str:
        """Return an instance-identifier of `element`, now and then one that is a little wrong."""
        way = [element]
        while way[-1].getparent() is not root:
            way.append(way[-1].getparent())
        node, written = self.schema.root, ""
        for step in reversed(way):
            child = node.tags.get(step.tag) if node.is_inner else None
            if child is None:
                break
            node = child
            written += f"/{node.module.prefix}:{node.name}"
            quote = self.random.choice("'\"")
            if node.kind == "leaf-list":
                written += f"[.={quote}{step.text or ''}{quote}]"
            elif node.kind == "list" and self.random.random() < 0.95:
                for key in node.keys:
                    value = step.findtext(node.children[key].tag) or ""
                    space = " " if self.random.random() < 0.1 else ""
                    written += f"[{space}{node.module.prefix}:{key}{space}={quote}{value}{quote}]"
        return written

    def damaged(self, root: Element) -> Element:
        """Return a copy of `root` with one thing changed."""
        root = copy.deepcopy(root)
        random = self.random
        every = [element for element in root.iter(etree.Element) if element is not root]
        if not every:
            return root
        element = random.choice(every)
        parent = element.getparent()
        match random.randrange(9):
            case 0 | 1:
                parent.remove(element)
            case 2:
                parent.append(copy.deepcopy(element))
            case 3:
                other = random.choice(every)
                element.text = other.text if len(element) == 0 == len(other) else element.text
            case 4:
                element.tag = element.tag + "x"
            case 5:
                element.tag = element.tag.replace("{", "{urn:other:")
            case 6:
                parent.insert(random.randrange(len(parent)), element)
            case 7:
                if len(element):
                    element.text = "text"
                else:
                    etree.SubElement(element, element.tag)
            case 8:
                leaves = [other for other in every if not len(other)]
                other = random.choice(leaves) if leaves else element
                other.text = random.choice(("", "0", "1", "2", "a", "b", "true"))
        return root


def _is_twice(parent: Element, node: SchemaNode) -> bool:
    """Return whether the last element of `parent` is an instance that is there already."""
    *others, last = parent.iterchildren(node.tag)
    if node.kind == "leaf-list":
        return any(other.text == last.text for other in others)
    keys = [node.children[key].tag for key in node.keys]
    return bool(keys) and any(all(other.findtext(key) == last.findtext(key) for key in keys) for other in others)


def written(root: Element) -> str:
    """Return the children of `root` as a document, or rather several in one text."""
    return "".join(etree.tostring(child, encoding="unicode", with_tail=False) for child in root)
