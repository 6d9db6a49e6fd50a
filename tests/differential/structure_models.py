"""Models of structure: what must be there, how often, beside what, and how models are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import module

if TYPE_CHECKING:
    from random import Random

SMALL = 'type int8 { range "0..2"; }'


def _leaf(name: str, more: str = "") -> str:
    return f"leaf {name} {{ {SMALL} {more} }}"


def mandatory(random: Random) -> dict[str, str]:
    """Return mandatory leaves in containers with and without presence, in lists, and at the top."""

    def inner(depth: int, name: str) -> str:
        body = _leaf("a", random.choice(("", "mandatory true;", "default 1;")))
        if depth:
            presence = random.choice(("", 'presence "p";'))
            body += f"container {name} {{ {presence} {inner(depth - 1, name)} }}"
            body += f"list l {{ key k; {_leaf('k')} {inner(depth - 1, name)} }}"
        return body + random.choice(("", "anydata d { mandatory true; }", "leaf-list f { type int8; }"))

    return {"m": module(f"container top {{ {inner(2, 'c')} }} {random.choice(('', _leaf('x', 'mandatory true;')))}")}


def choices(random: Random) -> dict[str, str]:
    """Return choices in choices, mandatory ones, ones with a default, short cases."""

    def choice(name: str, depth: int) -> str:
        wanted = random.choice(("", "mandatory true;", f"default {name}1;"))
        must = "mandatory true;" if wanted != f"default {name}1;" and random.random() < 0.4 else ""
        deeper = choice(f"{name}i", depth - 1) if depth else ""
        return (
            f"choice {name} {{ {wanted} case {name}1 {{ {_leaf(f'{name}-a', random.choice(('', 'default 1;')))} {_leaf(f'{name}-b')} }}"
            f"case {name}2 {{ {_leaf(f'{name}-c', must)} {deeper} container {name}-d {{ {_leaf('e', must)} }} }}"
            f"{_leaf(f'{name}-s')} container {name}-p {{ presence p; {_leaf('q', must)} }}"
            f"case {name}3 {{ leaf-list {name}-l {{ type int8; min-elements {random.choice((0, 2))}; }} {_leaf(f'{name}-m')} }} }}"
        )

    return {
        "m": module(
            f"container c {{ {choice('x', 1)} list l {{ key k; {_leaf('k')} {choice('y', 0)} }} }} {choice('t', 0)}"
        )
    }


def elements(random: Random) -> dict[str, str]:
    """Return lists and leaf-lists with least and greatest numbers of entries."""

    def limits() -> str:
        low = random.randint(0, 2)
        return random.choice(
            ("", f"min-elements {low};", f"max-elements {low + 1};", f"min-elements {low}; max-elements {low + 1};")
        )

    order = random.choice(("", "ordered-by user;"))
    return {
        "m": module(
            f"leaf-list top {{ type int8; {limits()} }} container c {{ leaf-list a {{ type int8; {limits()} {order} }}"
            f"list l {{ key k; {limits()} {order} {_leaf('k')} leaf-list b {{ {SMALL} {limits()} }} list i {{ key k; {limits()} {_leaf('k')} }} }}"
            f"container p {{ {random.choice(('', 'presence p;'))} list l {{ key k; {limits()} leaf k {{ type int8; }} }} }}"
            f"choice o {{ case a {{ leaf-list d {{ type int8; {limits()} }} {_leaf('x')} }} {_leaf('y')} }} }}"
        )
    }


def unique(random: Random) -> dict[str, str]:
    """Return uniques over leaves, nested ones and defaults among them."""
    default = random.choice(("", "default 1;"))
    second = random.choice(('unique "b";', 'unique "c/d c/e";', 'unique "a c/d";', 'unique "c/p/f";', ""))
    return {
        "m": module(
            f"container top {{ list l {{ key k; unique \"{random.choice(('a b', 'a', 'a c/d', 'c/d', 'x c/p/f'))}\"; {second} leaf k {{ type int8 {{ range '0..9'; }} }}"
            f"{_leaf('a', default)} {_leaf('b')} choice o {{ default o2; {_leaf('x')} case o2 {{ {_leaf('y')} }} }}"
            f"container c {{ {_leaf('d', default)} {_leaf('e')} container p {{ {random.choice(('', 'presence p;'))} {_leaf('f', default)} }} }}"
            f"list i {{ key k; unique g; {_leaf('k')} {_leaf('g', default)} }} }} }}"
        )
    }


def keys(random: Random) -> dict[str, str]:
    """Return lists with several keys of several types."""
    types = (
        "int8",
        "string { length '1..2'; }",
        "boolean",
        "enumeration { enum a; enum b; }",
        "union { type int8; type string; }",
        "decimal64 { fraction-digits 2; }",
    )

    def list_(name: str, inner: str) -> str:
        names = random.sample(["k1", "k2", "k3"], random.randint(1, 3))
        leaves = [
            f"leaf {key} {{ type {(t := random.choice(types))}{'' if t.endswith('}') else ';'} }}" for key in names
        ]
        random.shuffle(leaves)
        order = random.choice(("", "ordered-by user;"))
        return f'list {name} {{ key "{" ".join(names)}"; {order} {"".join(leaves)} {_leaf("v")} {inner} }}'

    return {
        "m": module(
            f"{list_('a', list_('b', ''))} container c {{ {list_('d', '')} leaf-list e {{ type int8; ordered-by user; }} }}"
        )
    }


def presence(random: Random) -> dict[str, str]:
    """Return containers with presence in containers without, and state among configuration."""
    state = random.choice(("", "config false;"))
    return {
        "m": module(
            f"container a {{ {_leaf('x', 'mandatory true;')} }} container b {{ presence b; {_leaf('x')} container c {{ presence c; {_leaf('y', 'mandatory true;')} }} }}"
            f"container s {{ {state} {_leaf('z')} container p {{ presence p; leaf e {{ type empty; }} }} }} leaf st {{ config false; type int8; }}"
            if random.random() < 0.5
            else f"container b {{ presence b; {_leaf('x')} container c {{ presence c; {_leaf('y', 'mandatory true;')} }} list l {{ key k; {_leaf('k')} container q {{ presence q; {_leaf('y', 'mandatory true;')} }} }} }}"
            f"container s {{ {state} {_leaf('z')} container p {{ presence p; leaf e {{ type empty; }} }} }}"
        )
    }


def anydata(random: Random) -> dict[str, str]:
    """Return anydata and anyxml, mandatory or in a case."""
    must = random.choice(("", "mandatory true;"))
    return {
        "m": module(
            f"container c {{ anydata d {{ {must} }} anyxml x; choice o {{ anydata o1; {_leaf('o2')} }} list l {{ key k; {_leaf('k')} anyxml y {{ {must} }} }} }}"
        )
    }


def augments(random: Random) -> dict[str, str]:
    """Return a module that puts things into another one's containers, lists and choices, with the same names too."""
    first = module(
        f"grouping g {{ {_leaf('g1', 'mandatory true;')} container gc {{ {_leaf('g2')} }} }}"
        f"container c {{ {_leaf('a')} choice o {{ {_leaf('o1')} case k {{ {_leaf('o2')} }} }} list l {{ key k; {_leaf('k')} }} uses g {{ refine g1 {{ mandatory {random.choice(('true', 'false'))}; }}"
        f"augment gc {{ {_leaf('g3')} }} }} }}"
    )
    second = module(
        f"import m {{ prefix m; }} augment /m:c {{ {_leaf('a')} container n {{ presence n; uses m:g; }} }} augment /m:c/m:o {{ {_leaf('o1')} case k2 {{ {_leaf('o3')} {_leaf('o4')} }} }}"
        f"augment /m:c/m:o/m:k {{ {_leaf('o5')} }} augment /m:c/m:l {{ {_leaf('k')} {_leaf('v')} }}",
        "n", "n",
    )  # fmt: skip
    return {"m": first, "n": second}


