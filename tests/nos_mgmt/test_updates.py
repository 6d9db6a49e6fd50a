"""push-change-update carries a YANG Patch that leads from what a receiver has to what there is (RFC 8641 section 3.7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from nos_mgmt.notifications.updates import PATCH, PUSH, change_update, edits_between
from tests.conftest import config, module
from tests.yang.playground import pairs, playground, schema_of
from yang.edit import edit_config
from yang.filter import select
from yang.patch_document import read_patch
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children
from yang.yang_patch import apply_patch

if TYPE_CHECKING:
    from typing import Any

    from nos_mgmt.notifications.updates import Edit
    from yang.path import Path
    from yang.tree import Node

SCHEMA = schema_of(
    module(
        """
        container box {
          list port { key name; leaf name { type string; } leaf kind { type string; }
            container config { leaf mtu { type uint16; } } container other { leaf a { type string; } } }
          list song { key name; ordered-by user; leaf name { type string; } leaf length { type uint16; } }
          leaf-list word { type string; ordered-by user; }
        }
        """
    )
)


def everything(tree: Node) -> Node:
    """See all."""
    return tree


def patched(before: Node, after: Node) -> Node:
    """Return `before` with the update carried out on it that leads to `after`."""
    update = parse_document(change_update(1, 1, edits_between(before, after, None, everything)).encode())
    found = update.find(f"{{{PUSH}}}datastore-changes/{{{PUSH}}}yang-patch")
    assert found is not None
    for element in found.iter(f"{{{PUSH}}}*"):
        element.tag = f"{{{PATCH}}}{etree.QName(element).localname}"
    for operation in found.iter(f"{{{PATCH}}}operation"):
        # a receiver may be told to delete what is not there (RFC 8641 section 3.7): with one case of a choice the other goes
        operation.text = "remove" if operation.text == "delete" else operation.text
    tree, status = apply_patch(before, read_patch(found), validates=False)
    assert status.is_ok, status
    return tree


# drawing is slow while many tests run at once
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pairs(playground()))
def test_an_update_leads_from_one_tree_to_the_other(both: tuple[Node, Node]) -> None:
    before, after = both
    assert patched(before, after) == after


def tree_of(content: str) -> Node:
    """Return a tree."""
    return read_data(parse_document(f'<data xmlns="urn:m"><box>{content}</box></data>'.encode()), SCHEMA)


def port(name: str, mtu: int, kind: str = "e") -> str:
    """Return an entry."""
    return (
        f"<port><name>{name}</name><kind>{kind}</kind><config><mtu>{mtu}</mtu></config><other><a>x</a></other></port>"
    )


def told(before: Node, after: Node, content: str) -> list[str]:
    """Return what a filter has told, one line for each edit."""
    wanted: Any = list(config(f'<box xmlns="urn:m">{content}</box>'))  # type: ignore[call-overload]
    return [f"{edit.operation} {edit.path}" for edit in edits_between(before, after, wanted, everything)]


def test_what_a_filter_does_not_select_is_not_told() -> None:
    before, after = tree_of(port("p1", 1) + port("p2", 1)), tree_of(port("p1", 2) + port("p2", 2))
    assert told(before, after, "<port><name>p1</name><config/></port>") == ["replace /m:box/port[name='p1']/config/mtu"]
    assert told(before, after, "<port><other/></port>") == []


def test_what_a_filter_selects_no_more_is_told_to_be_gone() -> None:
    """The leaf that the filter looks at has changed; what it selects has not."""
    before = tree_of(port("p1", 1))
    edit = '<box xmlns="urn:m"><port><name>p1</name><kind>x</kind></port></box>'
    after = edit_config(before, config(edit))  # type: ignore[arg-type]
    assert told(before, after, "<port><kind>e</kind><config/></port>") == ["delete /m:box/port[name='p1']"]
    assert told(after, before, "<port><kind>e</kind><config/></port>") == ["create /m:box/port[name='p1']"]


def test_its_cost_does_not_grow_with_what_is_the_same() -> None:
    """Only what was changed is looked at, by whoever sees to it what is visible as well."""
    before = tree_of("".join(port(f"p{number}", 1) for number in range(2000)))
    edit = '<box xmlns="urn:m"><port><name>p7</name><config><mtu>2</mtu></config></port></box>'
    after = edit_config(before, config(edit))  # type: ignore[arg-type]
    seen: list[int] = []

    def counting(tree: Node) -> Node:
        seen.append(len(tree.get("m:box").get("port")))
        return tree

    wanted: Any = list(config('<box xmlns="urn:m"><port><config/></port></box>'))  # type: ignore[call-overload]
    assert len(edits_between(before, after, wanted, counting)) == 1
    assert seen == [1, 1]


def test_what_is_invisible_is_not_told() -> None:
    before, after = tree_of(port("p1", 1)), tree_of(port("p1", 2))

    def without_config(tree: Node) -> Node:
        wanted: Any = list(config('<box xmlns="urn:m"><port><other/></port></box>'))  # type: ignore[call-overload]
        return select(tree, wanted)

    assert edits_between(before, after, None, without_config) == []
    assert "mtu" not in print_children(without_config(after))


def test_what_is_beside_a_change_is_not_told_to_be_new() -> None:
    """Of an entry and of what it stands in, the rest is known already, though it does not matter to the change."""
    before = tree_of("<port><name>p1</name><other><a>x</a></other></port>" + port("p2", 1))
    edit = '<box xmlns="urn:m"><port><name>p1</name><config><mtu>2</mtu></config></port></box>'
    after = edit_config(before, config(edit))  # type: ignore[arg-type]
    assert told(before, after, "<port><config/><other/></port>") == ["create /m:box/port[name='p1']/config"]
    assert told(after, before, "<port><config/><other/></port>") == ["delete /m:box/port[name='p1']/config"]
    assert told(before, after, "<port><config/></port>") == ["create /m:box/port[name='p1']"]
    assert told(after, before, "<port><config/></port>") == ["delete /m:box/port[name='p1']"]


PORTS = st.dictionaries(
    st.sampled_from(["p1", "p2", "p3"]),
    st.tuples(st.sampled_from(["e", "x", ""]), st.none() | st.integers(1, 2), st.sampled_from(["", "a", "b"])),
)
FILTERS = (
    "<port/>",
    "<port><config/></port>",
    "<port><config/><other/></port>",
    "<port><name>p1</name></port>",
    "<port><kind>e</kind><config/></port>",
    "<port><kind>e</kind></port>",
    "<port><config><mtu>1</mtu></config></port>",
    "<port><config><mtu/></config></port><port><name>p2</name><other/></port>",
)


def box(ports: dict[str, tuple[str, int | None, str]]) -> str:
    """Return the content of a box."""
    return "".join(
        f"<port><name>{name}</name>{f'<kind>{kind}</kind>' * bool(kind)}"
        f"{f'<config><mtu>{mtu}</mtu></config>' * (mtu is not None)}{f'<other><a>{a}</a></other>' * bool(a)}</port>"
        for name, (kind, mtu, a) in ports.items()
    )


def known(tree: Node) -> str:
    """Return what a tree says, but for entries of which nothing but the key is there, and for empty containers."""
    text = re.sub(r"<port><name>p\d</name></port>", "", print_children(tree))
    return re.sub(r"<box xmlns=.urn:m.(/|></box)>", "", text)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=PORTS, edits=PORTS, gone=st.sets(st.sampled_from(["p1", "p2", "p3"])), content=st.sampled_from(FILTERS))
def test_whoever_carries_out_what_it_is_told_has_what_the_filter_selects(
    before: dict[str, tuple[str, int | None, str]],
    edits: dict[str, tuple[str, int | None, str]],
    gone: set[str],
    content: str,
) -> None:
    old = tree_of(box(before))
    # an edit of the tree, so that both share what is the same
    removed = "".join(f'<port nc:operation="remove"><name>{name}</name></port>' for name in gone - edits.keys())
    new = edit_config(old, config(f'<box xmlns="urn:m">{removed}{box(edits)}</box>'))  # type: ignore[arg-type]
    wanted: Any = list(config(f'<box xmlns="urn:m">{content}</box>'))  # type: ignore[call-overload]
    receiver = select(old, wanted)
    for edit in edits_between(old, new, wanted, everything):
        receiver = carried_out(receiver, edit)
    assert known(receiver) == known(select(new, wanted))


def carried_out(tree: Node, edit: Edit) -> Node:
    """Return `tree` after an edit, for which nothing needs to be there, or not to be there (RFC 8641 section 3.7)."""
    steps = edit.path.steps()
    text = edit.value or named(steps[-1], "")
    operation = "remove" if edit.operation == "delete" else "replace"
    text = text.replace(" xmlns=", f' nc:operation="{operation}" xmlns=', 1)
    for step in reversed(steps[:-1]):
        text = named(step, text)
    return edit_config(tree, config(text))  # type: ignore[arg-type]


def named(step: Path, content: str) -> str:
    """Return the element of a node, with its keys and `content`."""
    name, keys = step.schema.name, zip(step.schema.keys, step.key or (), strict=False)
    return f'<{name} xmlns="urn:m">{"".join(f"<{key}>{value}</{key}>" for key, value in keys)}{content}</{name}>'
