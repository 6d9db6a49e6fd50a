"""`nos-mgmt validate`: what is wrong, where, the value, and what would be right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from nos_mgmt.cli import main
from tests.conftest import needs
from yang.compiler import compile_modules
from yang.tables import dump

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
module m { yang-version 1.1; namespace "urn:m"; prefix m;
  revision 2026-01-02;
  identity base; identity one { base base; }
  container c {
    leaf mtu { type uint16 { range 68..9000 { error-message "no such size"; error-app-tag "size"; } } default 1500; }
    leaf description { type string; } leaf kind { type identityref { base base; } }
    leaf other { type leafref { path "../description"; } }
    must "not(mtu = 100)" { error-message "not a hundred"; error-app-tag "hundred"; }
  }
  container state { config false; leaf n { type int8; } }
}
"""
ABSENT = """
module n { yang-version 1.1; namespace "urn:n"; prefix n;
  container absent { leaf needed { type int8; mandatory true; } }
}
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model set."""
    folder = tmp_path_factory.mktemp("set")
    (folder / "modules").mkdir()
    (folder / "modules" / "m.yang").write_text(MODULE)
    (folder / "modules" / "n.yang").write_text(ABSENT)
    dump(compile_modules(folder / "modules", features={}).tables, folder / "schema.tables")
    return folder


def validate(models: Path, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["validate", "--models", str(models), *arguments], input=stdin)


def write(path: Path, content: str) -> str:
    path.write_text(content)
    return str(path)


BAD = """<config>
<c xmlns="urn:m">
  <mtu>10</mtu>
  <descripton>x</descripton>
  <kind>two</kind>
</c></config>"""


def test_every_error_has_file_line_path_value_and_what_is_allowed(models: Path, tmp_path: Path) -> None:
    name = write(tmp_path / "bad.xml", BAD)
    result = validate(models, name)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{name}:3: mtu: no such size",
        "    at       /m:c/mtu",
        "    value    '10'",
        "    allowed  an integer in 68..9000",
        "    error    invalid-value, size",
        f"{name}:4: c has no descripton; it has mtu, description, kind, other",
        "    at       /m:c",
        "    allowed  description, if that is what is meant",
        "    error    unknown-element",
        f"{name}:5: kind: 'two' is not an identity derived from m:base",
        "    at       /m:c/kind",
        "    value    'two'",
        "    allowed  one of m:one",
        "    error    invalid-value",
        f"{name}: 3 errors",
    ]


def test_broken_rules_have_the_models_message_and_the_line(models: Path, tmp_path: Path) -> None:
    name = write(tmp_path / "rules.json", '{"m:c": {\n "mtu": 100,\n "other": "x"}}')
    result = validate(models, name)
    assert result.exit_code == 1
    assert f"{name}:1: not a hundred\n    at       /m:c\n    error    operation-failed, hundred" in result.output
    assert f"{name}:3: other x refers to nothing" in result.output
    assert "value    'x'\n    error    data-missing, instance-required" in result.output
    assert f"{name}: 2 errors\n" in result.output


def test_broken_rules_are_told_beside_what_is_wrong_in_itself(models: Path, tmp_path: Path) -> None:
    name = write(tmp_path / "both.json", '{"m:c": {"mtu": 100,\n "kind": "two",\n "other": "x"}}')
    output = validate(models, name).output
    assert [line for line in output.splitlines() if line.startswith(name)] == [
        f"{name}:2: kind: 'two' is not an identity derived from m:base",
        f"{name}:1: not a hundred",
        f"{name}:3: other x refers to nothing: there is no such ../description",
        f"{name}: 3 errors",
    ]
    name = write(tmp_path / "first.xml", BAD.replace("10<", "100<").replace("two", "one"))
    assert f"{name}: 2 errors\n" in validate(models, name).output


def test_rules_are_judged_once_there_are_not_too_many_errors(models: Path, tmp_path: Path) -> None:
    wrong = "<x/>" * 1000
    name = write(tmp_path / "many.xml", f'<c xmlns="urn:m"><mtu>100</mtu>{wrong}</c>')
    last = validate(models, name).output.splitlines()[-1]
    assert last == f"{name}: 1000 errors or more; rules between nodes are judged once there are fewer"


def test_what_a_reference_could_be_is_told(models: Path, tmp_path: Path) -> None:
    name = write(tmp_path / "rules.json", '{"m:c": {"other": "x", "description": "y"}}')
    assert "    value    'x'\n    allowed  y, as there is now\n" in validate(models, name).output