def deviations(random: Random) -> dict[str, str]:
    """Return a module and deviations of every kind from it."""
    judged = _leaf("g", 'must ". = 1";')
    first = module(
        f"container c {{ {_leaf('a')} {_leaf('b', 'mandatory true;')} {_leaf('d', 'default 1;')} leaf-list f {{ type int8; max-elements 3; }} {judged} {_leaf('h')}"
        f"list l {{ key k; unique v; {_leaf('k')} {_leaf('v')} {_leaf('w')} }} {_leaf('s', 'config true;')} }}"
    )
    every = [
        "deviation /m:c/m:a { deviate not-supported; }",
        "deviation /m:c/m:b { deviate replace { mandatory false; } }",
        "deviation /m:c/m:d { deviate delete { default 1; } deviate add { mandatory true; } }",
        "deviation /m:c/m:f { deviate replace { max-elements 1; } deviate add { min-elements 1; } }",
        'deviation /m:c/m:g { deviate delete { must ". = 1"; } }',
        'deviation /m:c/m:h { deviate replace { type string { pattern "[ab]"; } } }',
        "deviation /m:c/m:l { deviate delete { unique v; } deviate add { unique w; max-elements 2; } }",
        "deviation /m:c/m:s { deviate replace { config false; } }",
        'deviation /m:c { deviate add { must "count(*) < 5"; } }',
    ]
    chosen = random.sample(every, random.randint(1, 6))
    return {"m": first, "n": module("import m { prefix m; }" + "".join(chosen), "n", "n")}


def features(random: Random) -> dict[str, str]:
    """Return nodes that expressions over features keep or leave out."""
    expressions = (
        "one",
        "not one",
        "one and two",
        "one or two",
        "one and not three",
        "(one or two) and three",
        "not (one or two)",
        "one or two and three",
        "not not one",
    )

    def condition() -> str:
        return f'if-feature "{random.choice(expressions)}";'

    return {
        "m": module(
            f"feature one; feature two; feature three; identity base {{ }} identity x {{ {condition()} base base; }} identity y {{ base base; }}"
            f"container c {{ {_leaf('a', condition())} {_leaf('b', condition())} container d {{ {condition()} {_leaf('e', 'mandatory true;')} }}"
            f"choice o {{ case p {{ {condition()} {_leaf('q')} }} leaf r {{ {condition()} type int8; }} }} leaf i {{ type identityref {{ base base; }} }}"
            f"leaf n {{ type enumeration {{ enum s {{ {condition()} }} enum t; }} }} leaf z {{ type bits {{ bit u {{ {condition()} }} bit w; }} }} }}"
        )
    }
