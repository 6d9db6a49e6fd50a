"""YANG instance data files (RFC 9195): data in a file that says what it is, as XML or JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from lxml import etree

from yang.errors import BadElement, InvalidValue, MissingElement, UnknownElement
from yang.tree import Entries, Node
from yang.values import listed
from yang.with_defaults import MODES, Mode, members_in, xml_in

if TYPE_CHECKING:
    from yang.module import Module
    from yang.schema import Schema

MODULE = "ietf-yang-instance-data"
NAMESPACE = f"urn:ietf:params:xml:ns:yang:{MODULE}"
TAG, MEMBER = f"{{{NAMESPACE}}}instance-data-set", f"{MODULE}:instance-data-set"
CONTENT = "content-data"
LEAVES = ("name", "format-version", "includes-defaults", "contact", "organization", "datastore", "timestamp")
MEMBERS = frozenset({*LEAVES, "content-schema", "description", "revision", CONTENT})
MODULE_WITH_REVISION = re.compile(r"([A-Za-z_][\w.-]*)(?:@(\d{4}-\d{2}-\d{2}))?").fullmatch


@dataclass(frozen=True, slots=True)
class InstanceDataSet:
    """What a file says of its data."""

    name: str | None = None
    includes_defaults: Mode = "report-all"
    modules: tuple[str, ...] = ()
    """The modules of the data as `module` or `module@revision`; empty if the file does not list them."""
    datastore: str | None = None
    timestamp: str | None = None

    def differences(self, schema: Schema) -> list[str]:
        """Return what the file's modules and those of `schema` differ in, for a person."""
        found = []
        for name in self.modules:
            match = MODULE_WITH_REVISION(name)
            module = schema.modules.get(match[1]) if match else None
            if module is None:
                found.append(f"the file has data of {name}, which the model set has not")
            elif match and match[2] and match[2] != module.revision:
                found.append(f"the file is of {name}, the model set has {module.name}@{module.revision}")
        return found


def from_element(element: etree._Element) -> tuple[InstanceDataSet, etree._Element]:
    """Return what an `instance-data-set` element says, and the element with its data.

    Raises:
        RequestError: It is not as RFC 9195 has it.
    """
    said: dict[str, Any] = {}
    for child in element:
        name = etree.QName(child)
        if name.namespace != NAMESPACE or name.localname not in MEMBERS:
            raise _unknown(name.localname)
        if name.localname in said and name.localname not in ("description", "revision"):
            raise BadElement(f"{name.localname} is given twice", info=(("bad-element", name.localname),))
        said[name.localname] = child if len(child) or name.localname == CONTENT else (child.text or "").strip()
    schema = said.get("content-schema")
    if isinstance(schema, etree._Element):  # noqa: SLF001 - lxml names it so
        said["content-schema"] = {
            "module": [(each.text or "").strip() for each in schema.iter(f"{{{NAMESPACE}}}module")]
        }
    content = said.pop(CONTENT, None)
    return _said(said), content if content is not None else etree.Element(CONTENT)


def from_members(members: Any) -> InstanceDataSet:
    """Return what the object `instance-data-set` of a JSON document says of its member `content-data`.

    Raises:
        RequestError: It is not as RFC 9195 has it.
    """
    if not isinstance(members, dict):
        raise BadElement("instance-data-set is no object", info=(("bad-element", "instance-data-set"),))
    for name in members:
        if name.removeprefix("@") not in MEMBERS:
            raise _unknown(name)
    if CONTENT not in members:
        raise MissingElement(f"the file has no {CONTENT}", info=(("bad-element", CONTENT),))
    return _said(members)


def _unknown(name: str) -> UnknownElement:
    return UnknownElement(
        f"instance-data-set has no {name}; it has {listed(sorted(MEMBERS))}", info=(("bad-element", name),)
    )


def _said(said: dict[str, Any]) -> InstanceDataSet:
    for name in LEAVES:
        if not isinstance(said.get(name, ""), str):
            raise InvalidValue(f"{name} is no string", info=(("bad-element", name),))
    mode = said.get("includes-defaults", "report-all")
    if mode not in MODES:
        raise InvalidValue(f"includes-defaults: {mode!r} is not one of {listed(MODES)}")
    schema = said.get("content-schema", {})
    modules = schema.get("module", ()) if isinstance(schema, dict) else ()
    for module in modules:
        if not isinstance(module, str) or MODULE_WITH_REVISION(module) is None:
            raise InvalidValue(f"module: {module!r} is not a module's name with its revision")
    return InstanceDataSet(said.get("name"), mode, tuple(modules), said.get("datastore"), said.get("timestamp"))


def describe(
    tree: Node, name: str, mode: Mode = "explicit", datastore: str | None = None, timestamp: str | None = None
) -> InstanceDataSet:
    """Return what is to be said of `tree`: the modules that it has nodes of among it."""
    used: dict[str, Module] = {}
    _collect(tree, used)
    modules = tuple(f"{name}@{used[name].revision}" if used[name].revision else name for name in sorted(used))
    return InstanceDataSet(name, mode, modules, datastore, timestamp)


def _collect(node: Node, used: dict[str, Module]) -> None:
    level = [node]
    while level:
        node = level.pop()
        for name, child in node.children.items():
            module = node.schema.children[name].module
            used[module.name] = module
            if isinstance(child, Node):
                level.append(child)
            elif isinstance(child, Entries):
                level.extend(child.values())


def print_xml(said: InstanceDataSet, tree: Node) -> str:
    """Return an instance data file in XML, of what `tree` has at the top."""
    modules = "".join(f"<module>{escape(module)}</module>" for module in said.modules)
    prefix = ""
    datastore = said.datastore
    if datastore is not None:
        prefix = ' xmlns:ds="urn:ietf:params:xml:ns:yang:ietf-datastores"'
        datastore = f"ds:{datastore.rpartition(':')[2]}"
    leaves = {"name": said.name, "includes-defaults": said.includes_defaults}
    later = {"datastore": datastore, "timestamp": said.timestamp}
    return (
        f'<instance-data-set xmlns="{NAMESPACE}"{prefix}>{_leaves(leaves)}'
        + (f"<content-schema>{modules}</content-schema>" if modules else "")
        + f"{_leaves(later)}<{CONTENT}>{xml_in(tree, said.includes_defaults, within=True)}</{CONTENT}></instance-data-set>"
    )


def _leaves(leaves: dict[str, Any]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in leaves.items() if value is not None)


def print_json(said: InstanceDataSet, tree: Node, indent: int | None = None) -> str:
    """Return an instance data file in JSON, of what `tree` has at the top."""
    members = {
        "name": said.name,
        "includes-defaults": said.includes_defaults,
        "content-schema": {"module": list(said.modules)} if said.modules else None,
        "datastore": said.datastore,
        "timestamp": said.timestamp,
        CONTENT: members_in(tree, said.includes_defaults, within=True),
    }
    members = {name: value for name, value in members.items() if value is not None}
    return json.dumps({MEMBER: members}, ensure_ascii=False, indent=indent)
