"""Models of what looks at other nodes: references, must and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import module

if TYPE_CHECKING:
    from random import Random

SMALL = 'type int8 { range "0..2"; }'
WORD = 'type string { pattern "[ab]{1,2}"; }'
KINDS = "identity base; identity one { base base; } identity two { base one; }"

DATA = f"""
    {KINDS}
    leaf mode {{ {SMALL} }} leaf word {{ {WORD} }}
    container c {{ leaf a {{ {SMALL} }} leaf b {{ {SMALL} default 1; }} leaf w {{ {WORD} }} leaf-list s {{ {SMALL} ordered-by user; }}
      container p {{ presence p; leaf x {{ {SMALL} }} }} leaf kind {{ type identityref {{ base base; }} }}
      leaf e {{ type enumeration {{ enum low; enum high {{ value 7; }} }} }} leaf flags {{ type bits {{ bit f1; bit f2; }} }}
      leaf t {{ type boolean; }} leaf d {{ type decimal64 {{ fraction-digits 2; range "0..2"; }} }} }}
    list l {{ key k; ordered-by user; leaf k {{ {SMALL} }} leaf v {{ {SMALL} }} leaf r {{ type leafref {{ path "/m:l/m:k"; }} }}
      list n {{ key i; ordered-by user; leaf i {{ {SMALL} }} leaf y {{ {SMALL} default 2; }} }} }}
