"""XPath filters (RFC 6241 section 8.9): what is selected, against libxml2 over the same document, and what is looked at."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from tests.conftest import module
from tests.yang.playground import Draw, schema_of
from yang.errors import InvalidValue
from yang.filter import may_select, narrowed, select
from yang.reporting import SubtreeFilter, report
from yang.tree import Node
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children
from yang.xpath_filter import XPathFilter, select_xpath

SCHEMA = schema_of(
    module(
        """
        container c {
          list a { key k; leaf k { type string; } leaf v { type int8; } leaf-list t { type string; }
            container i { leaf v { type int8; }
              list b { key "x y"; leaf x { type string; } leaf y { type int8; } leaf v { type int8; } } } }
          leaf v { type int8; }
        }
        list a { key k; leaf k { type string; } leaf v { type int8; } }
        """
    ),
    module('import m { prefix m; } augment "/m:c" { leaf v { type int8; } }', "n", "n"),
)
DATA = """
    <c><a><k>one</k><v>1</v><t>x</t><t>y</t><i><v>2</v><b><x>p</x><y>1</y><v>1</v></b><b><x>p</x><y>2</y></b></i></a>
       <a><k>three</k><v>1</v></a><a><k>two</k><i><v>1</v></i></a><v>3</v><n:v>1</n:v></c>
    <a><k>one</k><v>1</v></a><a><k>two</k></a>
