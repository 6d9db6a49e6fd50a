"""The modules of a set, as hello, get-schema and messages speak of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from yang.tables import ModuleRecord, Tables


class Module:
    """A module of the set."""

    def __init__(self, record: ModuleRecord, unique_prefix: str) -> None:
        """Describe the module of `record`; no other module of its schema has its `unique_prefix`."""
        self.record = record
        self.name = record.name
        self.revision = record.revision
        self.namespace = record.namespace
        self.prefix = record.prefix
        self.unique_prefix = unique_prefix
        self.declaration = f" xmlns:{record.prefix}={quoteattr(record.namespace)}"
        """Of its prefix, as it stands in a start-tag."""
        self._tags: dict[str, tuple[str, str, str]] = {}

    def tags(self, name: str) -> tuple[str, str, str]:
        """Return `{namespace}name`, and the start-tag without its end, and the end-tag, of an element `name`."""
        found = self._tags.get(name)
        if found is None:
            found = self._tags[name] = (f"{{{self.namespace}}}{name}", f"<{name}", f"</{name}>")
        return found

    def __repr__(self) -> str:
        return f"Module({self.name}@{self.revision})"


def modules_of(tables: Tables) -> dict[str, Module]:
    """Return the modules by name, each with a prefix that no other one has."""
    modules: dict[str, Module] = {}
    taken: set[str] = set()
    for record in tables.modules:
        prefix, count = record.prefix, 1
        while prefix in taken and record.belongs_to is None:
            count += 1
            prefix = f"{record.prefix}{count}"
        taken.add(prefix)
        modules[record.name] = Module(record, prefix)
    return modules
