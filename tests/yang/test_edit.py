"""edit-config on trees: what each operation does to each kind of node, and what it says when it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import config, empty, module
from tests.yang.playground import pairs, playground, schema_of, trees
from yang.diff import difference, in_config
from yang.edit import edit_config
from yang.errors import RequestError
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from yang.edit import DefaultOperation
    from yang.tree import Node

SCHEMA = schema_of(
    module(
        """
        identity base; identity one { base base; } identity two { base base; }
        container c {
          leaf a { type int8; } leaf b { type string; } leaf-list set { type int8; }
          container inner { leaf d { type string; } leaf e { type string; } }
          container here { presence "here"; leaf f { type string; } }
          anyxml xml;
        }
        leaf top { type string; }
        list port {
          key name; leaf name { type string; } leaf mtu { type uint16; }
          container config { leaf speed { type uint8; } leaf label { type string; } }
          list unit { key "index kind"; leaf kind { type identityref { base base; } } leaf index { type uint8; }
            leaf address { type string; } }
        }
        list rule { key name; ordered-by user; leaf name { type string; } leaf action { type string; } }
        list pair { key "x y"; ordered-by user; leaf y { type uint8; } leaf x { type identityref { base base; } } }
        leaf-list order { type string; ordered-by user; }
        leaf-list kinds { type identityref { base base; } ordered-by user; }
        choice way {
          case left { leaf l1 { type string; } leaf l2 { type string; } container lc { leaf l3 { type string; } } }
          list right { key k; leaf k { type string; } }
          case deep { choice below { leaf n1 { type string; } leaf n2 { type string; } } leaf n3 { type string; } }
        }
        container state { config false; leaf counter { type uint8; } }
        leaf gone { type string; }
        rpc act;
        """
    ),
    module("leaf other { type string; }", "n", "n"),
)
SCHEMA = SCHEMA.supporting(
    child.path() + ("/*" if child.is_inner else "")
    for child in SCHEMA.root.children.values()
    if child.path() != "/m:gone"
)
XMLNS = 'xmlns="urn:m" xmlns:n="urn:n"'
OLD = """
    <c><a>1</a><b>x</b><set>1</set><set>2</set><inner><d>y</d></inner><here><f>z</f></here></c><top>t</top>
    <port><name>p1</name><mtu>1500</mtu><config><speed>10</speed></config>
      <unit><index>0</index><kind>one</kind><address>u</address></unit></port>
    <port><name>p2</name></port>
    <rule><name>r1</name><action>go</action></rule><rule><name>r2</name></rule><rule><name>r3</name></rule>
    <order>x</order><order>y</order><order>z</order>
