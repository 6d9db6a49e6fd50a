"""The installed OpenConfig set: some of its leaves at a time, with what leads to them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from tests.differential.instances import SKIPPED, Maker
from yang import bindings
from yang.schema import Schema
from yang.tables import load

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from yang.schema import SchemaNode

ANCHORED = re.compile(r"""(pattern\s+)(['"])(.*?)(?<!\\)\2""", re.DOTALL)


@cache
def full_schema() -> Schema:
    """Return the schema of the whole set."""
    return Schema(load(bindings.DEFAULT / "schema.tables"))


def for_libyang(folder: Path) -> dict[str, list[str]]:
    """Put the set's modules into `folder` as libyang can take them, and return all of them with their features.

    It knows nothing of `regexp-posix`, which makes `^` and `$` anchors: they are taken out of the patterns of modules that have
    it, as a pattern of YANG is anchored anyway.
    """
    found = {}
    schema = full_schema()
    for module in schema.modules.values():
        text = (bindings.DEFAULT / "modules" / module.record.file).read_text(encoding="utf-8")
        if "regexp-posix" in text:
            text = ANCHORED.sub(_without_anchors, text)
        (folder / f"{module.name}.yang").write_text(text, encoding="utf-8")
        if module.record.belongs_to is None:
            found[module.name] = list(module.record.features)
    return found


def _without_anchors(match: re.Match[str]) -> str:
    keyword, quote, pattern = match.groups()
    return keyword + quote + re.sub(r"(?<![\\\[])[\^]|(?<!\\)\$", "", pattern) + quote


@cache
def leaves() -> tuple[SchemaNode, ...]:
    """Return every leaf, leaf-list and presence container of the configuration."""
    return tuple(
        node
        for node in full_schema().root.descendants()
        if node.config and (node.kind in ("leaf", "leaf-list") or node.presence) and not _is_skipped(node)
    )


@cache
def mandatory_at_the_top() -> tuple[tuple[SchemaNode, ...], ...]:
    """Return the ways to the leaves that every configuration needs."""
    found = []
    for node in leaves():
        way = [node]
        while way[-1].parent is not None and way[-1].parent.parent is not None:
            way.append(way[-1].parent)
        if node.mandatory and not any(step.kind == "list" or step.presence or step.cases for step in way):
            found.append(tuple(way[::-1]))
    return tuple(found)


def _is_skipped(node: SchemaNode) -> bool:
    step: SchemaNode | None = node
    while step is not None:
        if step.kind in SKIPPED or step.kind in ("input", "output"):
            return True
        step = step.parent
    return False


class Walker(Maker):
    """Makes documents with a few leaves far down."""

    def __init__(self, random: Random, *, odd: float) -> None:
        """Begin with `random`."""
        super().__init__(full_schema(), random, odd=odd, density=0.12)

    def document(self) -> Any:
        """Return a root element with some leaves and the way to them, list entries with all that their keys need."""
        self.references = []
        root = etree.Element("root", nsmap=self.namespaces)
        if self.random.random() < 0.97:
            for way in mandatory_at_the_top():
                self.lead(root, list(way))
        wanted = self.random.choice(leaves())
        near = [
            node
            for node in leaves()
            if node.parent is wanted.parent or node.parent is (wanted.parent and wanted.parent.parent)
        ]
        chosen = [wanted, *self.random.sample(near, min(len(near), self.random.randint(0, 3)))]
        if self.random.random() < 0.3:
            chosen.append(self.random.choice(leaves()))
        for node in chosen:
            way = [node]
            while way[-1].parent is not None and way[-1].parent.parent is not None:
                way.append(way[-1].parent)
            self.lead(root, way[::-1])
        self.point_all(root)
        return root

    def lead(self, parent: Any, way: list[SchemaNode]) -> None:
        """Put the node at the end of `way` below `parent`, through what is there already where that can be."""
        step, *rest = way
        found = parent.find(step.tag)
        if not rest:
            if found is None or step.kind == "leaf-list":
                self.add(parent, step)
            return
        if found is None or (step.kind == "list" and self.random.random() < 0.1):
            found = etree.SubElement(parent, step.tag, nsmap={None: step.module.namespace})
            for name in step.keys:
                self.leaf(found, step.children[name])
        self.lead(found, rest)
