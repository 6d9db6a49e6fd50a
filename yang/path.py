"""Where a node is in a data tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yang.schema import SchemaNode
    from yang.tree import Key


class XPath(NamedTuple):
    """An XPath expression with the namespaces of its prefixes, as an rpc-error's error-path has it."""

    text: str
    namespaces: dict[str, str]


class Path:
    """The way from the top of a data tree to one of its nodes: schema nodes, with the keys of list entries.

    `str(path)` is the instance-identifier of RFC 7951 section 6.11: `/module:container/list[key='value']/leaf`.
    """

    __slots__ = ("key", "parent", "schema")

    def __init__(self, parent: Path | None, schema: SchemaNode, key: Key | None = None) -> None:
        """Name the node of `schema` under `parent`, for a list entry or a leaf-list's value with its `key`."""
        self.parent = parent
        self.schema = schema
        self.key = key

    def steps(self) -> list[Path]:
        """Return the paths from the top down to this one."""
        steps: list[Path] = []
        step: Path | None = self
        while step is not None:
            steps.append(step)
            step = step.parent
        steps.reverse()
        return steps

    def keys(self) -> tuple[Key, ...]:
        """Return the keys of the list entries on the way, from the top down, this one's included."""
        return tuple(step.key for step in self.steps() if step.key is not None and step.schema.kind == "list")

    def __str__(self) -> str:
        return "".join(f"/{step.schema.qname}{''.join(step.predicates())}" for step in self.steps())

    def __repr__(self) -> str:
        return f"Path({self})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Path):
            return NotImplemented
        return self.schema is other.schema and self.key == other.key and self.parent == other.parent

    def __hash__(self) -> int:
        return hash((self.schema.qname, self.key, self.parent))

    def xpath(self) -> XPath:
        """Return this path for error-path: every step with its module's prefix (RFC 6241 section 4.3)."""
        namespaces: dict[str, str] = {}
        text = []
        for step in self.steps():
            prefix = step.schema.module.unique_prefix
            namespaces[prefix] = step.schema.module.namespace
            text.append(f"/{prefix}:{step.schema.name}")
            text.extend(step.predicates(f"{prefix}:"))
        return XPath("".join(text), namespaces)

    def predicates(self, prefix: str = "") -> Iterator[str]:
        """Yield the XPath predicates that name a list's entry or a leaf-list's value."""
        if self.key is None:
            return
        if self.schema.kind == "leaf-list":
            yield f"[.={quoted(self.schema.type.text(self.key[0]))}]"
        elif self.schema.keys:
            for name, value in zip(self.schema.keys, self.key, strict=True):
                key_type = self.schema.children[name].type
                yield f"[{prefix}{name}={quoted(key_type.text(value))}]"
        else:
            yield f"[{self.key[0]!s}]"


def quoted(text: str) -> str:
    """Return `text` as an XPath literal; XPath 1.0 has no escape, so the quote that it does not contain is used."""
    return f'"{text}"' if "'" in text else f"'{text}'"
