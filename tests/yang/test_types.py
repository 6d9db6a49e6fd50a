"""The built-in types of RFC 7950 section 9: what they take, what they say when they do not, how they write and sort."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import module
from yang.errors import InvalidValue
from yang.types import InstanceIdentifierType, LeafrefType, Type
from yang.values import EMPTY, Bits, Empty, Identity, natural

if TYPE_CHECKING:
    from collections.abc import Callable

    from yang.schema import Schema

    TypeOf = Callable[..., Type]


@pytest.fixture
def type_of(compiled: Callable[..., Schema]) -> TypeOf:
    """A function that returns the type of a leaf whose type statement is given, and definitions beside it."""

    def type_of(statement: str, definitions: str = "", **modules: str) -> Type:
        text = module(f"{definitions} leaf x {{ {statement} }}")
        return compiled(m=text, **modules).find("m:x").type

    return type_of


def refused(type_: Type, text: str, *said: str, **resolve: Any) -> InvalidValue:
    """Assert that `type_` refuses `text` and says so with every part of `said`; return the error."""
    with pytest.raises(InvalidValue) as raised:
        type_.parse(text, **resolve)
    assert raised.value.tag == "invalid-value"
    for part in said:
        assert part in raised.value.message
    return raised.value


# integers


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("int8", -128, 127),
        ("int16", -32768, 32767),
        ("int32", -2147483648, 2147483647),
        ("int64", -9223372036854775808, 9223372036854775807),
        ("uint8", 0, 255),
        ("uint16", 0, 65535),
        ("uint32", 0, 4294967295),
        ("uint64", 0, 18446744073709551615),
    ],
)
def test_an_integer_takes_its_bounds_and_nothing_beyond(type_of: TypeOf, name: str, low: int, high: int) -> None:
    integer = type_of(f"type {name};")
    assert integer.parse(str(low)) == low
    assert integer.parse(str(high)) == high
    refused(integer, str(low - 1), f"{low - 1} is outside {low}..{high}")
    refused(integer, str(high + 1), f"{high + 1} is outside {low}..{high}")


@pytest.mark.parametrize(("text", "value"), [("+5", 5), ("-0", 0), ("007", 7), ("-007", -7)])
def test_signs_and_leading_zeros_are_no_part_of_an_integer(type_of: TypeOf, text: str, value: int) -> None:
    integer = type_of("type int8;")
    assert integer.parse(text) == value
    assert integer.text(integer.parse(text)) == str(value)


@pytest.mark.parametrize("text", ["", " ", " 5", "5 ", "5\n", "0x10", "1e2", "1.0", "--1", "+", "٣", "1_000", "five"])
def test_what_is_no_integer_is_refused_with_the_text(type_of: TypeOf, text: str) -> None:
    refused(type_of("type int32;"), text, f"{text!r} is not an integer")


def test_an_integer_of_a_million_digits_is_refused_at_once(type_of: TypeOf) -> None:
    error = refused(type_of("type uint64;"), "9" * 1_000_000, "is not an integer")
    assert len(error.message) < 100


def test_a_range_has_several_parts(type_of: TypeOf) -> None:
    vlan = type_of('type uint16 { range "1..10 | 20 | 4090..4094"; }')
    for value in (1, 10, 20, 4090, 4094):
        assert vlan.parse(str(value)) == value
    for value in (0, 11, 19, 21, 4095):
        refused(vlan, str(value), f"{value} is outside 1..10 | 20 | 4090..4094")


def test_min_and_max_in_a_range_are_those_of_the_type_below(type_of: TypeOf) -> None:
    narrow = type_of('type narrow { range "min..20 | 30..max"; }', 'typedef narrow { type int8 { range "10 .. 40"; } }')
    assert [narrow.parse(text) for text in ("10", "20", "30", "40")] == [10, 20, 30, 40]
    refused(narrow, "25", "25 is outside 10..20 | 30..40")
    refused(narrow, "9", "9 is outside 10..20 | 30..40")


def test_an_integer_sorts_by_size(type_of: TypeOf) -> None:
    integer = type_of("type int32;")
    assert sorted([10, 9, -1, 100], key=integer.order) == [-1, 9, 10, 100]


def test_the_message_of_a_range_is_the_models_own_with_its_app_tag(type_of: TypeOf) -> None:
    vlan = type_of('type uint16 { range "1..4094" { error-message "not a vlan"; error-app-tag "bad-vlan"; } }')
    error = refused(vlan, "4095", "not a vlan")
    assert error.app_tag == "bad-vlan"


# decimal64


@pytest.mark.parametrize(
    ("text", "value", "canonical"),
    [
        ("1", "1", "1.0"),
        ("1.50", "1.5", "1.5"),
        ("-0.010", "-0.01", "-0.01"),
        ("+2.00", "2", "2.0"),
        ("100", "100", "100.0"),
        ("000.5", "0.5", "0.5"),
        ("-0", "0", "0.0"),
        ("-0.00", "0", "0.0"),
        ("1.00000000", "1", "1.0"),
    ],
)
def test_a_decimal_is_written_with_a_digit_on_both_sides_of_the_point(
    type_of: TypeOf, text: str, value: str, canonical: str
) -> None:
    decimal = type_of("type decimal64 { fraction-digits 2; }")
    found = decimal.parse(text)
    assert found == Decimal(value)
    assert decimal.text(found) == canonical


def test_a_decimal_refuses_more_fraction_digits_than_it_has(type_of: TypeOf) -> None:
    refused(type_of("type decimal64 { fraction-digits 2; }"), "1.005", "1.005", "2 fraction digits")


@pytest.mark.parametrize("text", ["", ".", "1.", ".5", "1e3", "NaN", "Infinity", "1,5", " 1", "1\n", "1.5.2"])
def test_what_is_no_decimal_is_refused_with_the_text(type_of: TypeOf, text: str) -> None:
    refused(type_of("type decimal64 { fraction-digits 2; }"), text, repr(text), "is not a decimal number")


@pytest.mark.parametrize("digits", [1, 9, 18])
def test_a_decimal_takes_the_bounds_of_64_bits(type_of: TypeOf, digits: int) -> None:
    decimal = type_of(f"type decimal64 {{ fraction-digits {digits}; }}")
    largest = f"{(1 << 63) - 1:d}"
    high = f"{largest[:-digits]}.{largest[-digits:]}"
    smallest = f"{1 << 63:d}"
    low = f"-{smallest[:-digits]}.{smallest[-digits:]}"
    assert decimal.parse(high) == Decimal(high)
    assert decimal.parse(low) == Decimal(low)
    refused(decimal, f"{smallest[:-digits]}.{smallest[-digits:]}", "is outside")
    refused(decimal, low[:-1] + str(int(low[-1]) + 1), "is outside")


def test_a_decimals_range_has_several_parts(type_of: TypeOf) -> None:
    decimal = type_of('type decimal64 { fraction-digits 3; range "min..-1.5 | 0 | 0.001..2"; }')
    for text in ("-1.5", "0", "0.001", "2.0"):
        assert decimal.parse(text) == Decimal(text)
    for text in ("-1.499", "2.001", "0.0005"):
        refused(decimal, text, text)


def test_decimals_sort_by_size(type_of: TypeOf) -> None:
    decimal = type_of("type decimal64 { fraction-digits 1; }")
    values = [decimal.parse(text) for text in ("10.5", "9", "-1.5")]
    assert sorted(values, key=decimal.order) == [Decimal("-1.5"), Decimal(9), Decimal("10.5")]


def test_a_small_bound_of_a_decimal_is_written_without_an_exponent(type_of: TypeOf) -> None:
    decimal = type_of('type decimal64 { fraction-digits 9; range "0.000000001..1"; }')
    refused(decimal, "0", "0 is outside 0.000000001..1")


# string


def test_a_length_has_several_parts_and_counts_characters(type_of: TypeOf) -> None:
    text = type_of('type string { length "0..2 | 4"; }')
    for value in ("", "ab", "\N{GRINNING FACE}é", "abcd"):
        assert text.parse(value) == value
    refused(text, "abc", "'abc' has 3 characters, which is outside 0..2 | 4")
    refused(text, "abcde", "'abcde' has 5 characters")


def test_max_in_a_length_without_another_below_is_no_bound(type_of: TypeOf) -> None:
    text = type_of('type string { length "3..max"; }')
    assert text.parse("a" * 100_000) == "a" * 100_000
    refused(text, "ab", "'ab' has 2 characters")


def test_a_long_text_is_cut_in_the_message(type_of: TypeOf) -> None:
    error = refused(type_of('type string { length "1"; }'), "x" * 1000, "has 1000 characters")
    assert len(error.message) < 150


def test_a_pattern_allows_whole_texts_only(type_of: TypeOf) -> None:
    text = type_of("type string { pattern '[a-c]+'; }")
    assert text.parse("abc") == "abc"
    for value in ("", "abcd", "xabc", "abc\n", "abc\nabc"):
        refused(text, value, repr(value), "does not match the pattern [a-c]+")


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"a|bc", ["a", "bc"], ["abc", "ac", "b"]),
        (r"\d{2}", ["12", "٣٤"], ["1", "123"]),
        (r"[\w-]+", ["a-b", "ä"], ["a b"]),
        (r"\i\c*", ["a1", "_x:y"], ["1a", "-a"]),
        (r"\p{Lu}\p{Nd}?", ["A", "É7"], ["a", "7"]),
        (r"\P{L}+", ["123"], ["1a"]),
        (r"[a-z-[aeiou]]+", ["xyz"], ["xaz"]),
        (r"^a$", ["^a$"], ["a"]),
        (r"a.b", ["a-b"], ["a\nb", "ab"]),
        (r"[^a]", ["b", "\n"], ["a"]),
        (r"\.\*\$", [".*$"], ["a"]),
        (r"\p{IsBasicLatin}*", ["abc"], ["é"]),
    ],
)
def test_patterns_are_those_of_xml_schema(type_of: TypeOf, pattern: str, good: list[str], bad: list[str]) -> None:
    text = type_of(f"type string {{ pattern '{pattern}'; }}")
    for value in good:
        assert text.parse(value) == value
    for value in bad:
        refused(text, value, repr(value))


def test_every_pattern_of_a_type_and_those_below_must_allow(type_of: TypeOf) -> None:
    text = type_of("type word { pattern '.*z'; pattern '.{3}'; }", "typedef word { type string { pattern '[a-z]*'; } }")
    assert text.parse("xyz") == "xyz"
    refused(text, "XYz", "[a-z]*")
    refused(text, "xyx", ".*z")
    refused(text, "wxyz", ".{3}")


def test_an_inverted_pattern_refuses_what_it_matches(type_of: TypeOf) -> None:
    text = type_of("type string { pattern '[xX][mM][lL].*' { modifier invert-match; } }")
    assert text.parse("axml") == "axml"
    refused(text, "xmlish", "'xmlish' does match the pattern [xX][mM][lL].*")


def test_the_message_of_a_pattern_is_the_models_own_with_its_app_tag(type_of: TypeOf) -> None:
    text = type_of("type string { pattern '[a-z]+' { error-message 'letters only'; error-app-tag 'letters'; } }")
    error = refused(text, "1", "letters only")
    assert error.app_tag == "letters"


def test_the_message_of_a_length_is_the_models_own_with_its_app_tag(type_of: TypeOf) -> None:
    text = type_of("type string { length '1..3' { error-message 'too long'; error-app-tag 'length'; } }")
    error = refused(text, "abcd", "too long")
    assert error.app_tag == "length"


EXTENSIONS = module("extension regexp-posix;", "openconfig-extensions", "oc-ext", "1")


def test_the_patterns_of_a_module_with_regexp_posix_have_anchors(compiled: Callable[..., Schema]) -> None:
    body = "import openconfig-extensions { prefix oc-ext; } oc-ext:regexp-posix; leaf x { type string { pattern '^(a|b)+$'; } }"
    text = compiled(openconfig_extensions=EXTENSIONS, m=module(body)).find("m:x").type
    assert text.parse("abba") == "abba"
    for value in ("^a$", "c", "ab\n", ""):
        refused(text, value, repr(value))


def test_a_pattern_without_anchors_holds_for_the_whole_of_a_value(compiled: Callable[..., Schema]) -> None:
    for posix in ("oc-ext:regexp-posix;", ""):
        body = (
            f"import openconfig-extensions {{ prefix oc-ext; }} {posix} leaf x {{ type string {{ pattern 'a|bc'; }} }}"
        )
        text = compiled(openconfig_extensions=EXTENSIONS, m=module(body)).find("m:x").type
        assert [text.parse(value) for value in ("a", "bc")] == ["a", "bc"]
        for value in ("ab", "xa", "abc", "bcd", "a\n"):
            refused(text, value, repr(value))


def test_an_anchor_elsewhere_is_an_ordinary_character(compiled: Callable[..., Schema]) -> None:
    text = compiled(openconfig_extensions=EXTENSIONS, m=module("leaf x { type string { pattern '^(a|b)+$'; } }"))
    assert text.find("m:x").type.parse("^ab$") == "^ab$"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Ethernet10", "Ethernet2", "Ethernet1"], ["Ethernet1", "Ethernet2", "Ethernet10"]),
        (["a1b10", "a1b9", "a01b9"], ["a01b9", "a1b9", "a1b10"]),
        (["10", "b", "9", "a"], ["9", "10", "a", "b"]),
        (["", "0", "00"], ["", "0", "00"]),
    ],
)
def test_text_sorts_with_the_numbers_in_it_by_size(names: list[str], expected: list[str]) -> None:
    assert sorted(names, key=natural) == expected


@given(st.lists(st.text(alphabet="ab019\u0663.", max_size=6), unique=True, min_size=2))
def test_the_natural_order_is_one_whatever_the_order_of_arrival(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=natural) == sorted(backwards, key=natural)


def test_text_of_ten_thousand_digits_has_a_place_in_the_order() -> None:
    assert natural("x" + "9" * 10_000) > natural("x" + "8" * 10_000) > natural("x1")


# boolean, empty


def test_a_boolean_is_true_or_false_and_nothing_else(type_of: TypeOf) -> None:
    boolean = type_of("type boolean;")
    assert boolean.parse("true") is True
    assert boolean.parse("false") is False
    assert [boolean.text(True), boolean.text(False)] == ["true", "false"]
    assert sorted([True, False], key=boolean.order) == [False, True]
    for text in ("True", "1", "0", "", "yes", " true"):
        refused(boolean, text, f"{text!r} is neither true nor false")


def test_empty_takes_nothing_but_nothing(type_of: TypeOf) -> None:
    empty = type_of("type empty;")
    assert empty.parse("") is EMPTY
    assert isinstance(empty.parse(""), Empty)
    assert empty.text(EMPTY) == ""
    refused(empty, "x", "'x'")


# enumeration, bits, binary


def test_an_enumeration_takes_its_names_and_sorts_by_their_numbers(type_of: TypeOf) -> None:
    speed = type_of("type enumeration { enum fast { value 10; } enum slow { value 1; } enum 'very fast'; }")
    assert speed.parse("very fast") == "very fast"
    assert sorted(["fast", "slow", "very fast"], key=speed.order) == ["slow", "fast", "very fast"]
    for text in ("Fast", "", " fast", "10"):
        refused(speed, text, f"{text!r} is not one of fast, slow, very fast")


def test_a_restricted_enumeration_keeps_the_numbers(type_of: TypeOf) -> None:
    low = type_of("type level { enum c; enum a; }", "typedef level { type enumeration { enum a; enum b; enum c; } }")
    assert sorted(["c", "a"], key=low.order) == ["a", "c"]
    refused(low, "b", "'b' is not one of")


def test_bits_are_written_in_the_order_of_their_positions(type_of: TypeOf) -> None:
    flags = type_of("type bits { bit c { position 2; } bit a { position 0; } bit b { position 1; } }")
    assert flags.parse("  c   a ") == Bits("a c")
    assert flags.parse("c a") == flags.parse("a c")
    assert flags.parse("") == Bits("")
    assert flags.text(flags.parse("c b a")) == "a b c"
    refused(flags, "a d", "'d' is not one of the bits c, a, b")
    refused(flags, "a a", "'a a' names a bit twice")


def test_restricted_bits_keep_their_positions(type_of: TypeOf) -> None:
    flags = type_of("type flags { bit c; bit a; }", "typedef flags { type bits { bit a; bit b; bit c; } }")
    assert flags.parse("c a") == "a c"
    refused(flags, "b", "'b' is not one of the bits")
    refused(flags, " ", "' ' names no bit")


def test_binary_is_base64_with_a_length_in_octets(type_of: TypeOf) -> None:
    key = type_of("type binary { length '0 | 3..4'; }")
    assert key.parse("AAEC") == b"\x00\x01\x02"
    assert key.text(b"\x00\x01\x02") == "AAEC"
    assert key.parse("") == b""
    refused(key, "AA==", "1 octets are outside 0 | 3..4")
    # RFC 4648 section 3.3: "Implementations MUST reject the encoded data if it contains characters outside the base alphabet"
    for text in ("A", "AAE", "A?==", "é", " AAEC", "AAEC\n", "AAEC=", "AAE=AAEC"):
        refused(key, text, f"{text!r} is not base64")


# identityref


BASES = """
identity base; identity one { base base; } identity two { base one; } identity other; identity both { base base; base other; }
"""
SECOND = "import m { prefix first; } identity three { base first:base; }"


@pytest.fixture
def identities(compiled: Callable[..., Schema]) -> Schema:
    """Identities in two modules."""
    leaves = """
    leaf x { type identityref { base base; } } leaf y { type identityref { base base; base other; } }
    """
    return compiled(m=module(BASES + leaves), second=module(SECOND, "second", "s"))


def test_an_identityref_takes_what_derives_from_its_base_in_any_module(identities: Schema) -> None:
    x = identities.find("m:x").type
    for name in ("m:one", "m:two", "m:both", "second:three"):
        assert x.parse(name) == Identity(name)
        assert isinstance(x.parse(name), Identity)
    for name in ("m:base", "m:other", "m:three", "second:one", "m:nothing", ""):
        refused(x, name, f"{name!r} is not an identity derived from m:base")


def test_an_identityref_with_two_bases_takes_what_derives_from_both(identities: Schema) -> None:
    y = identities.find("m:y").type
    assert y.parse("m:both") == "m:both"
    refused(y, "m:one", "'m:one' is not an identity derived from m:base and m:other")


def test_an_identitys_prefix_is_resolved_where_it_stands(identities: Schema) -> None:
    x = identities.find("m:x").type
    scope = {"p": "second", None: "m"}
    assert x.parse("p:three", scope.get) == "second:three"
    assert x.parse("one", scope.get) == "m:one"
    refused(x, "q:three", "the prefix 'q' is not declared", resolve=scope.get)
    refused(x, "three", "'three'", resolve=scope.get)


def test_identities_are_written_with_their_modules(identities: Schema) -> None:
    x = identities.find("m:x").type
    assert x.text(x.parse("second:three")) == "second:three"


# instance-identifier


def test_an_instance_identifier_names_modules_for_prefixes(type_of: TypeOf) -> None:
    path = type_of("type instance-identifier;")
    assert isinstance(path, InstanceIdentifierType)
    scope = {"a": "alpha", "b": "beta"}
    text = "/a:list[a:key='a:1'][b:other=\"it's\"]/b:leaf[.='x']/a:x[3]"
    assert (
        path.parse(text, scope.get) == "/alpha:list[alpha:key='a:1'][beta:other=\"it's\"]/beta:leaf[.='x']/alpha:x[3]"
    )


def test_spaces_and_quotes_make_no_other_instance_identifier(type_of: TypeOf) -> None:
    path = type_of("type instance-identifier;")
    assert path.parse('/m:list[ m:key = "1" ]') == path.parse("/m:list[m:key='1']") == "/m:list[m:key='1']"


@pytest.mark.parametrize(
    "text", ["", "/", "x", "/x", "m:x", "/m:x/", "/m:x[m:k]", "/m:x[m:k=1]", "//m:x", "/m:x[m:k='1'"]
)
def test_what_is_no_instance_identifier_is_refused_with_the_text(type_of: TypeOf, text: str) -> None:
    refused(type_of("type instance-identifier;"), text, f"{text!r} is not an instance-identifier")


def test_an_undeclared_prefix_in_an_instance_identifier_is_refused(type_of: TypeOf) -> None:
    empty: dict[str | None, str] = {}
    refused(type_of("type instance-identifier;"), "/z:x", "the prefix 'z'", resolve=empty.get)


# leafref


def test_a_leafref_takes_what_its_target_takes(type_of: TypeOf) -> None:
    reference = type_of("type leafref { path '/m:port'; }", "leaf port { type uint16 { range '1..10'; } }")
    assert isinstance(reference, LeafrefType)
    assert reference.parse("7") == 7
    assert reference.text(7) == "7"
    assert sorted([10, 9], key=reference.order) == [9, 10]
    refused(reference, "11", "11 is outside 1..10")


def test_a_leafref_to_a_leafref_takes_what_the_last_one_takes(type_of: TypeOf) -> None:
    definitions = (
        BASES
        + """
    leaf first { type identityref { base base; } } leaf second { type leafref { path '../first'; } }
    """
    )
    reference = type_of("type leafref { path '../second'; }", definitions)
    assert reference.is_prefixed
    assert reference.parse("p:one", {"p": "m"}.get) == Identity("m:one")
    refused(reference, "m:base", "is not an identity")


# union


def test_a_union_takes_the_first_member_that_allows(type_of: TypeOf) -> None:
    first = type_of("type union { type int8; type string; }")
    assert first.parse("5") == 5
    assert first.parse("500") == "500"
    assert first.parse("five") == "five"
    second = type_of("type union { type string; type int8; }")
    assert second.parse("5") == "5"


def test_a_unions_message_says_what_all_members_allow(type_of: TypeOf) -> None:
    union = type_of("type union { type uint8 { range '1..5'; } type enumeration { enum auto; } type boolean; }")
    refused(union, "9", "'9' is not an integer in 1..5 or one of auto or true or false")


@pytest.mark.parametrize(
    ("members", "texts"),
    [
        ("type boolean; type uint8;", ["true", "1", "0", "false"]),
        ("type uint8; type boolean;", ["true", "1", "0", "false"]),
        ("type int8 { range '5..6'; } type decimal64 { fraction-digits 2; }", ["5", "1.0", "5.5"]),
        ("type decimal64 { fraction-digits 1; range '5..6'; } type int8;", ["5.0", "1", "-1"]),
        ("type binary { length 3; } type uint8; type string;", ["AAEC", "7", "text"]),
        ("type empty; type uint8;", ["", "7"]),
        ("type bits { bit a; bit b; } type uint8;", ["a b", "7"]),
        ("type union { type int8; type boolean; } type string;", ["7", "true", "x"]),
    ],
)
def test_a_value_of_a_union_is_written_as_the_member_that_took_it(
    type_of: TypeOf, members: str, texts: list[str]
) -> None:
    union = type_of(f"type union {{ {members} }}")
    assert [union.text(union.parse(text)) for text in texts] == texts


@pytest.mark.parametrize(
    ("members", "texts"),
    [
        ("type uint8; type boolean; type string;", ["9", "10", "b", "true", "a"]),
        (
            "type binary { length 3; } type uint8; type decimal64 { fraction-digits 1; }",
            ["AAEC", "7", "1.5", "AAED", "300"],
        ),
        ("type empty; type binary;", ["", "AAEC"]),
    ],
)
def test_values_of_all_members_of_a_union_have_one_order(type_of: TypeOf, members: str, texts: list[str]) -> None:
    union = type_of(f"type union {{ {members} }}")
    values = [union.parse(text) for text in texts]
    backwards = values[::-1]
    assert sorted(values, key=union.order) == sorted(backwards, key=union.order)


def test_numbers_of_a_union_sort_by_size_before_its_text(type_of: TypeOf) -> None:
    union = type_of("type union { type uint8; type string; }")
    values = [union.parse(text) for text in ("b10", "10", "b9", "9")]
    assert sorted(values, key=union.order) == [9, 10, "b9", "b10"]


def test_a_union_of_identities_and_text_keeps_them_apart(type_of: TypeOf) -> None:
    union = type_of("type union { type identityref { base base; } type string; }", BASES)
    assert union.is_prefixed
    found = union.parse("p:one", {"p": "m"}.get)
    assert isinstance(found, Identity)
    assert union.text(found) == "m:one"
    assert not isinstance(union.parse("p:nothing", {"p": "m"}.get), Identity)


def test_the_canonical_text_of_a_union_is_that_of_the_member_that_took_the_text(type_of: TypeOf) -> None:
    members = "type decimal64 { fraction-digits 1; } type binary { length 2..3; } type boolean; type empty;"
    union = type_of(f"type union {{ {members} }}")
    for text in ("1.5", "2.0", "YWE=", "true", ""):
        assert union.text(union.parse(text)) == text
    assert union.text(union.parse("2")) == "2.0"
