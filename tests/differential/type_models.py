"""Models of types: leaves with restrictions at random, alone, in leaf-lists and as keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import module

if TYPE_CHECKING:
    from random import Random

LIMITS = {
    f"{sign}int{bits}": (0, (1 << bits) - 1) if sign else (-(1 << bits - 1), (1 << bits - 1) - 1)
    for bits in (8, 16, 32, 64)
    for sign in ("", "u")
}
PATTERNS = (
    "[a-c]*", "a|b", "(ab)+", "[^a]b?", r"\d{1,3}", r"\w+", r"\s*a\s*", r"[\w\-]+", r"\S+", r"\D", r"\W*",
    r"\p{L}+", r"\p{Lu}\p{Ll}*", r"\P{N}*", r"[\p{L}\p{N}]+", r"[a-z-[b]]+", r".*", r".{2}", r"a.c", r"\.\*\+", r"\^a", "^a$", "a^b", "a$",
    r"[$^]+", r"[a\-c]+", "[-a]+", "[a-]+", r"(a|b|)c", r"a{2,}", r"a{0}", r"((a)|(b)){2}", r"\p{IsBasicLatin}*", r"\n|\t", r"[\[\]]+", r"\\",
    "(([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])\\.){1}([0-9]|25[0-5])", r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){1}",
)  # fmt: skip


def _around(body: str) -> str:
    """Return a module in which the leaves of `body` stand at the top, in a list, and in a typedef's use."""
    return module(f"identity base; identity one {{ base base; }} container c {{ {body} }}")


def parts(random: Random, low: int, high: int, most: int = 3) -> list[tuple[int, int]]:
    """Return some intervals between `low` and `high`, in order, none of which touches another."""
    small = [low, low + 1, low + 5, high - 5, high - 1, high, *(n for n in (-1, 0, 1, 7, 10, 100) if low <= n <= high)]
    bounds = sorted({bound for bound in small if low <= bound <= high})
    bounds = sorted(random.sample(bounds, min(len(bounds), 2 * random.randint(1, most))))
    pairs = list(zip(bounds[::2], bounds[1::2], strict=False))
    return [(a, a if random.random() < 0.2 else b) for a, b in pairs]


def interval(random: Random, intervals: list[tuple[int, int]], low: int, high: int) -> str:
    """Return intervals as a model writes them."""

    def bound(number: int) -> str:
        if number in (low, high) and random.random() < 0.5:
            return "min" if number == low else "max"
        return str(number)

    dots = random.choice(("..", " .. "))
    return random.choice(("|", " | ")).join(bound(a) if a == b else f"{bound(a)}{dots}{bound(b)}" for a, b in intervals)


def integers(random: Random) -> dict[str, str]:
    """Return integers with ranges, and typedefs that narrow them."""
    leaves = []
    for index in range(6):
        name = random.choice(list(LIMITS))
        low, high = LIMITS[name]
        outer = parts(random, low, high)
        range_ = f'range "{interval(random, outer, low, high)}";'
        if random.random() < 0.4:
            a, b = random.choice(outer)
            inner = parts(random, a, b) if b > a else []
            # min and max are those of the type that is narrowed
            written = " | ".join(str(x) if x == y else f"{x}..{y}" for x, y in inner) or str(a)
            leaves.append(
                f'typedef t{index} {{ type {name} {{ {range_} }} }} leaf l{index} {{ type t{index} {{ range "{written}"; }} }}'
            )
        else:
            leaves.append(
                f"{random.choice(('leaf', 'leaf-list'))} l{index} {{ type {name} {{ {range_ if random.random() < 0.8 else ''} }} }}"
            )
    return {"m": _around("".join(leaves))}


def decimals(random: Random) -> dict[str, str]:
    """Return decimals with fraction digits and ranges."""
    leaves = []
    for index in range(6):
        digits = random.randint(1, 18)
        bounds = sorted(random.sample(["-3.5", "-1", "0", "0.1", "0.5", "1.5", "2", "7.3"], 4), key=float)
        range_ = random.choice(
            (
                "",
                f'range "{bounds[0]}..{bounds[1]} | {bounds[2]}..{bounds[3]}";',
                f'range "min..{bounds[2]}";',
                f'range "{bounds[0]}";',
            )
        )
        leaves.append(
            f"{random.choice(('leaf', 'leaf-list'))} l{index} {{ type decimal64 {{ fraction-digits {digits}; {range_} }} }}"
        )
    return {"m": _around("".join(leaves))}


def _length(random: Random, most: int = 9) -> str:
    low, high = 0, 18446744073709551615
    small = parts(random, 0, most)
    return (
        f'length "{interval(random, small, low, high)}";' if random.random() < 0.8 else f'length "{small[0][0]}..max";'
    )


