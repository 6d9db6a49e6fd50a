"""Schemas for property tests, compiled once, and the random trees that fit them."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.conftest import module
from yang import types
from yang.compiler import compile_modules
from yang.schema import Schema
from yang.tree import Entries, Node, is_empty, ordered

if TYPE_CHECKING:
    from yang.schema import SchemaNode
    from yang.tree import Key

Draw = st.DrawFn


@cache
def schema_of(*texts: str) -> Schema:
    """Return the schema of modules given as texts."""
    with tempfile.TemporaryDirectory() as folder:
        for text in texts:
            (Path(folder) / f"{text.split()[1]}.yang").write_text(text)
        return Schema(compile_modules(Path(folder), features={}).tables)


EVERY_TYPE = """
    leaf int8 { type int8; } leaf uint64 { type uint64; } leaf ranged { type int16 { range "-3..3 | 1000"; } }
    leaf decimal { type decimal64 { fraction-digits 2; } } leaf boolean { type boolean; }
    leaf string { type string; } leaf short { type string { length "1..3"; pattern "[a-c]*"; } }
    leaf enumeration { type enumeration { enum one; enum "two words"; enum "<&>"; } }
    leaf bits { type bits { bit a; bit b; bit c; } } leaf binary { type binary { length "0..4"; } }
    leaf empty { type empty; } leaf identity { type identityref { base base; } }
    leaf instance { type instance-identifier { require-instance false; } }
    leaf reference { type leafref { path "../int8"; require-instance false; } }
    leaf second-hand { type leafref { path "../identity"; require-instance false; } }
    leaf union { type union { type int8 { range "0..9"; } type enumeration { enum auto; } type string { length "2..4"; } } }
    leaf mixed { type union {
      type identityref { base base; } type instance-identifier { require-instance false; } type binary; } }
    leaf with-default { type int8; default 7; }
"""

FIRST = module(
    f"""
    identity base; identity one {{ base base; }} identity two {{ base one; }}
    grouping leaves {{ {EVERY_TYPE} }}
    container types {{ uses leaves; }}
    container presence {{ presence "here"; leaf a {{ type string; }} container inner {{ leaf b {{ type int8; }} }} }}
    list entry {{
      key name;
      leaf name {{ type string {{ length "1..3"; }} }}
      uses leaves;
      list pair {{
        key "number kind"; leaf kind {{ type identityref {{ base base; }} }} leaf number {{ type uint8; }}
        leaf value {{ type string; }}
      }}
      list ranked {{
        key name; ordered-by user; leaf name {{ type string {{ length "1..2"; }} }} leaf value {{ type int8; }}
        container deep {{ leaf-list own {{ type int8; ordered-by user; }} }}
      }}
      container config {{ leaf-list values {{ type int8; }} leaf-list words {{ type string; ordered-by user; }} }}
    }}
    list rule {{
      key "kind name"; ordered-by user;
      leaf kind {{ type identityref {{ base base; }} }} leaf name {{ type string {{ length "1..2"; }} }}
      leaf value {{ type string; }}
    }}
    choice shape {{
      case round {{ leaf radius {{ type int8; }} leaf colour {{ type string; }} }}
      case square {{
        container side {{ leaf length {{ type int8; }} }}
        choice fill {{ leaf full {{ type empty; }} leaf-list stripes {{ type int8; }} }}
      }}
      list corner {{ key number; leaf number {{ type int8; }} leaf angle {{ type int8; }} }}
    }}
    leaf-list kinds {{ type identityref {{ base base; }} ordered-by user; }}
    leaf-list texts {{ type string; }}
    anyxml any; anydata data;
    leaf top {{ type string; }}
    container state {{ config false; leaf counter {{ type uint64; }} list keyless {{ leaf value {{ type string; }} }} }}
    """
)
SECOND = module(
    """
    import m { prefix m; }
    identity three { base m:base; }
    augment "/m:types" { leaf int8 { type int8; } container added { leaf a { type string; } } }
    augment "/m:entry" { leaf-list more { type string; } list name { key name; leaf name { type string; } } }
    augment "/m:shape" { case augmented { leaf sides { type uint8; } } }
    leaf top { type string; }
    """,
    "n",
    "n",
)


def playground() -> Schema:
    """Return a schema with every kind of node and type."""
    return schema_of(FIRST, SECOND)


TEXT = st.text(
    st.one_of(
        st.sampled_from("ab<&>\"' \r\n\t\N{GRINNING FACE}"),
        st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff", min_codepoint=32),
    ),
    max_size=4,
)
PATHS = ("/m:top", "/m:entry[m:name='a']/m:pair[m:number='1'][m:kind='m:one']/m:value", '/m:texts[.="it\'s"]', "/n:top")
XML = ("", "text", "a &amp; b", '<x xmlns="urn:x" a="1">t</x>', '<p:x xmlns:p="urn:p"><p:y>1</p:y></p:x>', "&lt;b&gt;")


def values(type_: types.Type) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a type."""
    match type_:
        case types.IntegerType():
            few = st.integers(-3, 3).filter(lambda number: types.within(type_.ranges, number))
            bounds = [bound for interval in type_.ranges for bound in interval]
            return st.one_of(few, st.sampled_from(bounds))
        case types.DecimalType():
            return st.sampled_from(["0", "1.5", "-0.25", "100", "92233720368547758.07"]).map(type_.parse)
        case types.StringType():
            if type_.patterns:
                return st.from_regex(type_.patterns[0].source, fullmatch=True).filter(lambda text: allows(type_, text))
            few = st.sampled_from(["a", "b", "ab", "a'b", '"', "\"'", " x", "10", "9"])
            return st.one_of(few, few, TEXT).filter(lambda text: allows(type_, text))
        case types.BooleanType():
            return st.booleans()
        case types.EnumerationType():
            return st.sampled_from(list(type_.values))
        case types.BitsType():
            return st.sets(st.sampled_from(list(type_.positions))).map(" ".join).map(type_.parse)
        case types.BinaryType():
            return st.binary(max_size=4)
        case types.EmptyType():
            return st.just(types.EMPTY)
        case types.IdentityrefType():
            return st.sampled_from(list(type_.identities.values()))
        case types.InstanceIdentifierType():
            return st.sampled_from(PATHS).map(type_.parse)
        case types.LeafrefType():
            return values(type_.target)
        case types.UnionType():
            return st.one_of(*map(values, type_.members)).map(lambda value: type_.parse(type_.text(value)))
    raise AssertionError(type_)


