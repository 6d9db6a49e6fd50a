"""Drafts: a configuration written from Python, checked as it is written."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.openconfig import interface, interfaces
from tests.yang.generated import bindings_of
from tests.yang.playground import pairs, playground
from yang.binding import node_of
from yang.bindings.data import Data
from yang.bindings.ietf_interfaces import InterfaceType
from yang.diff import changes
from yang.draft import Draft, DraftEntries, DraftNode
from yang.edit import edit_config
from yang.errors import RequestError
from yang.tree import Entries, Node
from yang.validate import validate_whole
from yang.xmldata import read_data
from yang.xmlio import parse_document, print_children

if TYPE_CHECKING:
    from yang.schema import Schema

BODY = """
    identity kind; identity tunnel { base kind; } identity ethernet { base kind; }
    container c {
      leaf number { type uint8 { range "1..9"; } } leaf flag { type boolean; default false; } leaf text { type string; }
      leaf amount { type decimal64 { fraction-digits 2; } } leaf raw { type binary; } leaf nothing { type empty; }
      leaf kind { type identityref { base kind; } } leaf mode { type enumeration { enum fast; enum slow; } }
      leaf either { type union { type uint8; type string; } } leaf-list words { type string; }
      leaf-list steps { type uint8; ordered-by user; } leaf set { type bits { bit a; bit b; } }
      container present { presence "here"; leaf x { type string; } } container inner { leaf x { type string; } }
      container state { config false; leaf up { type boolean; } } anydata any;
      choice shape {
        case round { leaf radius { type uint8; } container colour { leaf name { type string; } } }
        case square { leaf side { type uint8; } choice fill { leaf full { type empty; } leaf-list stripes { type uint8; } }
          list corner { key n; leaf n { type uint8; } } }
      }
    }
    list l { key "a b"; leaf a { type uint8; } leaf b { type identityref { base kind; } } leaf v { type string; } }
    list named { key name; leaf name { type leafref { path "../config/name"; } }
      container config { leaf name { type string; } leaf v { type string; } } }
    list ranked { key name; ordered-by user; leaf name { type string; } leaf v { type string; } }
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Schema, Any]:
    """A schema, and its bindings."""
    return bindings_of(BODY, "drafted", tmp_path_factory.mktemp("drafted"))


@pytest.fixture
def draft(made: tuple[Schema, Any]) -> Draft:
    """A draft of nothing."""
    return Draft(made[0])


@pytest.fixture
def c(draft: Draft, made: tuple[Schema, Any]) -> Any:
    """The container of that draft."""
    return made[1].C(draft.open("drafted:c"))


def content(draft: Draft) -> str:
    return print_children(draft.tree())


def test_what_is_written_is_in_the_tree_and_read_back(draft: Draft, c: Any, made: tuple[Schema, Any]) -> None:
    c.number, c.flag, c.text, c.amount, c.raw, c.nothing = 3, True, "t", Decimal("1.50"), b"\x01\x02", ""
    c.kind, c.mode, c.either, c.set = made[1].Kind.TUNNEL, made[1].CMode.FAST, "7", "b a"
    assert (c.number, c.flag, c.amount, c.raw, c.kind, c.mode) == (
        *(3, True, Decimal("1.5"), b"\x01\x02"),
        *(made[1].Kind.TUNNEL, made[1].CMode.FAST),
    )
    assert content(draft) == (
        '<c xmlns="urn:drafted"><number>3</number><flag>true</flag><text>t</text><amount>1.5</amount><raw>AQI=</raw>'
        '<nothing></nothing><kind xmlns:m="urn:drafted">m:tunnel</kind><mode>fast</mode><either>7</either><set>a b</set></c>'
    )
    assert draft.tree() == read_data(parse_document(f"<data>{content(draft)}</data>".encode()), made[0])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("number", 10, "/drafted:c/number: 10 is not an integer in 1..9"),
        ("number", "3", "/drafted:c/number: '3' is not an integer in 1..9"),
        ("number", True, "/drafted:c/number: True is not an integer in 1..9"),
        ("number", 1.0, "/drafted:c/number: 1.0 is not an integer in 1..9"),
        ("flag", 1, "/drafted:c/flag: 1 is not true or false"),
        ("text", 5, "/drafted:c/text: 5 is not text"),
        ("mode", "slowly", "/drafted:c/mode: 'slowly' is not one of fast, slow"),
        ("kind", "wlan", "/drafted:c/kind: 'wlan' is not one of drafted:tunnel, drafted:ethernet"),
        ("words", ("a", "a"), "/drafted:c/words: 'a' is given twice"),
        ("words", "ab", "/drafted:c/words: 'ab' is one value, not several"),
        ("steps", [1, 256], "/drafted:c/steps: 256 is not an integer in 0..255"),
        ("any", "<x/>", "/drafted:c: anydata any cannot be written in a draft"),
    ],
)
def test_a_value_that_the_type_does_not_take_is_refused(
    draft: Draft, c: Any, name: str, value: object, message: str
) -> None:
    with pytest.raises(RequestError) as refused:
        setattr(c, name, value)
    assert str(refused.value) == message
    assert content(draft) == ""


