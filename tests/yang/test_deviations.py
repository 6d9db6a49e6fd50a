"""The module of deviations: accepted by pyang, and what is left of the models with it is what is supported."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import module
from tests.yang.playground import FIRST, SECOND, playground, schema_of
from yang import bindings
from yang.compiler import compile_modules
from yang.deviations import NAME, deviation_module, served_modules, unsupported
from yang.schema import Schema

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

BODY = """
    container c { leaf a { type string; default old; } leaf b { type string; }
      choice w { case left { leaf l { type string; } container deep { leaf d { type string; } } } leaf right { type string; } } }
    list l { key k; leaf k { type string; } leaf v { type string; } container s { config false; leaf n { type int8; } } }
    leaf kind { type identityref { base kind; } } identity kind;
    rpc act { input { leaf x { type string; } } }
"""
WHOLE = schema_of(
    module(BODY, "b", "p"),
    module('import b { prefix x; } augment "/x:c" { leaf b { type string; } leaf e { type string; } }', "n", "p"),
    module("import b { prefix x; } identity far { base x:kind; }", "far", "f"),
    module("leaf alone { type string; }", "unused", "u"),
)


def test_what_is_left_out_is_deviated_at_its_topmost_node() -> None:
    part = WHOLE.supporting(["/b:c/a", "/b:l/*", "/b:kind"])
    assert [(node.path(), name) for node, name in unsupported(part)] == [
        *(("", "b:act"), ("/b:c", "b"), ("/b:c", "deep"), ("/b:c", "l"), ("/b:c", "right")),
    ]


def test_the_modules_served_are_those_with_a_node_or_an_identity() -> None:
    assert [module.name for module in served_modules(WHOLE.supporting(["/b:c/a"]))] == ["b"]
    assert [module.name for module in served_modules(WHOLE.supporting(["/b:c/n:e"]))] == ["b", "n"]
    assert [module.name for module in served_modules(WHOLE.supporting(["/b:kind"]))] == ["b", "far"]


def test_a_part_that_is_the_whole_deviates_nothing() -> None:
    assert "deviate" not in deviation_module(WHOLE, WHOLE).replace("nos-deviations", "")


def test_a_default_of_our_own_is_a_deviation() -> None:
    text = deviation_module(WHOLE, WHOLE, {"/b:c/a": "new"})
    assert 'deviation "/p:c/p:a"' in text
    assert 'default "new";' in text


def test_a_node_in_a_choice_is_named_with_choice_and_case() -> None:
    text = deviation_module(WHOLE.supporting(["/b:c/a"]), WHOLE)
    assert 'deviation "/p:c/p:w/p:left/p:l"' in text
    assert 'deviation "/p:c/p:w/p:right/p:right"' in text


def compiled_with(folder: Path, text: str, *modules: str) -> Schema:
    for each in modules:
        (folder / f"{each.split()[1]}.yang").write_text(each)
    (folder / f"{NAME}.yang").write_text(text)
    return Schema(compile_modules(folder, features={}).tables)


@given(data=st.data())
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
def test_models_with_the_deviations_are_the_part_that_is_supported(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = playground()
    # a leafref is of no use without what it refers to
    every = [node.path() for node in whole.root.descendants() if node.name not in ("reference", "second-hand")]
    chosen = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=8))
    part = whole.supporting([*chosen, "/m:top", "/n:top"])
    text = deviation_module(part, whole)
    found = compiled_with(tmp_path_factory.mktemp("deviated"), text, FIRST, SECOND)
    there = {node.path() for node in found.root.descendants()}
    assert there == {node.path() for node in part.root.descendants()}


def test_pyang_accepts_the_deviations_of_openconfig(tmp_path: Path, schema: Schema, full_schema: Schema) -> None:
    file = tmp_path / f"{NAME}.yang"
    file.write_text(deviation_module(schema, full_schema))
    # the style guide wants prefixes that OpenConfig does not have; --strict is about the language
    command = [
        sys.executable,
        "-m",
        "pyang.scripts.pyang_tool",
        "--strict",
        "--path",
        str(bindings.DEFAULT / "modules"),
    ]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if NAME in line] == []