def strings(random: Random) -> dict[str, str]:
    """Return strings with lengths."""
    leaves = [f"leaf l{index} {{ type string {{ {_length(random)} }} }}" for index in range(4)]
    leaves.append('typedef t { type string { length "2..8"; } } leaf t { type t { length "min..3 | 5..max"; } }')
    return {"m": _around("".join(leaves))}


def patterns(random: Random) -> dict[str, str]:
    """Return strings with patterns, inverted ones too."""
    leaves = []
    for index in range(5):
        written = ""
        for pattern in random.sample(PATTERNS, random.choice((1, 1, 1, 2))):
            inverted = " { modifier invert-match; }" if random.random() < 0.2 else ";"
            written += f"pattern '{pattern}'{inverted}"
        leaves.append(
            f"leaf l{index} {{ type string {{ {written} {_length(random) if random.random() < 0.2 else ''} }} }}"
        )
    return {"m": _around("".join(leaves))}


def enumerations(random: Random) -> dict[str, str]:
    """Return enumerations, and narrowed ones."""
    names = random.sample(["one", "two", '"two words"', "a-b", '"1"', '"true"', "UP", '"-"'], 5)
    every = "".join(f"enum {name};" for name in names)
    fewer = "".join(f"enum {name};" for name in names[:3])
    return {
        "m": _around(
            f"typedef t {{ type enumeration {{ {every} }} }} leaf a {{ type t; }} leaf b {{ type t {{ {fewer} }} }} leaf-list c {{ type t; }} list l {{ key k; leaf k {{ type t; }} }}"
        )
    }


def bits(random: Random) -> dict[str, str]:
    """Return bits, and narrowed ones."""
    names = random.sample(["a", "b", "c", "d-e", "_f"], 4)
    every = (
        "".join(f"bit {name};" for name in names)
        if random.random() < 0.5
        else "".join(f"bit {name} {{ position {9 - i}; }}" for i, name in enumerate(names))
    )
    fewer = "".join(f"bit {name};" for name in names[:2])
    return {
        "m": _around(
            f"typedef t {{ type bits {{ {every} }} }} leaf a {{ type t; }} leaf b {{ type t {{ {fewer} }} }} leaf-list c {{ type t; }} list l {{ key k; leaf k {{ type t; }} }}"
        )
    }


def binaries(random: Random) -> dict[str, str]:
    """Return octets with lengths."""
    return {
        "m": _around(
            "".join(
                f"{random.choice(('leaf', 'leaf-list'))} l{index} {{ type binary {{ {_length(random) if index else ''} }} }}"
                for index in range(4)
            )
        )
    }


def booleans(random: Random) -> dict[str, str]:
    """Return booleans and empty leaves."""
    del random
    return {
        "m": _around(
            "leaf a { type boolean; } leaf-list b { type boolean; } leaf e { type empty; } list l { key k; leaf k { type boolean; } leaf e { type empty; } }"
        )
    }


MEMBERS = (
    "int8", "uint16 { range '5..9 | 100'; }", "boolean", "empty", "string { length '2..3'; }", "string { pattern '[a-c]+'; }", "binary { length '3'; }",
    "enumeration { enum auto; enum 1; enum true; }", "bits { bit a; bit b; }", "identityref { base base; }", "decimal64 { fraction-digits 1; range '0..5'; }",
    "union { type int8 { range '50'; } type enumeration { enum inner; } }", "instance-identifier { require-instance false; }",
)  # fmt: skip


def unions(random: Random) -> dict[str, str]:
    """Return unions of types whose texts overlap, in any order."""
    leaves = []
    for index in range(6):
        members = random.sample(MEMBERS, random.randint(2, 4))
        types = "".join(f"type {member}{'' if member.endswith('}') else ';'}" for member in members)
        leaves.append(f"{random.choice(('leaf', 'leaf-list'))} l{index} {{ type union {{ {types} }} }}")
    leaves.append("list k { key k; leaf k { type union { type uint8; type string { pattern '[a-c]'; } } } }")
    return {"m": _around("".join(leaves))}


def identities(random: Random) -> dict[str, str]:
    """Return identities that derive from one another across modules, from several bases too."""
    del random
    first = module(
        "identity base; identity other; identity a { base base; } identity b { base a; } identity ab { base a; base other; }"
    )
    second = module(
        "import m { prefix m; } identity c { base m:b; } identity own; identity d { base own; base m:other; } identity a { base m:a; }"
        "container c { leaf a { type identityref { base m:base; } } leaf b { type identityref { base m:base; base m:other; } }"
        "leaf o { type identityref { base own; } } leaf-list l { type identityref { base m:a; } }"
        "list k { key k; leaf k { type identityref { base m:other; } } } }",
        "n", "n",
    )  # fmt: skip
    return {"m": first, "n": second}