"""


def read(content: str) -> Node:
    return read_data(parse_document(f"<data {XMLNS}>{content}</data>".encode()), SCHEMA)


def edited(
    content: str,
    default_operation: DefaultOperation = "merge",
    before: str = OLD,
    errors: list[RequestError] | None = None,
) -> Node:
    """Return the tree that an edit of the tree `before` leads to."""
    wrapped = parse_document(in_config(content).replace("<config", f"<config {XMLNS}", 1).encode())
    return edit_config(read(before), wrapped, default_operation, errors)


def refused(content: str, default_operation: DefaultOperation = "merge", before: str = OLD) -> RequestError:
    with pytest.raises(RequestError) as raised:
        edited(content, default_operation, before)
    return raised.value


def op(name: str) -> str:
    return f'nc:operation="{name}"'


# every operation on every kind of node: what stands there before, the edit, what stands there after


A1, A2, NONE = "<c><a>1</a></c>", "<c><a>2</a></c>", ""
SET12, SET123 = "<c><set>1</set><set>2</set></c>", "<c><set>1</set><set>2</set><set>3</set></c>"
INNER = "<c><inner><d>y</d></inner></c>"
BOTH = "<c><inner><d>y</d><e>new</e></inner></c>"
NEW = "<c><inner><e>new</e></inner></c>"
HERE, HERE_F = "<c><here/></c>", "<c><here><f>z</f></here></c>"
PORT = "<port><name>p1</name><mtu>1500</mtu><config><speed>10</speed></config></port>"
PORT_NEW = "<port><name>p1</name><config><speed>10</speed><label>new</label></config><mtu>1500</mtu></port>"
PORT_ONLY = "<port><name>p1</name><config><label>new</label></config></port>"
UNIT = "<port><name>p1</name><unit><index>0</index><kind>one</kind><address>u</address></unit></port>"
UNIT_BARE = "<port><name>p1</name><unit><index>0</index><kind>one</kind></unit></port>"
P1 = "<port><name>p1</name></port>"


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        # a leaf
        (NONE, "<c><a>1</a></c>", A1),
        (A1, "<c><a>2</a></c>", A2),
        (A1, f"<c><a {op('merge')}>2</a></c>", A2),
        (A1, f"<c><a {op('replace')}>2</a></c>", A2),
        (NONE, f"<c><a {op('replace')}>2</a></c>", A2),
        (NONE, f"<c><a {op('create')}>2</a></c>", A2),
        (A1, f"<c><a {op('create')}>2</a></c>", "data-exists"),
        (A1, f"<c><a {op('delete')}/></c>", NONE),
        (A1, f"<c><a {op('delete')}>5</a></c>", NONE),
        (NONE, f"<c><a {op('delete')}/></c>", "data-missing"),
        (A1, f"<c><a {op('remove')}/></c>", NONE),
        (NONE, f"<c><a {op('remove')}/></c>", NONE),
        # a leaf-list
        (SET12, "<c><set>3</set><set>1</set></c>", SET123),
        (SET12, f"<c><set {op('create')}>3</set></c>", SET123),
        (SET12, f"<c><set {op('create')}>2</set></c>", "data-exists"),
        (SET12, f"<c><set {op('replace')}>3</set></c>", SET123),
        (SET123, f"<c><set {op('delete')}>3</set></c>", SET12),
        (SET12, f"<c><set {op('delete')}>3</set></c>", "data-missing"),
        (SET123, f"<c><set {op('remove')}>3</set></c>", SET12),
        (SET12, f"<c><set {op('remove')}>3</set></c>", SET12),
        (SET12, f"<c><set {op('delete')}>1</set><set {op('delete')}>2</set></c>", NONE),
        # a container
        (INNER, "<c><inner><e>new</e></inner></c>", BOTH),
        (INNER, f"<c><inner {op('merge')}><e>new</e></inner></c>", BOTH),
        (INNER, f"<c><inner {op('replace')}><e>new</e></inner></c>", NEW),
        (NONE, f"<c><inner {op('replace')}><e>new</e></inner></c>", NEW),
        (INNER, f"<c><inner {op('replace')}/></c>", NONE),
        (NONE, f"<c><inner {op('create')}><e>new</e></inner></c>", NEW),
        (INNER, f"<c><inner {op('create')}><e>new</e></inner></c>", "data-exists"),
        (INNER, f"<c><inner {op('delete')}/></c>", NONE),
        (INNER, f"<c><inner {op('delete')}><d>anything</d></inner></c>", NONE),
        (NONE, f"<c><inner {op('delete')}/></c>", "data-missing"),
        (NONE, f"<c><inner {op('remove')}/></c>", NONE),
        # a presence container
        (NONE, "<c><here/></c>", HERE),
        (HERE_F, "<c><here/></c>", HERE_F),
        (HERE_F, f"<c><here {op('replace')}/></c>", HERE),
        (NONE, f"<c><here {op('create')}/></c>", HERE),
        (HERE, f"<c><here {op('create')}/></c>", "data-exists"),
        (HERE, f"<c><here {op('delete')}/></c>", NONE),
        (NONE, f"<c><here {op('delete')}/></c>", "data-missing"),
        (HERE_F, f"<c><here><f {op('delete')}/></here></c>", HERE),
        (NONE, f"<c><here {op('remove')}/></c>", NONE),
        # anyxml
        (NONE, "<c><xml>a<b/></xml></c>", "<c><xml>a<b/></xml></c>"),
        ("<c><xml>a<b/></xml></c>", "<c><xml><d/></xml></c>", "<c><xml><d/></xml></c>"),
        ("<c><xml>a</xml></c>", f"<c><xml {op('create')}>b</xml></c>", "data-exists"),
        ("<c><xml>a</xml></c>", f"<c><xml {op('delete')}/></c>", NONE),
        (NONE, f"<c><xml {op('delete')}/></c>", "data-missing"),
        # a list entry
        (NONE, PORT, PORT),
        (PORT, "<port><name>p1</name><config><label>new</label></config></port>", PORT_NEW),
        (PORT, f"<port {op('replace')}><name>p1</name><config><label>new</label></config></port>", PORT_ONLY),
        (PORT, f"<port {op('replace')}><name>p1</name></port>", P1),
        (NONE, f"<port {op('replace')}><name>p1</name></port>", P1),
        (NONE, f"<port {op('create')}><name>p1</name></port>", P1),
        (PORT, f"<port {op('create')}><name>p1</name></port>", "data-exists"),
        (PORT, f"<port {op('delete')}><name>p1</name></port>", NONE),
        (NONE, f"<port {op('delete')}><name>p1</name></port>", "data-missing"),
        (PORT, f"<port {op('delete')}><name>p2</name></port>", "data-missing"),
        (PORT, f"<port {op('remove')}><name>p1</name></port>", NONE),
        (PORT, f"<port {op('remove')}><name>p2</name></port>", PORT),
        # an entry in an entry
        (P1, f"<port><name>p1</name><unit {op('create')}><index>0</index><kind>one</kind></unit></port>", UNIT_BARE),
        (
            UNIT,
            f"<port><name>p1</name><unit {op('create')}><index>0</index><kind>one</kind></unit></port>",
            "data-exists",
        ),
        (UNIT, f"<port><name>p1</name><unit {op('replace')}><index>0</index><kind>one</kind></unit></port>", UNIT_BARE),
        (UNIT, f"<port><name>p1</name><unit {op('delete')}><index>0</index><kind>one</kind></unit></port>", P1),
        (
            UNIT,
            f"<port><name>p1</name><unit {op('delete')}><index>0</index><kind>two</kind></unit></port>",
            "data-missing",
        ),
        # operations inside operations
        (INNER, f"<c {op('replace')}><a>2</a></c>", A2),
        (INNER, f"<c {op('replace')}><inner {op('merge')}><e>new</e></inner></c>", NEW),
        (NONE, f"<c {op('create')}><a>1</a><inner {op('remove')}/></c>", A1),
        (NONE, f"<c {op('create')}><a>1</a><inner {op('delete')}/></c>", "data-missing"),
        (INNER, f"<c {op('remove')}/><c/>", "bad-element"),
        (PORT, f"<port><name>p1</name><config {op('delete')}/><mtu {op('delete')}/></port>", P1),
        (PORT, f"<port {op('merge')}><name>p1</name><config {op('replace')}><speed>10</speed></config></port>", PORT),
    ],
)
def test_each_operation_does_to_each_kind_of_node_what_its_rfc_says(before: str, edit: str, after: str) -> None:
    if after in ("data-exists", "data-missing", "bad-element"):
        assert refused(edit, before=before).tag == after
    else:
        assert edited(edit, before=before) == read(after)


@given(trees(playground()), trees(playground()))
def test_a_replace_of_everything_leaves_what_is_given(a: Node, b: Node) -> None:
    assert edit_config(a, parse_document(in_config(print_children(b)).encode()), "replace") == b


@given(pairs(playground()))
def test_a_merge_twice_is_a_merge_once(both: tuple[Node, Node]) -> None:
    a, b = both
    document = parse_document(in_config(print_children(b)).encode())
    once = edit_config(a, document)
    assert edit_config(once, document) is once


# default-operation


def test_merge_by_default_adds_to_what_is_there() -> None:
    assert edited("<c><b>new</b></c>") == read(OLD.replace("<b>x</b>", "<b>new</b>"))


def test_replace_by_default_leaves_nothing_else() -> None:
    assert edited("<c><b>new</b></c>", "replace") == read("<c><b>new</b></c>")
    assert edited("", "replace") == empty(SCHEMA)


def test_none_by_default_changes_nothing_without_an_operation() -> None:
    same = "<c><a>5</a><set>1</set><inner><d>q</d></inner><here/></c><port><name>p1</name><mtu>1</mtu></port>"
    assert edited(same, "none") == read(OLD)


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ("<c><inner><e>1</e></inner></c>", "/m:c/inner/e"),
        ("<c><set>9</set></c>", "/m:c/set[.='9']"),
        ("<port><name>p9</name></port>", "/m:port[name='p9']"),
        ("<port><name>p2</name><mtu>1</mtu></port>", "/m:port[name='p2']/mtu"),
        ("<c><xml/></c>", "/m:c/xml"),
    ],
)
def test_none_by_default_misses_what_is_not_there(content: str, path: str) -> None:
    error = refused(content, "none")
    assert (error.tag, str(error.path)) == ("data-missing", path)


def test_none_by_default_misses_a_presence_container() -> None:
    assert refused("<c><here><f>1</f></here></c>", "none", "").tag == "data-missing"


def test_an_operation_below_none_is_carried_out() -> None:
    content = f"<port><name>p1</name><config><speed {op('delete')}/></config></port><c><inner><e {op('create')}>1</e></inner></c>"
    expected = OLD.replace("<config><speed>10</speed></config>", "").replace("<d>y</d>", "<d>y</d><e>1</e>")
    assert edited(content, "none") == read(expected)
    assert edited(f"<c><inner><e {op('create')}>1</e></inner></c>", "none", "") == read(
        "<c><inner><e>1</e></inner></c>"
    )


# what is wrong with an edit


@pytest.mark.parametrize(
    ("content", "tag", "path", "message"),
    [
        (f"<c><a {op('create')}>2</a></c>", "data-exists", "/m:c/a", "a is to be created and is there already"),
        (f"<c {op('create')}/>", "data-exists", "/m:c", "c is to be created and is there already"),
        (f"<c><set {op('create')}>1</set></c>", "data-exists", "/m:c/set[.='1']", "set 1 is to be created"),
        (
            f"<port {op('create')}><name>p1</name></port>",
            "data-exists",
            "/m:port[name='p1']",
            "port p1 is to be created",
        ),
        (
            f"<c><inner><e {op('delete')}/></inner></c>",
            "data-missing",
            "/m:c/inner/e",
            "e is to be deleted and is not there",
        ),
        (f"<c><set {op('delete')}>9</set></c>", "data-missing", "/m:c/set[.='9']", "set 9 is to be deleted"),
        (
            f"<port {op('delete')}><name>p9</name></port>",
            "data-missing",
            "/m:port[name='p9']",
            "port p9 is to be deleted",
        ),
        (
            f"<port><name>p1</name><unit {op('delete')}><index>0</index><kind>two</kind></unit></port>",
            "data-missing",
            "/m:port[name='p1']/unit[index='0'][kind='m:two']",
            "unit 0 m:two is to be deleted",
        ),
        ("<nothing/>", "unknown-element", None, "the top has no nothing"),
        ("<c><nothing/></c>", "unknown-element", "/m:c", "c has no nothing; it has a, b, set"),
        ("<port><name>new</name><nothing/></port>", "unknown-element", "/m:port[name='new']", "port has no nothing"),
        ("<port><name>p1</name><nothing/></port>", "unknown-element", "/m:port[name='p1']", "port has no nothing"),
        ("<n:c/>", "unknown-element", None, "the top has no c"),
        ("<gone>x</gone>", "unknown-element", None, "gone is not supported: no backend implements it"),
        (f"<gone {op('remove')}/>", "unknown-element", None, "gone is not supported"),
        ("<act/>", "unknown-element", None, "the top has no act"),
        ('<c xmlns="urn:x"/>', "unknown-namespace", None, "c is in the namespace urn:x"),
        ('<c><a xmlns="urn:x">1</a></c>', "unknown-namespace", "/m:c", "a is in the namespace urn:x"),
        ('<c xmlns=""/>', "unknown-namespace", None, "c is in no namespace"),
        ("<c><a>300</a></c>", "invalid-value", "/m:c/a", "a: 300 is outside -128..127"),
        (f"<c><a {op('replace')}>x</a></c>", "invalid-value", "/m:c/a", "a: 'x' is not an integer"),
        ("<c><set>x</set></c>", "invalid-value", "/m:c/set", "set: 'x' is not an integer"),
        ("<c><a><b/></a></c>", "bad-element", "/m:c/a", "a holds elements where a value belongs"),
        ("<c><a>1</a><b/><a>1</a></c>", "bad-element", "/m:c/a", "a is given twice"),
        (f"<c><a {op('remove')}/><a>1</a></c>", "bad-element", "/m:c/a", "a is given twice"),
        ("<c/><c/>", "bad-element", "/m:c", "c is given twice"),
        ("<c><set>7</set><set>7</set></c>", "bad-element", "/m:c/set[.='7']", "set 7 is given twice"),
        (f"<c><set {op('remove')}>1</set><set>1</set></c>", "bad-element", "/m:c/set[.='1']", "set 1 is given twice"),
        (
            "<port><name>p1</name></port><port><name>p1</name></port>",
            "bad-element",
            "/m:port[name='p1']",
            "port p1 is given twice",
        ),
        (
            "<port><name>q</name></port><port><name>q</name></port>",
            "bad-element",
            "/m:port[name='q']",
            "port q is given twice",
        ),
        (
            "<port><mtu>1</mtu><name>p1</name></port>",
            "bad-element",
            "/m:port",
            "the keys of port come first and in order: name",
        ),
        ("<port><mtu>1</mtu></port>", "missing-element", "/m:port", "port has no key name"),
        (f"<port {op('delete')}/>", "missing-element", "/m:port", "port has no key name"),
        (
            "<port><name>p1</name><unit><kind>one</kind><index>0</index></unit></port>",
            "bad-element",
            "/m:port[name='p1']/unit",
            "the keys of unit come first and in order: index kind",
        ),
        (
            "<port><name>new</name><unit><kind>one</kind><index>0</index></unit></port>",
            "bad-element",
            "/m:port[name='new']/unit",
            "the keys of unit come first and in order: index kind",
        ),
        (
            "<port><name>p1</name><unit><index>0</index><kind>three</kind></unit></port>",
            "invalid-value",
            "/m:port[name='p1']/unit/kind",
            "kind: 'three'",
        ),
        (
            f"<port><name {op('delete')}>p1</name></port>",
            "bad-attribute",
            "/m:port[name='p1']/name",
            "the key name goes only with its entry",
        ),
        (
            f"<port><name {op('remove')}>p1</name></port>",
            "bad-attribute",
            "/m:port[name='p1']/name",
            "the key name goes only with its entry",
        ),
        (
            f"<c {op('destroy')}/>",
            "bad-attribute",
            "/m:c",
            "'destroy' is not an operation: create, delete, merge, remove, replace",
        ),
        (f"<c><a {op('')}>1</a></c>", "bad-attribute", "/m:c/a", "'' is not an operation"),
        (
            '<c operation="delete"/>',
            "unknown-attribute",
            "/m:c",
            "the attribute operation may not stand on c; the operation attribute belongs",
        ),
        ('<c x="1"/>', "unknown-attribute", "/m:c", "the attribute x may not stand on c"),
        (
            '<c><here><f n:x="1">1</f></here></c>',
            "unknown-attribute",
            "/m:c/here/f",
            "the attribute {urn:n}x may not stand on f",
        ),
        (
            '<port yang:insert="first"><name>p1</name></port>',
            "unknown-attribute",
            "/m:port[name='p1']",
            "insert may not stand on port",
        ),
        ('<c><a yang:insert="first">1</a></c>', "unknown-attribute", "/m:c/a", "insert may not stand on a"),
        ("<state/>", "unknown-element", "/m:state", "state is state, not configuration"),
        ("<state><counter>1</counter></state>", "unknown-element", "/m:state", "state is state, not configuration"),
        (f"<state {op('remove')}/>", "unknown-element", "/m:state", "state is state, not configuration"),
        ("<c>text</c>", "bad-element", "/m:c", "c holds text 'text' where elements belong"),
        ("<c>text<a>1</a></c>", "bad-element", "/m:c", "c holds text between its elements"),
        (
            "<port><name>p1</name>text</port>",
            "bad-element",
            "/m:port[name='p1']",
            "port holds text between its elements",
        ),
        (
            f"<port {op('delete')}><name>p1</name>text</port>",
            "bad-element",
            "/m:port[name='p1']",
            "port holds text between its elements",
        ),
        (f"<c {op('delete')}>text</c>", "bad-element", "/m:c", "c holds text 'text'"),
        ("text", "bad-element", None, "config holds text 'text'"),
        ("<l1>1</l1><right><k>1</k></right>", "bad-element", "/m:right[k='1']", "l1 and m:right are alternatives"),
        ("<n1>1</n1><n2>1</n2>", "bad-element", "/m:n2", "are alternatives"),
        ("<n3>1</n3><l2>1</l2>", "bad-element", "/m:n3", "are alternatives"),
    ],
)
def test_what_is_wrong_with_an_edit_is_told_with_tag_path_and_value(
    content: str, tag: str, path: str | None, message: str
) -> None:
    error = refused(content)
    assert (error.tag, str(error.path) if error.path is not None else None) == (tag, path)
    assert message in error.message


@pytest.mark.parametrize(
    ("content", "info"),
    [
        (f"<c {op('destroy')}/>", (("bad-attribute", "operation"), ("bad-element", "c"))),
        ('<c x="1"/>', (("bad-attribute", "x"), ("bad-element", "c"))),
        ('<rule yang:insert="before"><name>r1</name></rule>', (("bad-attribute", "key"), ("bad-element", "rule"))),
        ('<order yang:insert="after">x</order>', (("bad-attribute", "value"), ("bad-element", "order"))),
        (f"<c><a {op('create')}>1</a></c>", (("bad-element", "a"),)),
        ("<gone>x</gone>", (("bad-element", "gone"),)),
        ('<c xmlns="urn:x"/>', (("bad-element", "c"), ("bad-namespace", "urn:x"))),
    ],
)
def test_an_error_of_an_edit_names_element_attribute_and_namespace(
    content: str, info: tuple[tuple[str, str], ...]
) -> None:
    assert refused(content).info == info


def test_a_refused_edit_leaves_the_tree_as_it_was() -> None:
    before = read(OLD)
    snapshot = print_children(before)
    with pytest.raises(RequestError):
        edit_config(before, config(f'<top xmlns="urn:m">changed</top><c xmlns="urn:m"><a {op("create")}>1</a></c>'))
    assert print_children(before) == snapshot


def test_a_container_that_an_edit_empties_is_gone() -> None:
    assert edited(f"<c><inner><d {op('delete')}/></inner></c>", before=INNER) == empty(SCHEMA)


# choices


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        ("<l1>1</l1><l2>2</l2><lc><l3>3</l3></lc>", "<right><k>x</k></right>", "<right><k>x</k></right>"),
        ("<right><k>x</k></right><right><k>y</k></right>", "<l2>1</l2>", "<l2>1</l2>"),
        ("<l1>1</l1>", "<l2>2</l2>", "<l1>1</l1><l2>2</l2>"),
        ("<l1>1</l1>", "<n1>1</n1>", "<n1>1</n1>"),
        ("<n1>1</n1><n3>3</n3>", "<n2>2</n2>", "<n2>2</n2><n3>3</n3>"),
        ("<n1>1</n1><n3>3</n3>", "<lc><l3>3</l3></lc>", "<lc><l3>3</l3></lc>"),
        ("<n1>1</n1>", "<n3>3</n3>", "<n1>1</n1><n3>3</n3>"),
        ("<l1>1</l1>", f"<l1 {op('delete')}/><right><k>x</k></right>", "<right><k>x</k></right>"),
        ("<l1>1</l1>", f"<right {op('remove')}><k>x</k></right>", "<l1>1</l1>"),
        ("<l1>1</l1>", f"<right {op('create')}><k>x</k></right>", "<right><k>x</k></right>"),
        ("<l1>1</l1>", "<lc/>", "<l1>1</l1>"),
        ("<right><k>x</k></right>", "<lc/>", "<right><k>x</k></right>"),
    ],
)
def test_a_new_case_drives_out_the_old_one(before: str, content: str, after: str) -> None:
    assert edited(content, before=before) == read(after)


# the order of a user's list


def names(tree: Node) -> str:
    return " ".join(str(key[0]) for key in tree.get("m:rule"))


@pytest.mark.parametrize(
    ("content", "order"),
    [
        ("<rule><name>n</name></rule>", "r1 r2 r3 n"),
        ('<rule yang:insert="last"><name>n</name></rule>', "r1 r2 r3 n"),
        ('<rule yang:insert="first"><name>n</name></rule>', "n r1 r2 r3"),
        ("""<rule yang:insert="before" yang:key="[name='r2']"><name>n</name></rule>""", "r1 n r2 r3"),
        ("""<rule yang:insert="after" yang:key="[name='r2']"><name>n</name></rule>""", "r1 r2 n r3"),
        (
            """<rule xmlns:q="urn:m" yang:insert="after" yang:key="[ q:name = 'r1' ]"><name>n</name></rule>""",
            "r1 n r2 r3",
        ),
        ('<rule yang:insert="first"><name>r3</name></rule>', "r3 r1 r2"),
        ('<rule yang:insert="last"><name>r1</name></rule>', "r2 r3 r1"),
        ("""<rule yang:insert="before" yang:key="[name='r1']"><name>r3</name></rule>""", "r3 r1 r2"),
        ("""<rule yang:insert="after" yang:key="[name='r3']"><name>r1</name></rule>""", "r2 r3 r1"),
        (f"""<rule {op("create")} yang:insert="first"><name>n</name></rule>""", "n r1 r2 r3"),
        (f"""<rule {op("replace")} yang:insert="last"><name>r2</name></rule>""", "r1 r3 r2"),
        (
            '<rule yang:insert="first"><name>a</name></rule><rule yang:insert="first"><name>b</name></rule>',
            "b a r1 r2 r3",
        ),
        (
            """<rule yang:insert="after" yang:key="[name='r1']"><name>a</name></rule>
               <rule yang:insert="after" yang:key="[name='a']"><name>b</name></rule>""",
            "r1 a b r2 r3",
        ),
        (
            f"""<rule {op("delete")}><name>r2</name></rule>
                <rule yang:insert="before" yang:key="[name='r3']"><name>r1</name></rule>""",
            "r1 r3",
        ),
        (f"""<rule {op("remove")} yang:insert="first"><name>r2</name></rule>""", "r1 r3"),
    ],
)
def test_an_entry_stands_where_insert_puts_it(content: str, order: str) -> None:
    assert names(edited(content)) == order


def test_a_list_entry_keeps_its_place_when_it_is_replaced() -> None:
    tree = edited(f"<rule {op('replace')}><name>r2</name><action>new</action></rule><rule><name>r1</name></rule>")
    assert names(tree) == "r1 r2 r3"
    assert tree.get("m:rule")[("r2",)].get("action") == "new"


def test_an_entry_that_moves_keeps_what_it_holds() -> None:
    tree = edited('<rule yang:insert="last"><name>r1</name></rule>')
    assert names(tree) == "r2 r3 r1"
    assert tree.get("m:rule")[("r1",)].get("action") == "go"


def test_an_entry_that_is_inserted_where_it_stands_leaves_the_same_tree() -> None:
    before = read(OLD)
    assert edit_config(before, config('<rule xmlns="urn:m" yang:insert="first"><name>r1</name></rule>')) is before


@pytest.mark.parametrize(
    ("content", "order"),
    [
        ("<order>n</order>", "x y z n"),
        ('<order yang:insert="first">n</order>', "n x y z"),
        ('<order yang:insert="before" yang:value="y">n</order>', "x n y z"),
        ('<order yang:insert="after" yang:value="y">x</order>', "y x z"),
        (f'<order {op("delete")}>y</order><order yang:insert="last">x</order>', "z x"),
        ("<order>z</order><order>x</order>", "x y z"),
    ],
)
def test_a_value_stands_where_insert_puts_it(content: str, order: str) -> None:
    assert " ".join(edited(content).get("m:order")) == order


def test_keys_and_values_of_an_anchor_are_read_with_their_prefixes() -> None:
    before = "<pair><x>one</x><y>1</y></pair><pair><x>two</x><y>1</y></pair><kinds>one</kinds><kinds>two</kinds>"
    content = """
        <pair xmlns:p="urn:m" yang:insert="before" yang:key="[p:y='1'][p:x='p:one']"><x>two</x><y>2</y></pair>
        <kinds xmlns:p="urn:m" yang:insert="before" yang:value="p:one">two</kinds>
    """
    tree = edited(content, before=before)
    assert list(tree.get("m:pair")) == [("m:two", 2), ("m:one", 1), ("m:two", 1)]
    assert tree.get("m:kinds") == ("m:two", "m:one")


@pytest.mark.parametrize(
    ("content", "tag", "app_tag", "message"),
    [
        (
            '<rule yang:insert="middle"><name>n</name></rule>',
            "bad-attribute",
            None,
            "'middle' is not one of first, last, before, after",
        ),
        (
            '<rule yang:insert="before"><name>n</name></rule>',
            "missing-attribute",
            None,
            "insert before needs the attribute key",
        ),
        ('<order yang:insert="after">n</order>', "missing-attribute", None, "insert after needs the attribute value"),
        (
            """<rule yang:insert="after" yang:key="[name='r9']"><name>n</name></rule>""",
            "bad-attribute",
            "missing-instance",
            "[name='r9'] names no entry",
        ),
        (
            """<rule yang:insert="after" yang:key="[name='r1']"><name>r1</name></rule>""",
            "bad-attribute",
            "missing-instance",
            "[name='r1'] names no entry",
        ),
        (
            '<order yang:insert="after" yang:value="q">n</order>',
            "bad-attribute",
            "missing-instance",
            "q names no entry",
        ),
        (
            """<rule yang:insert="after" yang:key="[index='1']"><name>n</name></rule>""",
            "bad-attribute",
            None,
            "does not name the keys name",
        ),
        (
            """<rule yang:insert="after" yang:key="/m:rule[name='r1']"><name>n</name></rule>""",
            "bad-attribute",
            None,
            "does not name the keys name",
        ),
        (
            """<rule yang:insert="after" yang:key="[name='r1'][name='r2']"><name>n</name></rule>""",
            "bad-attribute",
            None,
            "does not name the keys name",
        ),
        (
            """<rule yang:insert="after" yang:key="[q:name='r1']"><name>n</name></rule>""",
            "bad-attribute",
            None,
            "q:name is no key of rule",
        ),
        (
            '<rule yang:insert="after" yang:key="nonsense"><name>n</name></rule>',
            "bad-attribute",
            None,
            "does not name the keys name",
        ),
        (
            """<pair yang:insert="after" yang:key="[x='one'][y='900']"><x>one</x><y>1</y></pair>""",
            "bad-attribute",
            None,
            "900 is outside",
        ),
        (
            '<kinds yang:insert="after" yang:value="p:one">one</kinds>',
            "bad-attribute",
            None,
            "the prefix 'p' is not declared",
        ),
        (
            f"""<rule {op("delete")}><name>r2</name></rule>
                <rule yang:insert="after" yang:key="[name='r2']"><name>n</name></rule>""",
            "bad-attribute",
            "missing-instance",
            "[name='r2'] names no entry",
        ),
    ],
)
def test_an_insert_without_a_place_is_refused(content: str, tag: str, app_tag: str | None, message: str) -> None:
    error = refused(content)
    assert (error.tag, error.app_tag) == (tag, app_tag)
    assert message in error.message
    assert error.path is not None


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.sampled_from(["first", "last", "before", "after"])
        )
    )
)
def test_inserts_do_what_they_do_to_a_plain_list(moves: list[tuple[str, str, str]]) -> None:
    plain = ["a", "b", "c"]
    tree = read("".join(f"<order>{value}</order>" for value in plain))
    for value, anchor, place in moves:
        if place in ("before", "after") and (anchor not in plain or anchor == value):
            continue
        tree = edit_config(
            tree, config(f'<order xmlns="urn:m" yang:insert="{place}" yang:value="{anchor}">{value}</order>')
        )
        if value in plain:
            plain.remove(value)
        index = {
            "first": 0,
            "last": len(plain),
            "before": plain.index(anchor) if anchor in plain else 0,
            "after": plain.index(anchor) + 1 if anchor in plain else 0,
        }[place]
        plain.insert(index, value)
        assert list(tree.get("m:order")) == plain


def test_an_edit_that_turns_a_long_list_around_is_quick_enough_to_be_tested() -> None:
    size = 3000
    before = "".join(f"<rule><name>{number}</name></rule>" for number in range(size))
    content = "".join(f'<rule yang:insert="first"><name>{number}</name></rule>' for number in range(size))
    tree = edited(content, before=before)
    assert [int(key[0]) for key in tree.get("m:rule")] == list(range(size))[::-1]


def test_long_leaf_lists_are_merged_as_short_ones() -> None:
    size = 20_000
    values = "".join(f"<order>{number}</order>" for number in range(size))
    tree = edited(values + "<order>new</order>", before=values)
    assert len(tree.get("m:order")) == size + 1


# continue-on-error


def test_an_edit_that_goes_on_leaves_out_what_is_wrong_and_tells_all_of_it() -> None:
    errors: list[RequestError] = []
    content = f"""
        <top>new</top><c><a>300</a><b>new</b><nothing/><set>x</set><set>7</set><inner {op("create")}/></c>
        <port><mtu>1</mtu></port><port><name>p2</name><mtu>99999</mtu><config><speed>5</speed></config></port>
        <port><name>new</name><mtu>x</mtu></port><rule yang:insert="after"><name>n</name></rule><state/>
    """
    tree = edited(content, errors=errors)
    expected = (
        OLD.replace("<top>t", "<top>new").replace("<b>x", "<b>new").replace("<set>2</set>", "<set>2</set><set>7</set>")
    )
    expected = expected.replace("<name>p2</name>", "<name>p2</name><config><speed>5</speed></config>")
    expected = expected.replace("<rule>", "<port><name>new</name></port><rule>", 1)
    assert tree == read(expected)
    assert [(error.tag, str(error.path)) for error in errors] == [
        ("invalid-value", "/m:c/a"),
        ("unknown-element", "/m:c"),
        ("invalid-value", "/m:c/set"),
        ("data-exists", "/m:c/inner"),
        ("missing-element", "/m:port"),
        ("invalid-value", "/m:port[name='p2']/mtu"),
        ("invalid-value", "/m:port[name='new']/mtu"),
        ("missing-attribute", "/m:rule[name='n']"),
        ("unknown-element", "/m:state"),
    ]


def test_an_edit_that_goes_on_tells_of_two_cases_too() -> None:
    errors: list[RequestError] = []
    tree = edited("<top>new</top><l1>1</l1><right><k>1</k></right>", errors=errors, before="<n1>1</n1>")
    assert [error.tag for error in errors] == ["bad-element"]
    assert tree in (read("<top>new</top><l1>1</l1>"), read("<top>new</top><n1>1</n1>"))


def test_an_edit_that_goes_on_without_errors_is_the_edit() -> None:
    errors: list[RequestError] = []
    assert edited("<top>new</top>", errors=errors) == edited("<top>new</top>")
    assert not errors


@given(pairs(playground()))
def test_an_edit_that_goes_on_does_all_that_can_be_done(both: tuple[Node, Node]) -> None:
    a, b = both
    errors: list[RequestError] = []
    document = parse_document(in_config(difference(a, b)).encode())
    assert edit_config(a, document, "merge", errors) == b
    assert not errors


@pytest.mark.parametrize("operation", ["merge", "replace", "none"])
@given(pairs(playground()))
def test_the_default_operation_never_spoils_the_old_tree(
    operation: Literal["merge", "replace", "none"], both: tuple[Node, Node]
) -> None:
    a, b = both
    snapshot = print_children(a)
    errors: list[RequestError] = []
    edit_config(a, parse_document(in_config(print_children(b)).encode()), operation, errors)
    assert print_children(a) == snapshot
