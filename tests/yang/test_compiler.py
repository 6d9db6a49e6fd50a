"""The compiler: what it refuses, with module and line, and what it makes of YANG's ways to reuse and change models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import module
from yang.compiler import compile_modules
from yang.errors import InvalidValue, ModelError
from yang.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(folder: Path, body: str) -> str:
    """Return what the compiler says of a module m with `body` from its second line on."""
    (folder / "m.yang").write_text(module("\n" + body))
    with pytest.raises(ModelError) as raised:
        compile_modules(folder, features={})
    return str(raised.value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('leaf a { must "1 +"; type string; }', "m.yang:2:"),
        ('leaf a { must "nothing()"; type string; }', "m.yang:2:"),
        ('leaf a { must "count(1)"; type string; }', "m.yang:2: 'count(1)': a value stands where nodes are needed"),
        ('leaf a { must "attribute::a"; type string; }', "m.yang:2: 'attribute::a': the XPath axis attribute is not"),
        (
            'leaf a { must "concat(1)"; type string; }',
            "m.yang:2: XPath function",
        ),
        ('leaf a { must "x:b"; type string; }', "m.yang:2:"),
        ('leaf a { when "$b"; type string; }', "m.yang:2:"),
        ('\nleaf a { type string { pattern "["; } }', "m.yang:3:"),
        ('leaf a { type string { pattern "(?=a)"; } }', "m.yang:2:"),
        ("leaf a { type nothing; }", "m.yang:2:"),
        ("uses nothing;", "m.yang:2:"),
        ("leaf a { type identityref { base nothing; } }", "m.yang:2:"),
        ('leaf a { type leafref { path "../nothing"; } }', "m.yang:2:"),
        ('container c { leaf l { type string; } } leaf a { type leafref { path "../c"; } }', "m.yang:2:"),
        ('augment "/nothing" { leaf a { type string; } }', "m.yang:2:"),
        ("identity a { base b; } identity b { base a; }", "m.yang:2:"),
        ("list l { key nothing; leaf a { type string; } }", "m.yang:2:"),
        ("list l { key a; leaf a { type string; } unique nothing; }", "m.yang:2:"),
        ("leaf a { type int8; default 300; }", "m.yang:2:"),
        ("leaf a { type string; } leaf a { type string; }", "m.yang:2:"),
        ('leaf a { type int8 { range "5..1"; } }', "m.yang:2:"),
        ("import nowhere { prefix n; }", 'm.yang:2: module "nowhere" not found'),
        ("leaf a {", "m.yang:"),
        ('deviation "/nothing" { deviate not-supported; }', "m.yang:2:"),
        ("leaf a { if-feature nothing; type string; }", "m.yang:2:"),
        ("uses g; grouping g { uses g; }", "m.yang:2:"),
    ],
)
def test_what_is_wrong_is_told_with_module_and_line(tmp_path: Path, body: str, message: str) -> None:
    assert message in refused(tmp_path, body).replace("\n", " ").replace("the modules have errors: ", "")


def test_a_folder_without_modules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there are no \.yang files"):
        compile_modules(tmp_path, features={})


def test_a_module_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.yang").write_bytes(b"module m { \xff }")
    with pytest.raises(ModelError, match=r"m\.yang"):
        compile_modules(tmp_path, features={})


def test_many_errors_are_told_in_part(tmp_path: Path) -> None:
    text = refused(tmp_path, "\n".join(f"leaf a{number} {{ type nothing; }}" for number in range(30)))
    assert text.endswith("… and 10 more")


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        (
            'leaf a { must "../nothing"; type string; }',
            "m.yang:2: '../nothing' looks for m:nothing, which /m:a does not lead to",
        ),
        (
            "identity b; leaf i { type identityref { base b; } } leaf a { when \"../i = 'x'\"; type string; }",
            "looks for the identity 'x'",
        ),
    ],
)
def test_a_name_in_an_expression_that_leads_nowhere_is_a_warning(tmp_path: Path, body: str, warning: str) -> None:
    (tmp_path / "m.yang").write_text(module("\n" + body))
    (found,) = compile_modules(tmp_path, features={}).warnings
    assert warning in found


def test_features_decide_what_is_there(tmp_path: Path) -> None:
    body = """feature f; feature g { if-feature f; } leaf a { if-feature f; type string; }
        leaf b { if-feature "not f"; type string; }
        leaf c { if-feature "f and g"; type string; } leaf d { type enumeration { enum x; enum y { if-feature f; } } }
        identity i; identity j { if-feature f; base i; } leaf e { type identityref { base i; } }"""
    (tmp_path / "m.yang").write_text(module(body))
    without = Schema(compile_modules(tmp_path, features={"m": ()}).tables)
    assert list(without.root.children) == ["m:b", "m:d", "m:e"]
    with pytest.raises(InvalidValue):
        without.find("/m:d").type.parse("y")
    with pytest.raises(InvalidValue):
        without.find("/m:e").type.parse("m:j")
    whole = Schema(compile_modules(tmp_path, features={"m": ("f", "g")}).tables)
    assert list(whole.root.children) == ["m:a", "m:c", "m:d", "m:e"]
    assert whole.modules["m"].record.features == ("f", "g")
    assert whole.find("/m:d").type.parse("y") == "y"
    every = Schema(compile_modules(tmp_path, features={}).tables)
    assert list(every.root.children) == ["m:a", "m:c", "m:d", "m:e"]


def test_a_submodule_is_part_of_its_module(compiled: Callable[..., Schema]) -> None:
    schema = compiled(
        m=module("include s; leaf a { type t; } uses g;"),
        s="submodule s { yang-version 1.1; belongs-to m { prefix m; } typedef t { type int8; default 3; }"
        " identity i; grouping g { leaf b { type identityref { base m:i; } } } container c { leaf d { type t; } } }",
    )
    assert set(schema.root.children) == {"m:a", "m:b", "m:c"}
    assert schema.find("/m:c/d").module.name == "m"
    assert schema.find("/m:a").default == 3
    assert schema.modules["s"].record.belongs_to == "m"
    assert list(schema.by_namespace) == ["urn:m"]


def test_an_augment_adds_under_its_own_name(compiled: Callable[..., Schema]) -> None:
    schema = compiled(
        m=module("container c { leaf a { type string; } choice w { leaf x { type string; } } }"),
        n=module(
            """import m { prefix mm; }
            augment "/mm:c" { leaf a { type int8; } container added { leaf inner { type string; } } }
            augment "/mm:c/mm:w" { leaf y { type string; } case z { leaf z1 { type string; } leaf z2 { type string; } } }
            augment "/mm:c/added" { leaf late { type string; } }""",
            "n",
            "n",
        ),
    )
    assert list(schema.find("/m:c").children) == ["a", "x", "n:y", "n:z1", "n:z2", "n:a", "n:added"]
    assert list(schema.find("/m:c/n:added").children) == ["inner", "late"]
    assert schema.find("/m:c/n:z1").cases == (("m:w", "n:z"),)
    assert schema.find("/m:c/n:y").cases == (("m:w", "n:y"),)


def test_a_use_is_refined_and_augmented_where_it_stands(compiled: Callable[..., Schema]) -> None:
    schema = compiled(
        m=module(
            """grouping g { leaf a { type int8; default 1; } leaf b { type string; } container c { leaf-list v { type int8; } } }
            container one { uses g; }
            container two { uses g { refine a { default 2; must ". > 1"; } refine b { mandatory true; } refine c { presence "p"; }
              refine c/v { max-elements 3; } augment c { leaf extra { type string; } } } }"""
        )
    )
    assert (schema.find("/m:one/a").default, schema.find("/m:two/a").default) == (1, 2)
    assert (len(schema.find("/m:one/a").musts), len(schema.find("/m:two/a").musts)) == (0, 1)
    assert (schema.find("/m:one/b").mandatory, schema.find("/m:two/b").mandatory) == (False, True)
    assert (schema.find("/m:one/c").presence, schema.find("/m:two/c").presence) == (False, True)
    assert (schema.find("/m:one/c/v").max_elements, schema.find("/m:two/c/v").max_elements) == (None, 3)
    assert "extra" not in schema.find("/m:one/c").children
    assert "extra" in schema.find("/m:two/c").children


def test_deviations_of_each_kind_are_applied(compiled: Callable[..., Schema]) -> None:
    schema = compiled(
        m=module(
            """leaf gone { type string; } leaf a { type int8; default 1; } leaf b { type string; }
            leaf c { type int8; must ". > 1"; }
            container box { leaf in { type string; } leaf out { type string; } } leaf-list v { type int8; max-elements 4; }
            list l { key k; leaf k { type int8; } leaf u { type int8; } }"""
        ),
        d=module(
            """import m { prefix m; }
            deviation "/m:gone" { deviate not-supported; } deviation "/m:box/m:out" { deviate not-supported; }
            deviation "/m:a" { deviate replace { default 5; type int16; } }
            deviation "/m:b" { deviate add { mandatory true; must "../m:a"; units "m"; } }
            deviation "/m:c" { deviate delete { must ". > 1"; } deviate add { default 7; } }
            deviation "/m:v" { deviate replace { max-elements 2; } deviate add { min-elements 1; } }
            deviation "/m:l" { deviate add { unique "m:u"; } }
            deviation "/m:box/m:in" { deviate replace { config false; } }""",
            "d",
            "d",
        ),
    )
    assert "m:gone" not in schema.root.children
    assert list(schema.find("/m:box").children) == ["in"]
    assert (schema.find("/m:a").default, schema.find("/m:a").type.name) == (5, "int16")
    assert schema.find("/m:b").mandatory
    assert len(schema.find("/m:b").musts) == 1
    assert (schema.find("/m:c").musts, schema.find("/m:c").default) == ((), 7)
    assert (schema.find("/m:v").min_elements, schema.find("/m:v").max_elements) == (1, 2)
    assert schema.find("/m:l").unique == ((("u",),),)
    assert not schema.find("/m:box/in").config


def test_chains_of_typedefs_keep_every_restriction_and_the_nearest_default(compiled: Callable[..., Schema]) -> None:
    schema = compiled(
        t=module(
            """typedef small { type int8 { range "0..50"; } default 1; }
            typedef word { type string { length "1..5"; pattern "[a-z]*"; } }""",
            "t",
            "t",
        ),
        m=module(
            """import t { prefix t; } typedef smaller { type t:small { range "0..10 | 50"; } default 2; }
            typedef again { type smaller; } typedef plain { type t:word { pattern "a.*"; } }
            leaf a { type again; } leaf b { type again { range "max"; } default 50; } leaf c { type plain { length "2"; } }
            leaf d { type t:small; default 3; } leaf e { type again; mandatory true; } leaf-list f { type again; }
            leaf-list g { type again; min-elements 1; }
            leaf ref { type leafref { path "../ref2"; } } leaf ref2 { type leafref { path "../a"; } }"""
        ),
    )
    a, b, c = (schema.find(f"/m:{name}") for name in "abc")
    assert (a.default, schema.find("/m:d").default, schema.find("/m:e").default) == (2, 3, None)
    assert (schema.find("/m:f").default, schema.find("/m:g").default) == ((2,), None)
    for node, good, wrong in (
        (a, ("0", "50"), ("11", "49")),
        (b, ("50",), ("10",)),
        (c, ("ab",), ("a", "ba", "abc", "aB")),
    ):
        for text in good:
            node.type.parse(text)
        for text in wrong:
            with pytest.raises(InvalidValue):
                node.type.parse(text)
    with pytest.raises(InvalidValue):
        schema.find("/m:ref").type.parse("11")
    assert schema.find("/m:ref").type.parse("10") == 10


def test_identities_derive_through_modules_and_from_several_bases(compiled: Callable[..., Schema]) -> None:
    schema = compiled(
        b=module("identity animal; identity swimmer; identity fish { base animal; base swimmer; }", "b", "b"),
        m=module(
            """import b { prefix x; } identity carp { base x:fish; } identity cat { base x:animal; }
            leaf animal { type identityref { base x:animal; } }
            leaf both { type identityref { base x:animal; base x:swimmer; } default x:fish; }
            leaf own { type identityref { base x:fish; } default carp; }"""
        ),
    )
    assert set(schema.find("/m:animal").type.identities) == {"b:fish", "m:carp", "m:cat"}
    assert set(schema.find("/m:both").type.identities) == {"b:fish", "m:carp"}
    assert (schema.find("/m:both").default, schema.find("/m:own").default) == ("b:fish", "m:carp")


def test_an_expression_is_read_in_the_scope_of_the_module_that_has_it(compiled: Callable[..., Schema]) -> None:
    schema = compiled(
        g=module(
            'grouping g { leaf a { type string; } leaf b { must "../a"; type leafref { path "../a"; } } }', "g", "x"
        ),
        m=module('import g { prefix x; } container c { uses x:g; leaf d { must "x:nothing or ../a"; type string; } }'),
    )
    assert [rule.references().unknown for rule in schema.rules.owned_by(schema.find("/m:c/b"))] == [[], []]
    assert [rule.references().unknown for rule in schema.rules.owned_by(schema.find("/m:c/d"))] == [["g:nothing"]]


def test_actions_and_notifications_of_data_nodes_compile_with_what_is_in_them(compiled: Callable[..., Schema]) -> None:
    schema = compiled(
        m=module(
            """
            list port { key name; leaf name { type string; } leaf mtu { type uint16; }
              action reset {
                input { leaf delay { type uint8; must ". < ../../mtu"; } leaf peer { type leafref { path "../../name"; } } }
                output { leaf done { type boolean; mandatory true; } } }
              notification went { leaf why { type string; } } }
            notification all { leaf why { type string; } }
            """
        )
    )
    port = schema.find("/m:port")
    assert list(port.children) == ["name", "mtu"]
    reset, went = port.operations().values()
    assert (reset.kind, reset.path()) == ("action", "/m:port/reset")
    assert list(reset.children["input"].children) == ["delay", "peer"]
    assert reset.children["output"].children["done"].mandatory
    assert (went.kind, list(went.children)) == ("notification", ["why"])
    assert schema.find("/m:all").kind == "notification"


def test_an_expression_in_an_action_that_cannot_be_used_stops_the_compilation(tmp_path: Path) -> None:
    body = 'container c {\n action a { input { leaf b { type string; must "count(1)"; } } } }'
    assert "m.yang:3: 'count(1)'" in refused(tmp_path, body)


def test_a_statement_over_which_pyang_fails_is_named(tmp_path: Path) -> None:
    assert "m.yang:2: pyang cannot check" in refused(tmp_path, 'leaf a { type string; must "/ancestor::m:b"; }')
