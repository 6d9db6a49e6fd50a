"""Replies read as RFC 6241 wants them: every error that a test meets is held against appendix A."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from yang.diff import NETCONF

APPENDIX_A: dict[str, tuple[set[str], set[str]]] = {
    "in-use": ({"protocol", "application"}, set()),
    "invalid-value": ({"protocol", "application"}, set()),
    "too-big": ({"transport", "rpc", "protocol", "application"}, set()),
    "missing-attribute": ({"rpc", "protocol", "application"}, {"bad-attribute", "bad-element"}),
    "bad-attribute": ({"rpc", "protocol", "application"}, {"bad-attribute", "bad-element"}),
    "unknown-attribute": ({"rpc", "protocol", "application"}, {"bad-attribute", "bad-element"}),
    "missing-element": ({"protocol", "application"}, {"bad-element"}),
    "bad-element": ({"protocol", "application"}, {"bad-element"}),
    "unknown-element": ({"protocol", "application"}, {"bad-element"}),
    "unknown-namespace": ({"protocol", "application"}, {"bad-element", "bad-namespace"}),
    "access-denied": ({"protocol", "application"}, set()),
    "lock-denied": ({"protocol"}, {"session-id"}),
    "resource-denied": ({"transport", "rpc", "protocol", "application"}, set()),
    "rollback-failed": ({"protocol", "application"}, set()),
    "data-exists": ({"application"}, set()),
    "data-missing": ({"application"}, set()),
    "operation-not-supported": ({"protocol", "application"}, set()),
    "operation-failed": ({"rpc", "protocol", "application"}, set()),
    "malformed-message": ({"rpc"}, set()),
}
"""The error-types that go with an error-tag, and what its error-info has to hold."""
ORDER = ["error-type", "error-tag", "error-severity", "error-app-tag", "error-path", "error-message", "error-info"]
"""The sequence of appendix B."""


class Error(NamedTuple):
    """One rpc-error."""

    type: str
    tag: str
    app_tag: str | None
    path: str | None
    message: str
    info: dict[str, str]


def parsed(reply: str | bytes) -> etree._Element:
    """Return the rpc-reply, which has to be one."""
    root = etree.fromstring(reply if isinstance(reply, bytes) else reply.encode())
    assert root.tag == f"{{{NETCONF}}}rpc-reply"
    return root


def is_ok(reply: str | bytes) -> bool:
    """Return whether a reply is ok and nothing else (section 4.4)."""
    return [child.tag for child in parsed(reply)] == [f"{{{NETCONF}}}ok"]


def errors(reply: str | bytes) -> list[Error]:
    """Return the errors in a reply that holds nothing else."""
    found = list(parsed(reply))
    assert found
    return [_error(element) for element in found]


def error(reply: str | bytes) -> Error:
    """Return the one error in a reply."""
    (found,) = errors(reply)
    return found


def data(reply: str | bytes) -> list[etree._Element]:
    """Return what stands in the data element of a reply."""
    (found,) = parsed(reply)
    assert found.tag.endswith("}data"), etree.tostring(found)
    return list(found)


def _error(element: etree._Element) -> Error:
    assert element.tag == f"{{{NETCONF}}}rpc-error", etree.tostring(element)
    children = {etree.QName(child).localname: child for child in element}
    assert len(children) == len(element)
    assert list(children) == [name for name in ORDER if name in children]
    assert {etree.QName(child).namespace for child in element} == {NETCONF}
    texts = {name: child.text or "" for name, child in children.items()}
    types, needed = APPENDIX_A[texts["error-tag"]]
    assert texts["error-type"] in types, etree.tostring(element)
    assert texts["error-severity"] == "error"
    assert children["error-message"].get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    info = {etree.QName(child).localname: child.text or "" for child in children.get("error-info", ())}
    assert needed <= info.keys(), etree.tostring(element)
    if "error-path" in children:
        _resolved(children["error-path"])
    return Error(
        texts["error-type"],
        texts["error-tag"],
        texts.get("error-app-tag"),
        texts.get("error-path"),
        texts["error-message"],
        info,
    )


def _resolved(path: etree._Element) -> None:
    """Assert that an XPath evaluates with the namespaces that are declared where it stands (section 4.3)."""
    namespaces = {prefix: uri for prefix, uri in path.nsmap.items() if prefix is not None}
    etree.XPath(path.text or "", namespaces=namespaces)(path)
    outside_literals = re.sub(r"'[^']*'|\"[^\"]*\"", "", path.text or "")
    assert all(":" in step for step in re.findall(r"/([^/\[]+)", outside_literals)), path.text
