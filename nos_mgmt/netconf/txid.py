"""Transaction ids: etags in what is read and in what is changed (draft-ietf-netconf-transaction-id)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from lxml import etree

from datastore.conditions import Condition, versioned
from yang.annotated import child_of, print_marked
from yang.etags import etag, is_same
from yang.filter import ETAG, TXID, keys_wanted, select
from yang.path import Path
from yang.tree import Entries, Node
from yang.xmldata import path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from nos_mgmt.netconf.session import Call
    from yang.annotated import Mark
    from yang.schema import SchemaNode
    from yang.tree import Child, Key

CAPABILITY = "urn:ietf:params:netconf:capability:txid:etag:1.0"
WITH_ETAG = "ietf-netconf-txid:with-etag"
MATCH = ' txid:etag="="'
KNOWN = etree.XPath("descendant-or-self::*[@t:etag]", namespaces={"t": TXID})


def is_asked(call: Call) -> bool:
    """Return whether a request says anything of etags."""
    return bool(KNOWN(call.operation))


def data(opened: str, call: Call, tree: Node, selected: Node, more: Sequence[Mark] = ()) -> str:
    """Return the element `opened` with the part `selected` of a datastore in it, and the etags of `tree`.

    What the client has is left out (section "Subsequent Configuration Retrieval").
    """
    filter_ = next(
        (child for child in call.operation if _name(child) in ("filter", "subtree-filter", "xpath-filter")), None
    )
    elements = list(filter_) if filter_ is not None else []
    known = call.operation.get(ETAG)
    if known is None and filter_ is not None:
        known = filter_.get(ETAG)
    past = [call.access.visible(version) for version in call.device.versions.trees()]
    mark = EtagMark(tree, elements, None, str(known) if known is not None else None, None, past)
    start = f'<{opened} xmlns:txid="{TXID}"{mark.attributes()}'
    return f"{start}/>" if mark.is_pruned() else f"{start}>{print_marked(selected, [mark, *more])}</data>"


def conditions(call: Call, config: _Element) -> list[Condition]:
    """Return what the client knows of the nodes that it edits (section "Conditional Transactions")."""
    visible = call.access.visible
    return [
        Condition(path_of(element, config, call.device.schema.root, None), str(element.get(ETAG)), visible)
        for element in cast("list[_Element]", KNOWN(config))
    ]


def ok(call: Call, tree: Node) -> str | None:
    """Return the reply to a change that has left `tree`: with its etag if the client has asked for that."""
    if not call.input.get(WITH_ETAG):
        return None
    call.device.versions.remember(tree)
    return f'<ok xmlns:txid="{TXID}" txid:etag="{etag(call.access.visible(tree))}"/>'


class EtagMark:
    """What is said of a container or list entry: its etag, or that the client has it already."""

    def __init__(
        self,
        node: Node,
        elements: Sequence[_Element],
        path: Path | None,
        known: str | None,
        inherited: Node | None,
        past: Sequence[Node],
        *,
        is_own: bool = True,
    ) -> None:
        """Speak of `node` at `path`, which the filter `elements` are for, and of which the client knows the etag `known`.

        Unless the etag `is_own`, it is that of what is around: then the node is known in the state `inherited`, if any. States
        of the whole tree that a client may know are in `past`.
        """
        self._node = node
        self._path = path
        self._elements = elements
        self._known = known
        self._past = past
        self._inherited = inherited
        self._is_own = is_own
        self._index: dict[str, tuple[list[_Element], dict[Key, list[_Element]]]] = {}

    def attributes(self) -> str:
        """Return the etag, if the client wants to have it."""
        if self._known is None:
            return ""
        return MATCH if self.is_pruned() else f' txid:etag="{etag(self._node)}"'

    def is_pruned(self) -> bool:
        """Return whether the client has the node as it is."""
        return self._is_known

    @cached_property
    def _is_known(self) -> bool:
        if self._known is None:
            return False
        return etag(self._node) == self._known or is_same(self._node, self._inherited)

    @cached_property
    def _as_known(self) -> Node | None:
        """The node in the state that the client knows, if that is remembered."""
        if not self._is_own or self._known is None:
            return self._inherited
        states = (versioned(tree, self._path) for tree in self._past)
        return next((node for node in states if node is not None and etag(node) == self._known), None)

    def below(self, schema: SchemaNode, key: Key | None, child: Child) -> Mark | None:
        """Return what is said of a child."""
        elements = self._for(schema, key)
        own = next((str(known) for element in reversed(elements) if (known := element.get(ETAG)) is not None), None)
        here = child_of(self._node, schema, key)
        if not isinstance(here, Node):
            is_known = own is not None and own == etag(self._node)
            return LEAF_MARK if is_known and not isinstance(child, Node) else None
        if own is None and self._known is None and not elements:
            return None
        state = child_of(self._as_known, schema, key) if own is None else None
        return EtagMark(
            here,
            elements,
            Path(self._path, schema, key),
            own or self._known,
            state if isinstance(state, Node) else None,
            self._past,
            is_own=own is not None,
        )

    def _for(self, schema: SchemaNode, key: Key | None) -> list[_Element]:
        """Return the filter elements for a child, in the order of the filter."""
        found = self._index.get(schema.qname)
        if found is None:
            found = self._index[schema.qname] = self._indexed(schema)
        general, by_key = found
        return [*(element for element in general if self._selects(element, schema, key)), *by_key.get(key or (), ())]

    def _indexed(self, schema: SchemaNode) -> tuple[list[_Element], dict[Key, list[_Element]]]:
        general: list[_Element] = []
        by_key: dict[Key, list[_Element]] = {}
        for element in self._elements:
            for inner in element if self._path is not None else (element,):
                if inner.tag in (schema.tag, schema.name):
                    keys = keys_wanted([inner], [schema]) if schema.kind == "list" else None
                    if keys is None:
                        general.append(inner)
                    for key in keys or ():
                        by_key.setdefault(key, []).append(inner)
        return general, by_key

    def _selects(self, element: _Element, schema: SchemaNode, key: Key | None) -> bool:
        entry = child_of(self._node, schema, key)
        if schema.kind != "list" or not len(element) or not isinstance(entry, Node):
            return True
        alone = Node(self._node.schema, {schema.qname: Entries(schema, {key or (): entry})})
        return bool(select(alone, [element]).children)


class _KnownLeaf:
    """What is said of a leaf that the client has: it has the etag of what it is in."""

    def attributes(self) -> str:
        return MATCH

    def is_pruned(self) -> bool:
        return True

    def below(self, schema: SchemaNode, key: Key | None, child: Child) -> None:
        """Return nothing: there is nothing below a leaf."""


LEAF_MARK = _KnownLeaf()


def _name(element: _Element) -> str:
    return etree.QName(element).localname