def test_what_is_deleted_reads_as_not_there(draft: Draft, c: Any) -> None:
    c.number, c.text, c.words, c.inner.x = 3, "t", ["b", "a"], "x"
    del c.number
    c.text = None
    del c.words
    assert (c.number, c.text, c.words) == (None, None, ())
    assert content(draft) == '<c xmlns="urn:drafted"><inner><x>x</x></inner></c>'
    del c.inner
    assert not c.exists
    assert content(draft) == ""


def test_leaf_lists_keep_the_order_that_is_theirs(draft: Draft, c: Any) -> None:
    c.words, c.steps = ["b", "a"], (3, 1)
    c.words += ("c",)
    c.steps += (2,)
    assert (c.words, c.steps) == (("a", "b", "c"), (3, 1, 2))
    c.steps = c.words = []
    assert content(draft) == ""


def test_a_presence_container_is_created_and_deleted(draft: Draft, c: Any) -> None:
    assert not c.present.exists
    c.present.exists = True
    assert content(draft) == '<c xmlns="urn:drafted"><present/></c>'
    c.present.exists = False
    assert not c.exists
    with pytest.raises(RequestError, match="container without presence"):
        c.inner.exists = True


def test_what_is_of_another_case_goes(draft: Draft, c: Any, made: tuple[Schema, Any]) -> None:
    c.radius, c.colour.name = 1, "red"
    c.side, c.stripes = 2, [1]
    assert content(draft) == '<c xmlns="urn:drafted"><side>2</side><stripes>1</stripes></c>'
    c.full = ""
    assert (c.side, c.stripes) == (2, ())
    c.corner[1].exists = True
    c.colour.name = "blue"
    assert content(draft) == '<c xmlns="urn:drafted"><colour><name>blue</name></colour></c>'
    again = Draft(draft.tree())
    made[1].C(again.open("drafted:c")).corner[1].exists = True
    assert content(again) == '<c xmlns="urn:drafted"><corner><n>1</n></corner></c>'


def test_entries_are_written_by_their_keys(draft: Draft, made: tuple[Schema, Any]) -> None:
    entries = draft.open("drafted:l")
    assert isinstance(entries, DraftEntries)
    entries.open((2, "drafted:tunnel")).put("v", "x")
    entries.open((1, made[1].Kind.ETHERNET)).create()
    assert list(entries) == [(2, "drafted:tunnel"), (1, "drafted:ethernet")]
    assert content(draft).count("<l ") == 2
    assert content(draft).index("<a>1</a>") < content(draft).index("<a>2</a>")
    with pytest.raises(RequestError, match="300 is not an integer"):
        entries.open((300, "drafted:tunnel"))
    with pytest.raises(RequestError, match="are not the keys a b"):
        entries.open((1,))
    with pytest.raises(RequestError, match="a is a key"):
        entries.open((1, "drafted:ethernet")).put("a", 2)
    entries.remove((2, "drafted:tunnel"))
    with pytest.raises(KeyError):
        entries.remove((2, "drafted:tunnel"))


def test_what_a_key_refers_to_is_written_with_a_new_entry(draft: Draft) -> None:
    entries = draft.open("drafted:named")
    assert isinstance(entries, DraftEntries)
    config = entries.open(("n",)).open("config")
    assert isinstance(config, DraftNode)
    config.put("v", "x")
    assert content(draft) == (
        '<named xmlns="urn:drafted"><name>n</name><config><name>n</name><v>x</v></config></named>'
    )


def test_an_entry_of_a_users_list_that_comes_back_is_the_last(draft: Draft) -> None:
    def names(of: Draft) -> list[Any]:
        return [key[0] for key in of.tree().get("drafted:ranked")]

    ranked = draft.open("drafted:ranked")
    assert isinstance(ranked, DraftEntries)
    for name in ("c", "a", "b"):
        ranked.open((name,)).create()
    assert names(draft) == ["c", "a", "b"]
    again = Draft(draft.tree())
    ranked = again.open("drafted:ranked")
    assert isinstance(ranked, DraftEntries)
    ranked.remove(("a",))
    ranked.open(("a",)).put("v", "x")
    assert names(again) == ["c", "b", "a"]


def test_state_and_what_the_model_does_not_have_are_refused(draft: Draft, c: Any) -> None:
    with pytest.raises(RequestError, match="state is state, not configuration"):
        c.state.up = True
    with pytest.raises(RequestError, match="there is no nothing here"):
        draft.open("nothing")
    with pytest.raises(AttributeError):
        c.numbre = 3


