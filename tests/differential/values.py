"""Texts for leaves: most of them in their type, many at its edges, some beside it."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from yang import types

if TYPE_CHECKING:
    from random import Random

ODD = ("", " ", "x", "0", "-1", "1 ", "\n1", "true", "a b", "\N{GRINNING FACE}", "é", "/m:a", "m:x", "AAAA", "1.0")
LETTERS = ("a", "b", "c", "1", "9", "-", ".", "é", "\N{GRINNING FACE}", "A", "z", " ", ":", "/", "\t")
INTEGERS = (
    "{}",
    "{}",
    "{}",
    "{}",
    "+{}",
    "0{}",
    "{}.0",
    "{}e0",
    "0x{}",
    " {}",
    "{}\n",
    "--{}",
    "{}_0",
    "\N{ARABIC-INDIC DIGIT ONE}{}",
)
DECIMALS = ("{}", "{}", "{}", "{}", "+{}", "0{}", "{}0", "{}.", ".{}", "{}e1", " {} ")
BASE64 = ("{}", "{}", "{}", "{}", "{}=", " {} ", "{}\n", "{}A", "{}*")


def text(type_: types.Type, random: Random, prefixes: dict[str, str], *, odd: float = 0.1) -> str:
    """Return a text for a leaf of `type_`; `prefixes` has that of each module, and `odd` says how often it is beside it."""
    if random.random() < odd * 0.3:
        return random.choice(ODD)
    is_odd = random.random() < odd
    match type_:
        case types.IntegerType():
            return _integer(type_, random, is_odd=is_odd)
        case types.DecimalType():
            return _decimal(type_, random, is_odd=is_odd)
        case types.StringType():
            return _string(type_, random, is_odd=is_odd)
        case types.BooleanType():
            return random.choice(("true", "false", "True", "1", " true", "TRUE") if is_odd else ("true", "false"))
        case types.EnumerationType():
            name = random.choice(list(type_.values))
            return random.choice((f" {name}", name.upper(), name[:-1], str(type_.values[name]))) if is_odd else name
        case types.BitsType():
            return _bits(type_, random, is_odd=is_odd)
        case types.BinaryType():
            low, high = random.choice(type_.lengths or ((0, 6),))
            size = random.choice(
                (
                    low,
                    min(high, low + 3),
                    high if high < 20 else low,
                    *((max(0, low - 1), min(high, 20) + 1) if is_odd else ()),
                )
            )
            return (random.choice(BASE64) if is_odd else "{}").format(base64.b64encode(random.randbytes(size)).decode())
        case types.EmptyType():
            return random.choice((" ", "x", "\n")) if is_odd else ""
        case types.IdentityrefType():
            return _identity(type_, random, prefixes, is_odd=is_odd)
        case types.InstanceIdentifierType():
            return "/m:none"
        case types.LeafrefType():
            return text(type_.target, random, prefixes, odd=odd)
        case types.UnionType():
            return text(random.choice(type_.members), random, prefixes, odd=odd)
    raise AssertionError(type_)


def _integer(type_: types.IntegerType, random: Random, *, is_odd: bool) -> str:
    low, high = random.choice(type_.ranges)
    if is_odd:
        number = random.choice((low - 1, high + 1, low, high, 0, -1))
        return random.choice(INTEGERS).format(number)
    return str(random.choice((low, high, random.randint(low, high), random.randint(low, min(high, low + 4)))))


def _decimal(type_: types.DecimalType, random: Random, *, is_odd: bool) -> str:
    low, high = random.choice(type_.ranges)
    step = Decimal(1).scaleb(-type_.digits)
    if is_odd:
        number = random.choice((low - step, high + step, low, high, low + step / 10, Decimal(0)))
        return random.choice(DECIMALS).format(format(number, "f"))
    number = random.choice((low, high, low + step, high - step, Decimal(0), Decimal("1.5")))
    return format(number, "f")


def _string(type_: types.StringType, random: Random, *, is_odd: bool) -> str:
    if type_.patterns and not is_odd and random.random() < 0.9:
        found = matching(tuple(pattern.regex for pattern in type_.patterns if not pattern.invert), tuple(type_.lengths))
        if found:
            return random.choice(found)
    low, high = random.choice(type_.lengths) if type_.lengths else (0, 6)
    sizes = (low, min(high, low + 8), random.randint(low, min(high, low + 8)))
    size = random.choice((*sizes, max(low - 1, 0), min(high, low + 40) + 1) if is_odd else sizes)
    letters = LETTERS if random.random() < 0.5 else LETTERS[:5]
    return "".join(random.choice(letters) for _ in range(size))


def _bits(type_: types.BitsType, random: Random, *, is_odd: bool) -> str:
    names = random.sample(list(type_.positions), random.randint(0, len(type_.positions)))
    if is_odd:
        names += random.choice((names[:1], ["none"], [""]))
        return random.choice((" ", "  ", "\n", ",")).join(names)
    return " ".join(names)


def _identity(type_: types.IdentityrefType, random: Random, prefixes: dict[str, str], *, is_odd: bool) -> str:
    known = list(type_.identities) or list(type_.bases)
    module, _, name = random.choice(known).partition(":")
    if is_odd:
        other = random.choice(list(prefixes.values()) or ["m"])
        wrong = (
            f"{other}:{name}",
            name,
            f"none:{name}",
            f"{prefixes.get(module, 'm')}:{name}x",
            type_.bases[0].replace(":", "", 1),
        )
        return random.choice((*wrong, f"{prefixes.get(module, 'm')}:{type_.bases[0].partition(':')[2]}"))
    return f"{prefixes.get(module, 'm')}:{name}"


@cache
def matching(patterns: tuple[str, ...], lengths: tuple[tuple[int, int], ...]) -> tuple[str, ...]:
    """Return some texts that match all of `patterns` and one of `lengths`, as far as such are found; always the same ones."""
    from random import Random  # noqa: PLC0415 - the one above is for types only

    random = Random(patterns[0] if patterns else "")
    is_text = re.compile("[\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*").fullmatch  # XML 1.0 section 2.2
    if not patterns:
        return ()
    try:
        parsed = re._parser.parse(patterns[0])  # type: ignore[attr-defined]
    except re.error:
        return ()
    every = [re.compile(pattern).fullmatch for pattern in patterns]
    found = {_sampled(parsed, random) for _ in range(60)}
    return tuple(
        sorted(
            t
            for t in found
            if len(t) < 200
            and is_text(t)
            and all(test(t) for test in every)
            and types.within(lengths or ((0, 200),), len(t))
        )
    )


def _sampled(parsed: Any, random: Random) -> str:
    """Return a text that a parsed regular expression matches, as `re`'s own parser has it."""
    parts = []
    for operator, argument in parsed:
        match str(operator):
            case "LITERAL":
                parts.append(chr(argument))
            case "NOT_LITERAL":
                parts.append(random.choice([c for c in "ab1" if ord(c) != argument]))
            case "ANY":
                parts.append(random.choice("ab1"))
            case "IN":
                parts.append(_member(argument, random))
            case "BRANCH":
                parts.append(_sampled(random.choice(argument[1]), random))
            case "SUBPATTERN":
                parts.append(_sampled(argument[-1], random))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inner = argument
                most = min(int(high), low + 3)
                parts += [_sampled(inner, random) for _ in range(random.choice((low, most, random.randint(low, most))))]
    return "".join(parts)


def _member(members: Any, random: Random) -> str:
    if str(members[0][0]) == "NEGATE":
        return random.choice("ab1-é ")
    operator, argument = random.choice(members)
    match str(operator):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(random.choice((argument[0], argument[1], random.randint(*argument))))
    return random.choice("1 9a_")
