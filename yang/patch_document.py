"""YANG Patch documents (RFC 8072 section 2.2), in XML and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from yang.errors import BadElement, InvalidValue, MissingElement, UnknownElement
from yang.json_document import JsonDocument
from yang.patch_status import PATCH
from yang.values import listed
from yang.yang_patch import Edit, YangPatch, make_edit

if TYPE_CHECKING:
    from collections.abc import Iterable

TAG, MEMBER = f"{{{PATCH}}}yang-patch", "ietf-yang-patch:yang-patch"
OF_PATCH = ("patch-id", "comment", "edit")
OF_EDIT = ("edit-id", "operation", "target", "point", "where", "value")


def read_patch(element: etree._Element) -> YangPatch:
    """Return the patch of an element `yang-patch`.

    Raises:
        RequestError: It is not as RFC 8072 has it.
    """
    if element.tag != TAG:
        raise BadElement(f"{element.tag} is no yang-patch")
    said = _children(element, OF_PATCH)
    edits = [_children(child, OF_EDIT) for child in element if child.tag == f"{{{PATCH}}}edit"]
    return _patch(said, edits)


def read_json_patch(document: JsonDocument) -> YangPatch:
    """Return the patch of a document with the member `ietf-yang-patch:yang-patch`.

    Raises:
        RequestError: It is not as RFC 8072 has it.
    """
    value = document.value
    if not isinstance(value, dict) or list(value) != [MEMBER]:
        raise BadElement(f"a yang-patch is an object with the one member {MEMBER}")
    said = _members(value[MEMBER], OF_PATCH, "yang-patch")
    edits = []
    listed_edits = said.get("edit", [])
    if not isinstance(listed_edits, list):
        raise BadElement("edit is no array", info=(("bad-element", "edit"),))
    for members in listed_edits:
        edit = _members(members, OF_EDIT, "edit")
        if "value" in edit:
            edit["value"] = JsonDocument(document.text, edit["value"], document.limits)
        edits.append(edit)
    return _patch(said, edits)


def _patch(said: dict[str, Any], edits: list[dict[str, Any]]) -> YangPatch:
    _require(said, ["patch-id"], "yang-patch")
    made: dict[str, Edit] = {}
    for edit in edits:
        _require(edit, ["edit-id", "operation", "target"], "edit")
        if edit["edit-id"] in made:
            raise BadElement(f"edit {edit['edit-id']} is given twice", info=(("bad-element", "edit-id"),))
        made[edit["edit-id"]] = make_edit(edit)
    return YangPatch(said["patch-id"], tuple(made.values()), said.get("comment"))


def _children(element: etree._Element, known: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        name = etree.QName(child)
        if name.namespace != PATCH or name.localname not in known:
            raise _unknown(element, name.localname, known)
        if name.localname in found and name.localname != "edit":
            raise BadElement(f"{name.localname} is given twice", info=(("bad-element", name.localname),))
        found[name.localname] = child if name.localname in ("value", "edit") else (child.text or "").strip()
    return found


def _members(value: Any, known: Iterable[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadElement(f"{what} is no object", info=(("bad-element", what),))
    if twice := getattr(value, "duplicates", ()):
        raise BadElement(f"{twice[0]} is given twice", info=(("bad-element", twice[0]),))
    for name, each in value.items():
        if name not in known:
            raise _unknown(what, name, known)
        if name not in ("value", "edit") and not isinstance(each, str):
            raise InvalidValue(f"{name} is no string", info=(("bad-element", name),))
    return dict(value)


def _unknown(what: object, name: str, known: Iterable[str]) -> UnknownElement:
    of = etree.QName(what).localname if isinstance(what, etree._Element) else what  # noqa: SLF001 - lxml names it so
    return UnknownElement(f"{of} has no {name}; it has {listed(known)}", info=(("bad-element", name),))


def _require(said: dict[str, Any], names: list[str], what: str) -> None:
    for name in names:
        if name not in said:
            raise MissingElement(f"{what} has no {name}", info=(("bad-element", name),))
