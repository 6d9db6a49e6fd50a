"""Bindings: what is generated for a model, how it reads a tree, and what mypy makes of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import module
from tests.openconfig import interface, interfaces
from tests.yang.generated import bindings_of, imported
from yang.binding import node_of
from yang.bindings.data import Data
from yang.bindings.openconfig_interfaces import Interfaces
from yang.draft import Draft
from yang.naming import attribute_names, camel, constant, snake
from yang.tree import Node
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from types import ModuleType

    from yang.schema import Schema

ROOT = Path(__file__).parent.parent.parent

BODY = """
    identity NTP_AUTH_TYPE; identity NTP_AUTH_MD5 { base NTP_AUTH_TYPE; } identity kind; identity ethernetCsmacd { base kind; }
    typedef colour { type enumeration { enum dark-red; enum 2nd; enum class; enum None; } }
    grouping g { leaf shared { type string { length "1..3"; } units "metres"; default "a"; description "It is \\"shared\\"."; } }
    container c {
      description "A container with \\\\ in its text.";
      leaf number { type uint8 { range "1..9"; } } leaf flag { type boolean; default false; } leaf import { type string; }
      leaf auth { type identityref { base NTP_AUTH_TYPE; } default NTP_AUTH_MD5; } leaf colour { type colour; default dark-red; }
      leaf own { type enumeration { enum up; enum down; } } leaf either { type union { type uint8; type string; } }
      leaf ref { type leafref { path "../number"; } } leaf amount { type decimal64 { fraction-digits 2; } default 1.5; }
      leaf raw { type binary; } leaf-list kinds { type identityref { base kind; } } leaf-list words { type string; }
      leaf nothing { type empty; } leaf set { type bits { bit a; bit b; } }
      container inner { presence "p"; uses g; } container other { uses g; container c { leaf deep { type int8; } } }
    }
    list l { key name; leaf name { type string; } uses g; list pair { key "a b"; leaf a { type uint8; }
      leaf b { type identityref { base kind; } } leaf v { type string; } }
      list alike { key "a b c"; leaf a { type uint8; } leaf b { type string; } leaf c { type string; } } }
"""
DOCUMENT = """<data xmlns="urn:made-up"><c><number>3</number><import>x</import><colour>2nd</colour><own>up</own><either>7</either>
    <ref>3</ref><raw>AQI=</raw><kinds>ethernetCsmacd</kinds><words>a</words><words>b</words><nothing/><set>a b</set><inner/></c>
    <l><name>n</name><pair><a>1</a><b>ethernetCsmacd</b><v>x</v></pair></l></data>"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Schema, str, ModuleType]:
    """A schema, the text of its bindings, and those imported under a name of their own."""
    folder = tmp_path_factory.mktemp("bindings")
    schema, imported = bindings_of(BODY, "made-up", folder)
    return schema, (folder / "made_up.py").read_text(), imported


def views(made: tuple[Schema, str, ModuleType], document: str = DOCUMENT) -> tuple[object, object]:
    tree = read_data(parse_document(document.encode()), made[0])
    entries = tree.get("made-up:l")
    return made[2].C(tree.get("made-up:c")), made[2].L(next(entries.values())) if entries is not None else None


def test_leaves_read_as_values_of_their_types(made: tuple[Schema, str, ModuleType]) -> None:
    c, bindings = views(made)[0], made[2]
    read = {name: getattr(c, name) for name in ("number", "import_", "either", "ref", "raw", "words", "nothing", "set")}
    assert read == {
        "number": 3,
        "import_": "x",
        "either": 7,
        "ref": 3,
        "raw": b"\x01\x02",
        "words": ("a", "b"),
        "nothing": "",
        "set": "a b",
    }
    assert c.colour is bindings.Colour._2ND  # type: ignore[attr-defined]
    assert c.own is bindings.COwn.UP  # type: ignore[attr-defined]
    assert c.kinds == (bindings.Kind.ETHERNET_CSMACD,)  # type: ignore[attr-defined]


def test_defaults_and_what_is_not_there(made: tuple[Schema, str, ModuleType]) -> None:
    c = made[2].C(None)
    assert not c.exists
    assert (c.number, c.flag, c.kinds, str(c.amount)) == (None, False, (), "1.5")
    assert c.auth is made[2].NtpAuthType.NTP_AUTH_MD5
    assert c.colour is made[2].Colour.DARK_RED
    assert c.other.c.deep is None
    assert c.inner.shared == "a"
    assert repr(c) == "<C not there>"
    assert repr(c.other.c) == "<C.Other.CEntry /other/c not there>"


