"""Which line of a document a data node stands in; for what is found wrong once the document is read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from yang.errors import RequestError
from yang.json_values import decoder
from yang.xmldata import Refused, line_of, read_key, read_value

if TYPE_CHECKING:
    from lxml import etree

    from yang.json_document import JsonDocument, Pointer
    from yang.path import Path
    from yang.schema import SchemaNode
    from yang.tree import Key


class XmlLines:
    """The lines of the data below one element."""

    def __init__(self, top: etree._Element) -> None:
        """Look below `top`."""
        self._top = top
        self._keys: dict[tuple[etree._Element, str], dict[Key, etree._Element]] = {}

    def line(self, path: Path | None) -> int | None:
        """Return the line of the node at `path`, or of what it would stand in if it is not there."""
        element = self._top
        for step in path.steps() if path is not None else ():
            tag = step.schema.tag
            found = element.find(tag) if step.key is None else self._entries(element, step.schema).get(step.key)
            if found is None:
                break
            element = found
        return line_of(element)

    def _entries(self, parent: etree._Element, node: SchemaNode) -> dict[Key, etree._Element]:
        entries = self._keys.get((parent, node.qname))
        if entries is None:
            entries = self._keys[parent, node.qname] = {}
            for index, element in enumerate(parent.findall(node.tag), 1):
                key: Key
                with suppress(Refused, RequestError):
                    key = (read_value(element, node),) if node.kind == "leaf-list" else read_key(element, node)
                    entries.setdefault(key or (index,), element)
        return entries


class JsonLines:
    """The lines of the data in one object."""

    def __init__(self, document: JsonDocument, top: Pointer) -> None:
        """Look below the object that `top` leads to."""
        self._document = document
        self._top = top
        self._keys: dict[int, dict[Key, int]] = {}

    def line(self, path: Path | None) -> int | None:
        """Return the line of the node at `path`, or of what it would stand in if it is not there."""
        pointer = list(self._top)
        value = self._document.value
        for pointed in pointer:
            value = value[pointed]
        for step in path.steps() if path is not None else ():
            name = step.schema.qname
            if not isinstance(value, dict) or name not in value:
                break
            value = value[name]
            pointer.append(name)
            if step.key is not None and isinstance(value, list):
                index = self._entries(value, step.schema).get(step.key)
                if index is None:
                    break
                value = value[index]
                pointer.append(index)
        return self._document.line(pointer)

    def _entries(self, values: list[Any], node: SchemaNode) -> dict[Key, int]:
        entries = self._keys.get(id(values))
        if entries is None:
            entries = self._keys[id(values)] = {}
            leaves = [node] if node.kind == "leaf-list" else [node.children[name] for name in node.keys]
            decoders = [decoder(leaf.type) for leaf in leaves]
            for index, value in enumerate(values):
                with suppress(RequestError, KeyError, TypeError):
                    items = [value] if node.kind == "leaf-list" else [value[leaf.qname] for leaf in leaves]
                    key = tuple(decode(item, leaf) for decode, item, leaf in zip(decoders, items, leaves, strict=True))
                    entries.setdefault(key or (index + 1,), index)
        return entries