@pytest.mark.parametrize(
    "content",
    ['<c xmlns="urn:m"><mtu>70</mtu></c>', '{"m:c":{"mtu":70}}', '<data><state xmlns="urn:m"><n>1</n></state></data>'],
)
def test_what_is_right_is_valid_whatever_its_form(models: Path, tmp_path: Path, content: str) -> None:
    name = write(tmp_path / "good", content)
    result = validate(models, name)
    assert (result.exit_code, result.output) == (0, f"{name}: valid\n")
    assert validate(models, "-", stdin=content).output == "standard input: valid\n"


def test_state_is_refused_and_absent_nodes_are_told_if_that_is_wanted(models: Path, tmp_path: Path) -> None:
    name = write(tmp_path / "state.json", '{"m:state":{"n":1}}')
    assert "state is state, not configuration" in validate(models, "--config", name).output
    result = validate(models, "--complete", name)
    assert result.exit_code == 1
    assert "needed is mandatory\n    at       /n:absent/needed" in result.output


def test_one_file_that_is_wrong_makes_the_status_1(models: Path, tmp_path: Path) -> None:
    good, bad = write(tmp_path / "good", '{"m:c":{}}'), write(tmp_path / "bad", "{")
    result = validate(models, good, bad)
    assert result.exit_code == 1
    assert f"{good}: valid" in result.output
    assert f"{bad}: cannot be read" in result.output
    assert "malformed-message" in result.output


def test_limits_can_be_set(models: Path, tmp_path: Path) -> None:
    large = write(tmp_path / "large", '{"m:c":{}}' + " " * 1_000_000)
    assert "at most 1000000 are read" in validate(models, "--max-size", "1", large).output
    for text in ("[" * 10_000, "<a>" * 20 + "</a>" * 20):
        deep = write(tmp_path / "deep", text)
        result = validate(models, "--max-depth", "7", deep)
        assert result.exit_code == 1
        assert "the 7 levels" in result.output


def test_valid_data_is_written_as_instance_data(models: Path, tmp_path: Path) -> None:
    name = write(tmp_path / "good", '{"m:c":{"description":"x"}}')
    for ending in (".xml", ".json"):
        output = str(tmp_path / f"running{ending}")
        assert validate(models, "--output", output, "--with-defaults", "report-all-tagged", name).exit_code == 0
        assert validate(models, output).output == f"{output}: valid\n"
    written = json.loads((tmp_path / "running.json").read_text())["ietf-yang-instance-data:instance-data-set"]
    assert written == {
        "name": "running",
        "includes-defaults": "report-all-tagged",
        "content-schema": {"module": ["m@2026-01-02"]},
        "content-data": {
            "m:c": {"mtu": 1500, "@mtu": {"ietf-netconf-with-defaults:default": True}, "description": "x"}
        },
    }
    assert "ends in .xml or .json" in validate(models, "--output", str(tmp_path / "x.txt"), name).output
    assert validate(models, "--output", output, name, name).exit_code == 2


def test_yanglint_is_asked_and_agrees(models: Path, tmp_path: Path) -> None:
    needs("yanglint")
    good, bad = write(tmp_path / "good", '{"m:c":{"mtu":70}}'), write(tmp_path / "bad.xml", BAD)
    result = validate(models, "--oracle", good, bad)
    assert f"{good}: yanglint agrees: it accepts the data" in result.output
    assert f"{bad}: yanglint agrees: it refuses the data" in result.output


def test_a_disagreement_is_shown_and_makes_the_status_1(models: Path, tmp_path: Path) -> None:
    needs("yanglint")
    # RFC 7951 section 4 wants the simple name here; libyang takes both
    name = write(tmp_path / "odd.json", '{"m:c":{"m:mtu":70}}')
    result = validate(models, "--oracle", name)
    assert result.exit_code == 1
    assert f"{name}: DISAGREEMENT: yanglint accepts the data" in result.output


def test_without_yanglint_there_is_a_hint(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = validate(models, "--oracle", write(tmp_path / "good", '{"m:c":{}}'))
    assert result.exit_code == 1
    assert "yanglint is not installed" in result.output
    assert "libyang2-tools" in result.output


def test_help_says_what_a_file_may_be() -> None:
    result = CliRunner().invoke(main, ["validate", "--help"])
    assert result.exit_code == 0
    for words in ("JSON (RFC 7951)", "instance data (RFC 9195)", "The status is 0", "nos-mgmt validate running.xml\n"):
        assert words in result.output