def allows(type_: types.Type, text: str) -> bool:
    """Return whether `type_` takes `text`."""
    try:
        type_.parse(text)
    except types.InvalidValue:
        return False
    return True


cached_values = cache(values)


@st.composite
def trees(draw: Draw, schema: Schema) -> Node:
    """Return a tree that breaks no rule of syntax; those over several nodes it may break."""
    return draw(nodes(schema.root))


@st.composite
def nodes(draw: Draw, schema: SchemaNode) -> Node:
    """Return a node with some of its children."""
    keys = {name: draw(cached_values(schema.children[name].type)) for name in schema.keys}
    return Node(schema, ordered(schema, keys | draw(some_children(schema))))


@st.composite
def some_children(draw: Draw, schema: SchemaNode) -> dict[str, Any]:
    """Return some children of a node, without its keys."""
    names = [name for name, child in schema.children.items() if child.config and name not in schema.keys]
    if not names:
        return {}
    chosen: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=5)):
        child = schema.children[name]
        if all(chosen.setdefault(choice, case) == case for choice, case in child.cases):
            value = draw(content(child))
            if not is_empty(value):
                found[name] = value
    return found


@st.composite
def content(draw: Draw, schema: SchemaNode) -> Any:
    """Return what may stand at a schema node."""
    match schema.kind:
        case "leaf":
            return draw(cached_values(schema.type))
        case "leaf-list":
            return in_order(schema, draw(st.lists(cached_values(schema.type), unique=True, max_size=4)))
        case "container":
            return draw(nodes(schema))
        case "list":
            drawn = draw(st.lists(nodes(schema), max_size=3))
            return Entries(schema, {node.key: node for node in drawn})
    # RFC 7950 section 7.10: anydata holds nodes and no text
    return draw(st.sampled_from([text for text in XML if schema.kind == "anyxml" or text[:1] in ("", "<")]))


def in_order(schema: SchemaNode, found: list[Any]) -> tuple[Any, ...]:
    """Return the values of a leaf-list as a tree has them."""
    return tuple(found if schema.user_ordered else sorted(found, key=schema.type.order))


@st.composite
def pairs(draw: Draw, schema: Schema) -> tuple[Node, Node]:
    """Return two trees that have much in common, and share what they have."""
    before, other = draw(trees(schema)), draw(trees(schema))
    return before, draw(blends(before, other))


@st.composite
def blends(draw: Draw, a: Node, b: Node) -> Node:
    """Return a node made of parts of `a` and of `b`, most of them those of `a`."""
    schema = a.schema
    found: dict[str, Any] = {}
    chosen: dict[str, str] = {}
    for name in draw(st.permutations(list(a.children.keys() | b.children.keys()))):
        child = schema.children[name]
        old, new = a.children.get(name), b.children.get(name)
        picked = old if draw(st.integers(0, 2)) else new
        if name in schema.keys:
            picked = old
        elif isinstance(old, Node) and isinstance(new, Node) and draw(st.booleans()):
            picked = draw(blends(old, new))
        elif isinstance(old, Entries) and isinstance(new, Entries) and draw(st.booleans()):
            picked = draw(blended_entries(old, new))
        elif isinstance(old, tuple) and isinstance(new, tuple) and draw(st.booleans()):
            both = draw(st.permutations(list(dict.fromkeys(old + new))))
            picked = in_order(child, both[: draw(st.integers(0, len(both)))])
        if picked is None or is_empty(picked):
            continue
        if all(chosen.setdefault(choice, case) == case for choice, case in child.cases):
            found[name] = picked
    return Node(schema, ordered(schema, found))


@st.composite
def blended_entries(draw: Draw, a: Entries, b: Entries) -> Entries:
    """Return some of the entries of `a` and `b`, some of them blended, a user's list in any order."""
    found: dict[Key, Node] = {}
    for key in draw(st.permutations(list(dict.fromkeys([*a, *b])))):
        old, new = a.get(key), b.get(key)
        if old is not None and new is not None and draw(st.booleans()):
            found[key] = draw(blends(old, new))
        elif draw(st.integers(0, 2)):
            found[key] = old if old is not None else new
    return Entries(a.schema, found)