def test_lists_are_mappings_by_typed_keys(made: tuple[Schema, str, ModuleType]) -> None:
    entry: object = views(made)[1]
    pairs = entry.pair  # type: ignore[attr-defined]
    key = (1, made[2].Kind.ETHERNET_CSMACD)
    assert list(pairs) == [key]
    assert pairs[key].v == "x"
    assert len(pairs) == 1
    assert pairs.get((2, "made-up:ethernetCsmacd")) is None
    with pytest.raises(KeyError):
        pairs[2, "x"]
    assert len(made[2].L(None).pair) == 0


def test_views_are_equal_where_their_nodes_are(made: tuple[Schema, str, ModuleType]) -> None:
    one, other = views(made)[0], views(made)[0]
    assert one == other
    assert one != views(made)[1]


def test_repr_has_the_path_and_the_leaves_that_are_set(made: tuple[Schema, str, ModuleType]) -> None:
    c, entry = (
        views(made, '<data xmlns="urn:made-up"><c><number>3</number><words>a</words><words>b</words></c></data>')[0],
        views(made)[1],
    )
    assert repr(c) == "<C /made-up:c number=3 words=('a', 'b')>"
    assert repr(entry.pair[1, "made-up:ethernetCsmacd"]) == (  # type: ignore[attr-defined]
        "<L.Pair /made-up:l[name='n']/pair[a='1'][b='made-up:ethernetCsmacd'] a=1 b='made-up:ethernetCsmacd' v='x'>"
    )
    assert repr(c.other.c) == "<C.Other.CEntry /made-up:c/other/c not there>"  # type: ignore[attr-defined]
    assert repr(entry.pair) == "<L.Pair by key: (1, 'made-up:ethernetCsmacd')>"  # type: ignore[attr-defined]


def test_a_grouping_is_one_class_and_names_are_pythons(made: tuple[Schema, str, ModuleType]) -> None:
    text = made[1]
    assert "class NtpAuthType(Identities):" in text
    assert "NTP_AUTH_MD5 = 'made-up:NTP_AUTH_MD5'" in text
    assert "CLASS = 'class'" in text
    assert "        class CEntry(View):" in text
    assert "pair: ListOf[tuple[int, Kind], L.Pair]" in text
    assert "alike: ListOf[tuple[int, str, str], L.Alike]" in text
    assert "number: Leaf[int]" in text
    assert "either: Leaf[int | str]" in text


def test_docstrings_have_the_facts_of_the_model(made: tuple[Schema, str, ModuleType]) -> None:
    assert '"""string of 1..3 characters, metres, default a. It is \'shared\'."""' in made[1]
    assert '"""uint8 1..9."""' in made[1]
    assert '"""leafref to ../number."""' in made[1]
    assert made[2].C.__doc__ == "/made-up:c: A container with \\ in its text."


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("next-hop", "NextHop"),
        ("NTP_AUTH_TYPE", "NtpAuthType"),
        ("BGP", "Bgp"),
        ("afi-safi.x_y", "AfiSafiXY"),
        ("ethernetCsmacd", "EthernetCsmacd"),
        ("IANAIfType", "IANAIfType"),
    ],
)
def test_classes_are_named_in_camel_case(name: str, python: str) -> None:
    assert camel(name) == python


def test_members_and_attributes_are_named_as_python_does() -> None:
    assert [constant(name) for name in ("ethernetCsmacd", "10G", "a.b-c", "mro", "IPV4")] == [
        *("ETHERNET_CSMACD", "_10G", "A_B_C", "MRO_", "IPV4"),
    ]
    assert [snake(name) for name in ("prefix-length", "a.b", "10g")] == ["prefix_length", "a_b", "_10g"]


def test_the_default_bindings_read_openconfig(full_schema: Schema) -> None:
    document = f"<data>{interfaces(interface('Ethernet1', '10.0.0.1/24', mtu=9000))}</data>"
    tree = read_data(parse_document(document.encode()), full_schema)
    view = Interfaces(tree.get("openconfig-interfaces:interfaces"))
    port = view.interface["Ethernet1"]
    assert (port.config.mtu, port.config.enabled, port.config.description) == (9000, True, None)
    assert isinstance(node_of(port), Node)
    assert list(port.subinterfaces.subinterface) == [0]


def test_the_top_of_a_tree_is_a_view_of_all_models(full_schema: Schema) -> None:
    document = f"<data>{interfaces(interface('Ethernet1', mtu=9000))}</data>"
    data = Data(read_data(parse_document(document.encode()), full_schema))
    assert data.interfaces.interface["Ethernet1"].config.mtu == 9000
    assert repr(data.interfaces.interface["Ethernet1"].subinterfaces) == (
        "<Subinterfaces /openconfig-interfaces:interfaces/interface[name='Ethernet1']/subinterfaces not there>"
    )


