"""What YANG's names are in Python: attributes, classes, members of enums."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IMPORTED = ("Container", "Enumeration", "Identities", "Leaf", "LeafList", "LeafWithDefault", "ListOf", "View")
"""What generated modules import; no class of theirs has such a name."""
RESERVED = frozenset({"exists", "mro"})
"""What views have, so that no attribute may have it."""


def attribute_names(qnames: Iterable[str]) -> dict[str, str]:
    """Return the Python name of each child; of two of one name, one from another module has its module's before it.

    A child that has several names, by where its parent is used, gives them as `m:name|name`.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for qname in sorted(qnames, key=lambda qname: all(":" in name for name in qname.split("|"))):
        name = snake(qname.rpartition(":")[2].rpartition("|")[2])
        if name in taken:
            name = snake(qname.partition("|")[0].replace(":", "_"))
        if keyword.iskeyword(name) or name in RESERVED:
            name += "_"
        taken.add(name)
        names[qname] = name
    return names


def members(values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the names of an enum's members with their values; of two of one name, the later has its module's before it."""
    taken: set[str] = set()
    for value in values:
        name = constant(value.rpartition(":")[2])
        if name in taken:
            name = constant(value)
        while name in taken:
            name += "_"
        taken.add(name)
        yield name, value


def snake(name: str) -> str:
    """Return a YANG name as a Python one: `prefix-length` as `prefix_length`."""
    name = re.sub(r"\W", "_", name)
    return f"_{name}" if name[0].isdigit() else name


def camel(name: str) -> str:
    """Return a YANG name as that of a class: `next-hop` as `NextHop`, `NTP_AUTH_TYPE` as `NtpAuthType`."""
    parts = [part for part in re.split(r"\W|_", name) if part]
    return "".join(part.capitalize() if name.isupper() else part[0].upper() + part[1:] for part in parts)


def nested(*names: str) -> list[str]:
    """Return the names of classes that stand in one another, none with the name of one around it or of what is imported."""
    classes: list[str] = []
    for name in map(camel, names):
        classes.append(f"{name}Entry" if name in classes else f"{name}_" if name in IMPORTED else name)
    return classes


def constant(name: str) -> str:
    """Return a YANG name as that of an enum's member: `ethernetCsmacd` as `ETHERNET_CSMACD`."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", name)
    name = re.sub(r"\W", "_", name).upper()
    return (
        f"_{name}"
        if name[0].isdigit()
        else f"{name}_"
        if keyword.iskeyword(name) or name in ("MRO", "NAME", "VALUE")
        else name
    )