def ethernet(data: Data, name: str) -> None:
    port = data.interfaces.interface[name]
    port.config.type = InterfaceType.ETHERNET_CSMACD
    port.config.mtu = 9000
    port.subinterfaces.subinterface[0].ipv4.addresses.address["10.0.0.1"].config.prefix_length = 24


def test_a_configuration_is_built_from_nothing(schema: Schema) -> None:
    draft = Draft(schema)
    ethernet(Data(draft), "Ethernet1")
    assert validate_whole(draft.tree()) == []
    edited = edit_config(Node(schema.root, {}), parse_document(draft.edit().encode()))
    assert edited == draft.tree()
    assert "operation" not in draft.edit()


def test_a_draft_shares_what_it_does_not_touch(full_schema: Schema) -> None:
    document = f"<data>{interfaces(*(interface(f'Ethernet{number}', mtu=1500) for number in range(1, 2000)))}</data>"
    before = read_data(parse_document(document.encode()), full_schema)
    draft = Draft(before)
    data = Data(draft)
    assert draft.tree() is before
    del data.interfaces.interface["Ethernet7"]
    data.interfaces.interface["Ethernet8"].config.mtu = 9000
    after = draft.tree()
    told = {str(change.path): (change.before, change.after) for change in changes(before, after)}
    one, other = (f"/openconfig-interfaces:interfaces/interface[name='Ethernet{number}']" for number in (7, 8))
    assert told.keys() == {one, f"{other}/config/mtu"}
    assert told[f"{other}/config/mtu"] == (1500, 9000)
    old, new = (tree.get("openconfig-interfaces:interfaces").get("interface") for tree in (before, after))
    assert old.get(("Ethernet1999",)) is new.get(("Ethernet1999",))
    assert edit_config(before, parse_document(draft.edit().encode())) == after
    assert len(data.interfaces.interface) == 1998
    assert "Ethernet7" not in data.interfaces.interface
    assert data.interfaces.interface.get("Ethernet7") is None


def test_a_view_of_a_draft_stands_for_a_place(full_schema: Schema) -> None:
    draft = Draft(full_schema)
    data = Data(draft)
    port = data.interfaces.interface["Ethernet1"]
    assert (port.exists, list(data.interfaces.interface)) == (False, [])
    assert repr(port.config) == (
        "<Interfaces.Interface.Config /openconfig-interfaces:interfaces/interface[name='Ethernet1']/config not there>"
    )
    port.config.mtu = 1500
    del data.interfaces.interface["Ethernet1"]
    assert (port.exists, port.config.mtu) == (False, None)
    port.config.mtu = 9000
    assert repr(port.config) == (
        "<Interfaces.Interface.Config /openconfig-interfaces:interfaces/interface[name='Ethernet1']/config "
        "name='Ethernet1' mtu=9000>"
    )
    assert node_of(port) == draft.tree().get("openconfig-interfaces:interfaces").get("interface").get(("Ethernet1",))


def test_a_view_of_a_tree_is_read_only(full_schema: Schema) -> None:
    draft = Draft(full_schema)
    ethernet(Data(draft), "Ethernet1")
    data = Data(draft.tree())
    with pytest.raises(
        TypeError, match=r"mtu of <Interfaces.Interface.Config .*> is read-only: it is not a view of a draft"
    ):
        data.interfaces.interface["Ethernet1"].config.mtu = 1
    with pytest.raises(TypeError, match="is read-only"):
        del data.interfaces.interface["Ethernet1"]
    with pytest.raises(TypeError, match="is read-only"):
        data.interfaces.interface["Ethernet1"].exists = False


def write(draft: DraftNode, wanted: Node) -> None:
    """Bring `draft` to what `wanted` is, leaf by leaf."""
    for name in [name for name in draft.children if name not in wanted.children]:
        draft.remove(name)
    for name, child in wanted.children.items():
        if isinstance(child, Node):
            inner = draft.open(name)
            assert isinstance(inner, DraftNode)
            if child.schema.presence:
                inner.create()
            write(inner, child)
        elif isinstance(child, Entries):
            entries = draft.open(name)
            assert isinstance(entries, DraftEntries)
            for key in [key for key in entries if child.schema.user_ordered or key not in child]:
                entries.remove(key)
            for key, entry in child.items():
                entries.open(key).create()
                write(entries.open(key), entry)
        elif isinstance(child, tuple):
            draft.put_all(name, child)
        elif name not in draft.schema.keys:
            draft.put(name, child)


def without_any(node: Node) -> Node:
    """Return `node` without anydata and anyxml, which drafts do not write."""
    children = {name: child for name, child in node.children.items() if name not in ("m:any", "m:data")}
    return Node(node.schema, children)


@given(data=st.data())
def test_any_tree_can_be_written_over_any_other(data: st.DataObject) -> None:
    before, after = map(without_any, data.draw(pairs(playground())))
    draft = Draft(before)
    write(draft, after)
    assert draft.tree() == after
    assert edit_config(before, parse_document(draft.edit().encode())) == after
