"""Bindings of unions: what an enumeration or an identityref among the members takes is a member of its enum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.yang.generated import bindings_of
from yang.draft import Draft
from yang.errors import InvalidValue
from yang.values import Identity
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from types import ModuleType

    from yang.schema import Schema

BODY = """
    identity hop; identity drop { base hop; } identity local { base hop; } identity colour; identity red { base colour; }
    typedef range { type union { type uint8; type enumeration { enum exact; enum or-longer; } type string { pattern "x.*"; } } }
    typedef hop { type union { type string { pattern "[0-9.]+"; } type identityref { base hop; } } }
    typedef level { type enumeration { enum low; enum high; } }
    container c {
      leaf range { type range; } leaf-list ranges { type range; } leaf hop { type hop; }
      leaf nested { type union { type level; type union { type hop; type range; } } }
      leaf own { type union { type enumeration { enum auto; } type int8; } }
      leaf first { type union { type string; type enumeration { enum auto; } type identityref { base hop; } } }
      leaf partly { type union { type string { length "1..3"; } type level; } }
      leaf late { type union { type identityref { base hop; } type string; } }
      leaf both { type union { type identityref { base hop; } type identityref { base colour; } } }
      leaf ref { type leafref { path "../range"; } } leaf own-ref { type leafref { path "../own"; } }
      leaf member { type union { type leafref { path "../hop"; } type int8; } }
      leaf preset { type range; default exact; } leaf number { type range; default 7; } leaf way { type hop; default drop; }
    }
    container all { list l { key k; leaf k { type range; } leaf v { type string; } } }
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Schema, str, ModuleType]:
    """A schema, the text of its bindings, and those imported."""
    folder = tmp_path_factory.mktemp("bindings")
    schema, imported = bindings_of(BODY, "unions", folder)
    return schema, (folder / "unions.py").read_text(), imported


def read(made: tuple[Schema, str, ModuleType], content: str) -> Any:
    document = f'<data xmlns="urn:unions"><c>{content}</c></data>'
    return made[2].C(read_data(parse_document(document.encode()), made[0]).get("unions:c"))


def test_annotations_have_the_enums_among_the_members(made: tuple[Schema, str, ModuleType]) -> None:
    for line in (
        "range: Leaf[int | Range | str]",
        "ranges: LeafList[int | Range | str]",
        "hop: Leaf[str | Hop]",
        "nested: Leaf[Level | str | Hop | int | Range]",
        "own: Leaf[COwn | int]",
        "late: Leaf[Hop | str]",
        "both: Leaf[Hop | Colour]",
        "ref: Leaf[int | Range | str]",
        "member: Leaf[str | int]",
        "preset: LeafWithDefault[int | Range | str]",
    ):
        assert f"    {line} = " in made[1]
    assert made[1].count("class Range(Enumeration):") == made[1].count("class Hop(Identities):") == 1


def test_what_an_enumeration_or_an_identityref_takes_is_a_member_of_its_enum(
    made: tuple[Schema, str, ModuleType],
) -> None:
    bindings = made[2]
    c = read(made, "<range>exact</range><ranges>7</ranges><ranges>or-longer</ranges><ranges>xy</ranges><hop>drop</hop>")
    assert c.range is bindings.Range.EXACT
    assert c.ranges == (7, "or-longer", "xy")
    assert [type(value) for value in c.ranges] == [int, bindings.Range, str]
    assert c.hop is bindings.Hop.DROP
    assert read(made, "<nested>high</nested>").nested is bindings.Level.HIGH
    assert read(made, "<nested>local</nested>").nested is bindings.Hop.LOCAL
    assert read(made, "<nested>exact</nested>").nested is bindings.Range.EXACT
    assert read(made, "<own>auto</own>").own is bindings.COwn.AUTO
    assert read(made, "<range>exact</range><ref>exact</ref>").ref is bindings.Range.EXACT
    assert read(made, "<both>red</both>").both is bindings.Colour.RED


@pytest.mark.parametrize(("name", "text"), [("range", "xy"), ("hop", "10.0.0.1"), ("late", "unions:nothing")])
def test_what_another_member_takes_is_what_it_was(made: tuple[Schema, str, ModuleType], name: str, text: str) -> None:
    value = getattr(read(made, f"<{name}>{text}</{name}>"), name)
    assert (value, type(value)) == (text, str)


def test_the_first_member_that_takes_a_text_decides(made: tuple[Schema, str, ModuleType]) -> None:
    assert "    first: Leaf[str] = Leaf('first')" in made[1]
    assert "    partly: Leaf[str] = Leaf('partly')" in made[1]  # `low` is a string, `high` is not
    for content in ("<first>auto</first>", "<first>drop</first>"):
        assert type(read(made, content).first) is str


def test_a_string_that_reads_as_an_identity_is_a_string(made: tuple[Schema, str, ModuleType]) -> None:
    # in XML, this prefix stands for nothing
    value = read(made, "<late>unions:drop</late>").late
    assert (value, type(value)) == ("unions:drop", str)
    assert read(made, "<late>drop</late>").late is made[2].Hop.DROP


def test_a_default_is_a_member_as_well(made: tuple[Schema, str, ModuleType]) -> None:
    c = made[2].C(None)
    assert c.preset is made[2].Range.EXACT
    assert c.number == 7
    assert c.way is made[2].Hop.DROP
    assert read(made, "<preset>or-longer</preset>").preset is made[2].Range.OR_LONGER


def test_drafts_take_members(made: tuple[Schema, str, ModuleType]) -> None:
    schema, _, bindings = made
    draft = Draft(schema)
    c = bindings.C(draft.open("unions:c"))
    c.range, c.hop, c.own, c.nested = bindings.Range.EXACT, bindings.Hop.DROP, 3, bindings.Hop.LOCAL
    c.ranges = (bindings.Range.OR_LONGER, 9, "xyz")
    assert (c.range, c.hop, c.own, c.nested) == (bindings.Range.EXACT, bindings.Hop.DROP, 3, bindings.Hop.LOCAL)
    assert [type(value) for value in c.ranges if value != 9] == [bindings.Range, str]
    tree = draft.tree()
    node = tree.get("unions:c")
    assert node is not None
    assert isinstance(node.get("hop"), Identity)
    assert type(node.get("range")) is str
    c.range = "or-longer"
    assert c.range is bindings.Range.OR_LONGER
    with pytest.raises(InvalidValue, match=r"/unions:c/hop: 'exact' is not"):
        c.hop = bindings.Range.EXACT


def test_keys_are_values_and_the_leaf_is_a_member(made: tuple[Schema, str, ModuleType]) -> None:
    document = '<data xmlns="urn:unions"><all><l><k>exact</k><v>x</v></l></all></data>'
    view = made[2].All(read_data(parse_document(document.encode()), made[0]).get("unions:all"))
    assert "    l: ListOf[int | Range | str, All.L] = " in made[1]
    assert view.l[made[2].Range.EXACT].v == "x"
    assert view.l["exact"].k is made[2].Range.EXACT