def test_a_grouping_is_read_and_written_in_its_childs_module_and_in_others(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("bindings")
    body = "grouping g { container shared { uses deep; } } grouping deep { leaf x { type int8; } }"
    (folder / "first.yang").write_text(module(f"{body} container top {{ uses g; }}", "first", "f"))
    body = """import first { prefix f; } container own { uses f:g; } grouping more { container more { uses f:deep; } }
        augment "/f:top/f:shared" { uses more; } augment "/own/shared" { uses more; }"""
    schema, second = bindings_of(body, "second", folder)
    draft = Draft(schema)
    first = imported("first", folder)
    top, own = first.Top(draft.open("first:top")), second.Own(draft.open("second:own"))
    top.shared.more.x, own.shared.more.x = 1, 2
    assert (top.shared.more.x, own.shared.more.x) == (1, 2)
    again = first.Top(draft.tree().get("first:top")), second.Own(draft.tree().get("second:own"))
    assert [view.shared.more.x for view in again] == [1, 2]


def test_of_two_attributes_of_one_name_one_has_its_modules_before_it() -> None:
    names = ["m:a", "a", "b-c", "class", "n:d", "o:d", "exists"]
    assert attribute_names(["m:d", "n:d|d"]) == {"n:d|d": "d", "m:d": "m_d"}
    assert attribute_names(names) == {
        "a": "a",
        "b-c": "b_c",
        "class": "class_",
        "exists": "exists_",
        "m:a": "m_a",
        "n:d": "d",
        "o:d": "o_d",
    }


PROGRAM = """
from collections.abc import Mapping
from decimal import Decimal

from yang.bindings.data import Data
from yang.bindings.ietf_interfaces import InterfaceType
from yang.bindings.openconfig_interfaces import Interfaces
from yang.bindings.openconfig_local_routing import LocalDefinedNextHop, StaticRoutes
from yang.bindings.openconfig_system import System
from yang.draft import Draft
from yang.schema import Schema


Hop = StaticRoutes.Static.NextHops.NextHop


def build(schema: Schema) -> str:
    draft = Draft(schema)
    interface = Data(draft).interfaces.interface["Ethernet1"]
    interface.config.mtu = 9000
    interface.config.description = None
    interface.config.type = InterfaceType.ETHERNET_CSMACD
    del interface.config.mtu
    del interface.subinterfaces.subinterface[0]
    interface.exists = True
    return draft.edit()


def facts(interfaces: Interfaces, system: System) -> tuple[int | None, bool, Mapping[str, Interfaces.Interface]]:
    interface = interfaces.interface["Ethernet1"]
    number: list[int] = list(interface.subinterfaces.subinterface)
    return interface.config.mtu or number[0], interface.config.enabled, interfaces.interface
"""


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ("", None),
        ("\ndef bad(view: Interfaces) -> int:\n    return view.interface['x'].config.mtu\n", "int | None"),
        ("\ndef bad(view: Interfaces) -> object:\n    return view.interface['x'].config.mtuu\n", '"mtuu"'),
        ("\ndef bad(view: Interfaces) -> object:\n    return view.interface[3]\n", "Invalid index type"),
        ("\ndef bad(view: Interfaces) -> None:\n    view.interface['x'].config.mtu = 'x'\n", 'has type "str"'),
        ("\ndef bad(view: Interfaces) -> None:\n    view.interface['x'].config.type = 'x'\n", '"InterfaceType | None"'),
        ("\ndef bad(view: Interfaces) -> None:\n    view.interface['x'].config.enabled = None\n", 'has type "None"'),
        ("\ndef bad(view: Interfaces) -> None:\n    del view.interface[3]\n", 'has incompatible type "int"'),
        (
            "\ndef bad(hop: Hop) -> Decimal | None:\n    return hop.config.next_hop\n",
            '"str | LocalDefinedNextHop | None"',
        ),
        ("\ndef bad(hop: Hop) -> None:\n    hop.config.next_hop = LocalDefinedNextHop.DROPP\n", '"DROPP"'),
        ("\ndef bad(hop: Hop) -> None:\n    hop.config.next_hop = 7\n", '"str | LocalDefinedNextHop | None"'),
    ],
)
def test_a_program_that_uses_bindings_is_checked_by_mypy(tmp_path: Path, more: str, wrong: str | None) -> None:
    (tmp_path / "program.py").write_text(PROGRAM + more)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(tmp_path / "program.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if wrong is None:
        assert done.stdout == ""
    else:
        assert done.stdout.count("error:") == 1
        assert wrong in done.stdout