"""


def instance_identifiers(random: Random) -> dict[str, str]:
    """Return instance-identifiers, with and without the need for an instance."""
    needs = random.choice(("", "require-instance true;", "require-instance false;"))
    other = module(
        f"import m {{ prefix m; }} augment /m:c {{ leaf far {{ {WORD} }} list fl {{ key k; leaf k {{ {WORD} }} leaf v {{ {SMALL} }} }} }}",
        "n",
        "n",
    )
    return {
        "m": module(
            f"{DATA} leaf i {{ type instance-identifier {{ {needs} }} }} leaf-list is {{ type instance-identifier; }}"
            f"list u {{ key k; leaf k {{ type union {{ type instance-identifier {{ {needs} }} type int8; }} }} }}"
        ),
        "n": other,
    }


def leafrefs(random: Random) -> dict[str, str]:
    """Return references by every form of path, in unions and to one another too."""
    needs = random.choice(("", "", "require-instance false;"))
    paths = (
        "/m:l/m:k", "/m:l/m:v", "../l/k", "/m:c/m:a", "../c/b", "/m:c/m:s", "/m:l/m:n/m:i", "/m:l[m:k = current()/../mode]/m:n/m:i",
        "/m:l[m:k=current()/../mode]/m:v", "../l[k = current()/../c/a]/v", "/m:l/m:n/m:y", "/m:l/m:r", "/m:c/m:kind", "/m:word", "deref(../first)/../m:v",
    )  # fmt: skip
    chosen = random.sample(paths, 4)
    leaves = "".join(
        f'{random.choice(("leaf", "leaf", "leaf-list"))} r{index} {{ type leafref {{ path "{path}"; {needs} }} }}'
        for index, path in enumerate(chosen)
        if not path.startswith("deref")
    )
    union = random.choice(paths[:4])
    return {
        "m": module(
            f'{DATA} {leaves} leaf first {{ type leafref {{ path "/m:l/m:k"; }} }}'
            f'leaf u {{ type union {{ type leafref {{ path "{union}"; {needs} }} type enumeration {{ enum any; enum 2; }} }} }}'
            f'leaf-list us {{ type union {{ type leafref {{ path "/m:l/m:k"; }} type leafref {{ path "/m:word"; }} }} }}'
            f'container deep {{ leaf key {{ type leafref {{ path "../inner/key"; }} }} container inner {{ leaf key {{ {SMALL} }} }}'
            f'list m {{ key port; leaf port {{ type leafref {{ path "../config/port"; }} }} container config {{ leaf port {{ type leafref {{ path "/m:l/m:k"; }} }} }} }} }}'
        )
    }


NUMBERS = (
    "0",
    "1",
    "2",
    "../mode",
    "/m:mode",
    "/m:c/m:a",
    "../c/b",
    "count(/m:l)",
    "count(../l/n)",
    "sum(/m:c/m:s)",
    "/m:l/m:v",
    "/m:l[m:k = 1]/m:v",
    "/m:c/m:d",
    "string-length(../word)",
    "-1",
    "5 mod 2",
    "-5 mod 3",
    "1.5",
    "number('x')",
    "/m:l[1]/m:v",
    "/m:l[last()]/m:k",
)
TEXTS = (
    "'a'",
    "'ab'",
    "''",
    "../word",
    "/m:c/m:w",
    "'1'",
    "concat(../word, 'b')",
    "substring('abc', 2)",
    "string(/m:c/m:a)",
    "string(1 = 1)",
    "translate(../word, 'a', 'b')",
    "string(-0.5)",
    "string(1000000)",
    "normalize-space(' a  b ')",
    "name(/m:c)",
    "local-name(/m:l/m:k)",
    "substring-before('a-b', '-')",
    "substring-after(../word, 'a')",
)
CLAIMS = (
    "/m:c/m:p",
    "../c/p/x",
    "not(/m:c/m:p)",
    "/m:c/m:t = 'true'",
    "boolean(../l)",
    "true()",
    "false()",
    "/m:l/m:v = /m:c/m:a",
    "/m:l/m:v != /m:c/m:a",
    "../word = /m:c/m:w",
    "/m:c/m:kind = 'm:two'",
    "/m:c/m:kind = 'one'",
    "../l[v > 1]",
    "/m:l[m:n/m:y = 2]",
    "/m:l[not(m:v)]",
    "/m:c/* = 1",
    "../word | ../mode",
    "count(/m:c/m:s | /m:c/m:a) > 1",
    "/m:c/m:e = 'high'",
    "/m:c/m:flags = 'f1 f2'",
    "/m:c/m:d = 1.5",
    "/m:c/m:d = '1.5'",
)


def expression(random: Random, depth: int = 2) -> str:
    """Return an expression whose value is a claim, for a node at the top."""
    if not depth or random.random() < 0.25:
        return random.choice(CLAIMS)
    match random.randrange(6):
        case 0:
            return f"({expression(random, depth - 1)}) {random.choice(('and', 'or'))} ({expression(random, depth - 1)})"
        case 1:
            return f"not({expression(random, depth - 1)})"
        case 2:
            return f"{number(random)} {random.choice(('=', '!=', '<', '<=', '>', '>='))} {number(random)}"
        case 3:
            return f"{random.choice(TEXTS)} {random.choice(('=', '!='))} {random.choice(TEXTS)}"
        case 4:
            return f"{random.choice(('contains', 'starts-with'))}({random.choice(TEXTS)}, {random.choice(TEXTS)})"
    return f"({expression(random, depth - 1)}) {random.choice(('=', '!='))} {random.choice((number, lambda r: r.choice(TEXTS), lambda r: r.choice(('true()', 'false()'))))(random)}"


def number(random: Random) -> str:
    """Return an expression whose value is used as a number."""
    if random.random() < 0.75:
        return random.choice(NUMBERS)
    if random.random() < 0.5:
        return f"({number(random)} {random.choice(('+', '-', '*', 'div', 'mod'))} {number(random)})"
    return f"{random.choice(('floor', 'ceiling', 'round'))}({number(random)})"


def musts(random: Random) -> dict[str, str]:
    """Return musts with expressions at random."""
    return {
        "m": module(
            f'{DATA} leaf j1 {{ type empty; must "{expression(random)}"; }} leaf j2 {{ type empty; must "{expression(random)}"; }}'
        )
    }


FUNCTIONS = (
    "derived-from(../c/kind, 'm:base')", "derived-from(/m:c/m:kind, 'one')", "derived-from-or-self(../c/kind, 'm:two')", "derived-from-or-self(../c/kind, 'base')",
    "enum-value(../c/e) = 7", "enum-value(/m:c/m:e) &lt; 1", "bit-is-set(../c/flags, 'f1')", "not(bit-is-set(../c/flags, 'f2'))", "re-match(../word, 'a+')", "re-match(../word, 'a|b')",
    "re-match('aXb', 'a[A-Z]b')", "deref(../l/r)/../v = 1", "deref(../l/r) = 1", "count(deref(/m:l[1]/m:r)) = 1", "current() = ''", "current()/../mode = 1", "/m:l[m:k = current()/../mode]",
    "string-length(../word) = 2", "string-length() = 0", "substring('12345', 2, 3) = '234'", "substring('12345', 1.5, 2.6) = '234'", "substring(../word, 0, 2) = 'a'", "translate('bar', 'abc', 'AB') = 'BAr'",
    "sum(/m:l/m:v) > 2", "floor(../c/d) = 1", "ceiling(../c/d) = 2", "round(../c/d) = 2", "round(-2.5) = -2", "number(../c/t) = 1", "boolean(../c/s)", "count(../l/n[y = 2]) > 1", "last() = 1", "position() = 1",
    "/m:l[position() = 2]", "/m:l[last()]/m:v = 1", "lang('en')", "namespace-uri(../c) = 'urn:m'", "name(../c) = 'c'", "local-name(../c/*[1]) = 'a'", "concat(../mode, ../word, 'x') = '1ax'", "starts-with(../word, 'a')", "contains(../word, 'b')",
    "string(../c/d) = '1.5'", "string(../c/kind) = 'm:one'", "string(../c/flags) = 'f1 f2'", "../c/s[. = 1]", "../c/s[2]", "count(../c/s[. > 0]) = 2", "string(../c/b) = '1'", "normalize-space(../word) = 'a'", "string(true()) = 'true'", "string(12 div 5) = '2.4'",
)  # fmt: skip


def functions(random: Random) -> dict[str, str]:
    """Return musts with every function of XPath and YANG."""
    chosen = [text.replace("&lt;", "<") for text in random.sample(FUNCTIONS, 3)]
    leaves = "".join(f'leaf j{index} {{ type empty; must "{text}"; }}' for index, text in enumerate(chosen))
    return {"m": module(f"{DATA} {leaves}")}


AXES = (
    "child",
    "self",
    "parent",
    "descendant",
    "descendant-or-self",
    "ancestor",
    "ancestor-or-self",
    "following-sibling",
    "preceding-sibling",
    "following",
    "preceding",
)
TESTS = ("*", "node()", "m:k", "m:v", "m:n", "m:l", "m:c", "text()", "m:*")
BEFORE = ("", "", "", "[1]", "[last()]", "[m:k]")
LEAVES = ("m:k", "m:v", "m:i", "m:y")
"""The tests that only leaves pass: what the text of others is, with or without the space in it, is another question."""


def axes(random: Random) -> dict[str, str]:
    """Return musts with paths along every axis."""

    def path(last: tuple[str, ...] = TESTS) -> str:
        start = random.choice(("", "", "../", "/", "/m:l/", "/m:l/m:n/", "//"))
        steps = [f"{random.choice(AXES)}::{random.choice(TESTS)}{random.choice(BEFORE)}"] * random.randint(0, 1)
        test = random.choice(last)
        value = "[. = 1]" if test in LEAVES else "[m:k]"
        return start + "/".join(
            [*steps, f"{random.choice(AXES)}::{test}{random.choice(('', '', '', '[1]', '[last()]', value))}"]
        )

    def claim() -> str:
        return random.choice(
            (
                f"{path()}",
                f"not({path()})",
                f"count({path()}) > {random.randint(0, 6)}",
                f"{path(LEAVES)} = 1",
                f"{path(LEAVES)} = {path(LEAVES)}",
            )
        )

    return {
        "m": module(
            f'list l {{ key k; ordered-by user; leaf k {{ {SMALL} }} leaf v {{ {SMALL} must "{claim()}"; }}'
            f'list n {{ key i; ordered-by user; leaf i {{ {SMALL} }} leaf y {{ {SMALL} must "{claim()}"; }} }} }}'
            f'container c {{ leaf a {{ {SMALL} must "{claim()}"; }} container d {{ leaf z {{ {SMALL} }} }} }}'
        )
    }


def whens(random: Random) -> dict[str, str]:
    """Return whens on leaves, lists, containers, choices and cases, which look at one another."""

    def when() -> str:
        return f'when "{random.choice(("../", "/m:"))}{random.choice(("mode", "mode", "mode"))} {random.choice(("=", "!="))} {random.randint(0, 2)}";'

    def near() -> str:
        return f'when "{random.choice(("/m:c/m:a = 1", "/m:c/m:b = 1", "/m:c/m:p", "/m:l/m:v = /m:mode", "not(/m:word)", "count(/m:l) > 1", "/m:mode"))}";'

    must = random.choice(("", "mandatory true;"))
    return {
        "m": module(
            f'{DATA} leaf f {{ {when()} {SMALL} {must} }} leaf g {{ when "../f = 1 or ../mode = 1"; {SMALL} }} leaf h {{ {near()} {SMALL} {random.choice(("", "default 1;"))} }}'
            f'container q {{ {near()} leaf r {{ {SMALL} {must} }} leaf s {{ when "../r = 1"; {SMALL} default 2; }} leaf t {{ when "../s = 2"; {SMALL} }} }}'
            f'leaf-list fl {{ {near()} {SMALL} min-elements {random.randint(0, 1)}; }} list li {{ {near()} key k; leaf k {{ {SMALL} }} leaf v {{ when "../k = 1"; {SMALL} {must} }} }}'
            f"choice o {{ {near()} {must} leaf o1 {{ {SMALL} }} case o2 {{ {near()} leaf o3 {{ {SMALL} {must} }} leaf o4 {{ {SMALL} }} }} }}"
            f'leaf sees {{ {SMALL} must "../h = 1 or ../q/s = 2"; }}'
        )
    }


def whens_around(random: Random) -> dict[str, str]:
    """Return whens on uses and on augments, whose context is the node around."""
    must = random.choice(("", "mandatory true;"))
    condition = random.choice(("m:a = 1", "m:mode = 1", "/m:mode = 1", "../m:mode = 1", "m:b = 1", "m:p"))
    first = module(
        f"{DATA} grouping g {{ leaf g1 {{ {SMALL} {must} }} container g2 {{ leaf g3 {{ {SMALL} default 1; }} }} choice gc {{ {must} leaf g4 {{ {SMALL} }} leaf g5 {{ {SMALL} }} }} }}"
        f'container u {{ leaf a {{ {SMALL} }} leaf mode {{ {SMALL} }} uses g {{ when "{random.choice(("a = 1", "mode = 1", "../mode = 1", "/m:mode = 1", "not(a)"))}"; }} }}'
    )
    second = module(
        f'import m {{ prefix m; }} augment /m:c {{ when "{condition}"; leaf n1 {{ {SMALL} }} leaf n2 {{ {SMALL} default 1; }} container n3 {{ leaf n4 {{ {SMALL} }} }} }}'
        f'augment /m:l {{ when "{random.choice(("m:k = 1", "m:v = 1", "m:n", "/m:mode = 1"))}"; leaf n5 {{ {SMALL} }} list n6 {{ key k; leaf k {{ {SMALL} }} }} }}'
        f'augment /m:l/m:n {{ when "../m:k = m:i"; leaf n7 {{ {SMALL} }} }}',
        "n", "n",
    )  # fmt: skip
    return {"m": first, "n": second}