"""
NAMESPACES: dict[str | None, str] = {"m": "urn:m", "n": "urn:n", None: "urn:m"}
KEYS = {"a": ("k",), "b": ("x", "y")}


def parsed(content: str) -> etree._Element:
    return parse_document(f'<data xmlns="urn:m" xmlns:m="urn:m" xmlns:n="urn:n">{content}</data>'.encode())


TREE = read_data(parsed(DATA), SCHEMA)


def by_libxml2(expression: str) -> str:
    """Return what libxml2 selects in the document, with ancestors, their keys, and all that is below."""
    prefixed = etree.fromstring(etree.tostring(parsed(print_children(TREE))))
    document = etree.ElementTree(prefixed)
    # the data element is not there: everything in it stands at the root
    for element in prefixed.iter():
        element.attrib.clear()
    text = re.sub(r"(?<![\w\])*.:/])/(?!/)", "/m:data/", expression)
    found = document.xpath(text, namespaces={"m": "urn:m", "n": "urn:n"})
    kept: set[etree._Element] = set()
    for node in found:
        element = node if isinstance(node, etree._Element) else node.getparent()
        kept.update(element.iter())
        for above in element.iterancestors():
            kept.add(above)
    keyed = {
        child
        for element in kept
        for child in element
        if etree.QName(child).localname in KEYS.get(etree.QName(element).localname, ())
    }
    for element in list(prefixed.iter()):
        if element not in kept | keyed and element is not prefixed and element.getparent() is not None:
            element.getparent().remove(element)
    return print_children(read_data(prefixed, SCHEMA))


@st.composite
def expressions(draw: Draw) -> str:
    """Return a path from the root, with predicates of all kinds."""
    tests = ["m:c", "m:a", "m:a", "m:k", "m:v", "m:t", "m:i", "m:b", "n:v", "*", "m:*", "node()"]
    predicates = [
        "[m:k='one']", "[m:k = 'two']", "[1]", "[last()]", "[m:v=1]", "[m:x='p'][m:y='2']", "[m:i/m:v > 1]", "[not(m:v)]",
        "[.='1']", "[/m:c/m:v = 3]", "[m:v = /m:c/m:a[m:k='one']/m:v]", "[../m:v]", "[count(m:t) = 2]", "[m:t='y' or m:k='two']",
        "[position() < 3 and m:v]", "[m:k | m:i]",
    ]  # fmt: skip
    axes = ["", "", "", "", "", "descendant::", "self::", "following-sibling::", "ancestor::", "parent::"]

    def step() -> str:
        axis = draw(st.sampled_from(axes))
        # the element around the document would pass for a node of the data
        named = (
            [test for test in tests if ":" in test and "*" not in test] if axis in ("ancestor::", "parent::") else tests
        )
        test = draw(st.sampled_from(named))
        # containers without presence are there for XPath (RFC 7950 section 6.4.1), and not in the document: one may be the last
        counted = [each for each in predicates if "last" not in each] if test in ("*", "m:*", "node()") else predicates
        return axis + test + draw(st.sampled_from([*counted, "", "", ""]))

    def path() -> str:
        steps = [step() for _ in range(draw(st.integers(0, 3)))]
        first = "m:c" + draw(st.sampled_from(["", "/m:a", "/m:a[m:k='one']", "/m:a[m:v=1]", "//m:v"]))
        return "/" + "/".join([first, *steps])

    return " | ".join(path() for _ in range(draw(st.integers(1, 2))))


@given(expressions())
@example("/m:c/m:a[m:k='one']/m:i/m:b[m:x='p'][m:y='2']")
@example("/m:c/m:a/m:t[2]")
@example("/m:c/m:a[m:v = /m:c/n:v]/m:k")
@example("/m:c/m:a/m:v[last()]")
def test_what_is_selected_is_what_libxml2_selects(expression: str) -> None:
    expected = by_libxml2(expression)
    found = select_xpath(TREE, expression, NAMESPACES)
    assert print_children(found) == expected
    # and it is found in as much of the tree as the filter says that it looks at
    wanted = XPathFilter(expression, NAMESPACES, SCHEMA)
    bounds = wanted.bounds()
    part = TREE if bounds is None else select(TREE, bounds)
    assert print_children(wanted.select(part)) == expected
    if bounds is not None:
        assert print_children(wanted.select(narrowed(TREE, bounds))) == expected


@pytest.mark.parametrize(
    ("expression", "looked_at"),
    [
        ("/m:c/m:a[m:k='one']/m:v", ["<c><a><k>one</k><v/></a></c>"]),
        ("m:c/m:a[m:k='one']", ["<c><a><k>one</k></a></c>"]),
        ("/m:c/m:a[m:v=1]/m:k", ["<c><a/></c>"]),
        ("/m:c/m:a[m:k='one'][1]/m:k", ["<c><a><k>one</k></a></c>"]),
        ("/m:c/m:a[1][m:k='one']", ["<c><a/></c>"]),
        ("/m:c/m:a//m:v", ["<c><a/></c>"]),
        ("/m:c/m:v | /m:a[m:k='x']", ["<c><v/></c>", "<a><k>x</k></a>"]),
        ("/m:c/m:a[m:k='one'][m:v=/m:c/m:v]", ["<c><a><k>one</k></a></c>", "<c><v/></c>"]),
        ("/m:c/m:a[m:v=current()/m:c/m:v and m:t]", ["<c><a/></c>", "<c><v/></c>"]),
        ("(/m:c/m:a)[1]/m:v", ["<c><a/></c>"]),
        ("/m:x", []),
        ("/c", []),
    ],
)
def test_no_more_is_looked_at_than_the_paths_lead_to(expression: str, looked_at: list[str]) -> None:
    bounds = XPathFilter(expression, NAMESPACES, SCHEMA).bounds()
    assert bounds is not None
    assert [
        re.sub(r' xmlns(:\w+)?="[^"]*"|\w+:(?=\w)', "", etree.tostring(element).decode()) for element in bounds
    ] == looked_at


@pytest.mark.parametrize(
    "expression",
    [
        "/",
        "//m:a",
        "/*",
        "/m:c/m:a[m:k='one']/../m:a",
        "/m:c/m:a[../m:v]",
        "/m:c[deref(m:v)]",
        "/m:c[m:v=//m:v]",
        "current()",
    ],
)
def test_what_may_lead_anywhere_looks_at_everything(expression: str) -> None:
    assert XPathFilter(expression, NAMESPACES, SCHEMA).bounds() is None


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("/m:c/", "a step is missing before the end"),
        ("/m:c]", "']' does not follow there"),
        ("/m:c[m:v", "] is missing before the end"),
        ("m:c m:a", "'m:a' does not follow there"),
        ("/m:c/('x')", "a step is missing before '('"),
        ("sideways::m:c", "there is no axis sideways"),
        ("/m:c#", "'#' cannot stand there"),
        ("/m:c['unended]", "cannot stand there"),
        ("count(/m:c) + 1", "gives a value, and no nodes"),
        ("string(/m:c)", "gives a value, and no nodes"),
    ],
)
def test_what_is_wrong_with_an_expression_is_told(expression: str, complaint: str) -> None:
    with pytest.raises(InvalidValue, match=re.escape(complaint)) as caught:
        XPathFilter(expression, NAMESPACES, SCHEMA)
    assert expression in caught.value.message


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("m:c[2 * 3 = 6 and 7 div 2 = 3.5 and 7 mod 2 = 1]", True),
        ("m:c[- - 1 = 1 and ---1 = -1]", True),
        ("m:c[1 < 2 = true()]", True),
        ("m:c[1 + 2 * 3 = 7 or false()]", True),
        ("m:c[.5 + 1. = 1.5]", True),
        ('m:c[m:a/m:k = "one"]', True),
        ("m:c[*[1]/m:k * 1 = 0]", False),
        ("m:c[m:v mod m:v = 0]", True),
        ("m:c[((m:v))]", True),
        ("m:c[(m:a)[2]/m:k = 'three']", True),
        ("  m:c [ m:v ] ", True),
        ("m:c[processing-instruction('x') or comment() or @a or namespace::b]", False),
        ("m:c[m:a/m:k/text() = 'two']", True),
    ],
)
def test_expressions_are_read_by_the_grammar(expression: str, *, found: bool) -> None:
    assert bool(select_xpath(TREE, expression, NAMESPACES).children) is found


def test_a_filter_that_narrows_selects_the_same_of_what_is_left() -> None:
    for content in (
        "<c/>", "<c><a/></c>", "<c><a><k>one</k></a></c>", "<c><a><k>one</k><i/></a><a><k>two</k></a></c>",
        "<c><a><v>1</v></a></c>", "<c><a><i><b><x>p</x></b></i></a></c>", "<c><v>3</v><a><k/></a></c>", "<c><v>4</v><a/></c>",
        '<c xmlns=""><a/></c>', "<a/>", "<c><a><k>nobody</k><i/></a></c>", "<c><a><k>one</k></a><a/></c>",
    ):  # fmt: skip
        elements = list(parsed(content))
        assert select(narrowed(TREE, elements), elements) == select(TREE, elements), content
        for mode in ("report-all", "report-all-tagged", "trim"):
            assert report(TREE, SubtreeFilter(elements), mode) == print_children(select(TREE, elements)), content


def test_a_way_is_asked_for_only_if_a_filter_can_select_something_along_it() -> None:
    way = [SCHEMA.find("/m:c"), SCHEMA.find("/m:c/a"), SCHEMA.find("/m:c/a/i")]
    for content, expected in [
        ("<c/>", True), ("<c><v/></c>", False), ("<c><a/></c>", True), ("<c><a><k>x</k></a></c>", True),
        ("<c><a><v/></a></c>", False), ("<c><a><i><v/></i></a></c>", True), ("<a/>", False), ("<c><v>1</v></c>", True),
    ]:  # fmt: skip
        assert may_select(list(parsed(content)), way) is expected, content


def test_the_whole_tree_is_itself() -> None:
    assert select_xpath(TREE, "/", NAMESPACES) is TREE
    assert select_xpath(Node(SCHEMA.root, {}), "/m:c", NAMESPACES) == Node(SCHEMA.root, {})
