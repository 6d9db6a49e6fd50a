"""XPath 1.0 expressions that come at run time, as in a client's filter, read by the grammar of XPath 1.0 sections 2 and 3.

What comes out is a syntax tree as `yang.xpath` describes it; prefixes are those of whoever has written the expression.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yang.errors import InvalidValue
from yang.values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yang.schema import Schema

NOWHERE = "-"
"""The module of names in a namespace that is not served, or in none: no node has it."""
LONGEST = 16384
"""The characters that an expression may have."""
DEEPEST = 64
"""How deep parentheses and predicates may be nested."""
MOST_OPERATORS = 256
"""Binary operators in an expression, each of which is a level of the syntax tree."""

Step = tuple[str, tuple[str, str | None, str | None], tuple[Any, ...]]

NAME = r"[^\W\d][\w.\-\u00b7]*"
TOKEN = re.compile(
    rf"""[ \t\r\n]*(?:
        (?P<literal>"[^"]*"|'[^']*')
      | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
      | (?P<name>{NAME}(?::(?!:)(?:{NAME}|\*))?)
      | (?P<symbol>::|//|\.\.|!=|<=|>=|[()\[\].@,/|+\-=<>*$])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
).match
AXES = frozenset(
    {
        "ancestor",
        "ancestor-or-self",
        "attribute",
        "child",
        "descendant",
        "descendant-or-self",
        "following",
        "following-sibling",
        "namespace",
        "parent",
        "preceding",
        "preceding-sibling",
        "self",
    }
)
KINDS = frozenset({"comment", "text", "processing-instruction", "node"})
OPERATOR_NAMES = frozenset({"and", "or", "mod", "div"})
LEVELS: tuple[tuple[str, frozenset[str]], ...] = (
    ("or", frozenset({"or"})),
    ("and", frozenset({"and"})),
    ("compare", frozenset({"=", "!="})),
    ("compare", frozenset({"<", "<=", ">", ">="})),
    ("arithmetic", frozenset({"+", "-"})),
    ("arithmetic", frozenset({"*", "div", "mod"})),
)
"""The binary operators, those that bind least first; all of them from left to right."""
ANYTHING = ("node", None, None)
BELOW: Step = ("descendant-or-self", ANYTHING, ())
NO_NODES = frozenset({"attribute", "namespace", "comment", "processing-instruction"})
"""The axes along which data has nothing, and the kinds of nodes that it does not have."""


def read_xpath(text: str, namespaces: Mapping[str | None, str], schema: Schema) -> Any:
    """Return the syntax tree of an expression whose prefixes stand for `namespaces`; that of None, the default, does not count.

    Raises:
        InvalidValue: It is no XPath 1.0, has a prefix that is not declared, or a variable.
    """
    if len(text) > LONGEST:
        raise InvalidValue(f"{shown(text)} is longer than {LONGEST} characters")
    try:
        return _Reading(text, namespaces, schema).whole()
    except _NotXPathError as error:
        raise InvalidValue(f"{shown(text)} is not an XPath expression: {error}") from error


class _NotXPathError(Exception):
    """What is wrong with an expression."""


class _Reading:
    """Reads one expression."""

    def __init__(self, text: str, namespaces: Mapping[str | None, str], schema: Schema) -> None:
        self.namespaces = namespaces
        self.schema = schema
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0
        self.operators = 0

    def whole(self) -> Any:
        tree = self.binary()
        if self.tokens[self.at][0] != "end":
            raise _NotXPathError(f"{self.tokens[self.at][1]!r} does not follow there")
        return tree

    def next_is(self, *texts: str, ahead: int = 0) -> bool:
        """Return whether one of some symbols or operators comes next."""
        kind, text = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return kind in ("symbol", "operator") and text in texts

    def take(self, *texts: str) -> str:
        """Return the symbol or operator that comes next, if it is one of some; empty otherwise."""
        if not self.next_is(*texts):
            return ""
        self.at += 1
        return self.tokens[self.at - 1][1]

    def need(self, text: str) -> None:
        """Pass over a symbol that has to come next."""
        if not self.take(text):
            raise _NotXPathError(f"{text} is missing before {self.coming()}")

    def coming(self) -> str:
        """Return what comes next, for people."""
        return repr(self.tokens[self.at][1]) if self.tokens[self.at][1] else "the end"

    def binary(self, level: int = 0) -> Any:
        if level == len(LEVELS):
            return self.unary()
        if level == 0:
            self.depth += 1
            if self.depth > DEEPEST:
                raise _NotXPathError(f"it is nested more than {DEEPEST} levels deep")
        kind, operators = LEVELS[level]
        tree = self.binary(level + 1)
        while operator := self.take(*operators):
            self.operators += 1
            if self.operators > MOST_OPERATORS:
                raise _NotXPathError(f"it has more than {MOST_OPERATORS} operators")
            operand = self.binary(level + 1)
            tree = (kind, tree, operand) if kind == operator else (kind, operator, tree, operand)
        if level == 0:
            self.depth -= 1
        return tree

    def unary(self) -> Any:
        signs = 0
        while self.take("-"):
            signs += 1
        tree = self.union()
        # two of them turn what stands there into a number
        for _ in range(min(signs, 2 - signs % 2)):
            tree = ("negate", tree)
        return tree

    def union(self) -> Any:
        operands = [self.path()]
        while self.take("|"):
            operands.append(self.path())
        return operands[0] if len(operands) == 1 else ("union", tuple(operands))

    def path(self) -> Any:
        kind, text = self.tokens[self.at]
        is_call = kind == "name" and text not in KINDS and self.next_is("(", ahead=1)
        if kind in ("literal", "number") or is_call or self.next_is("(", "$"):
            primary = self.primary()
            predicates = self.predicates()
            steps = self.steps() if self.next_is("/", "//") else ()
            return ("filter", primary, predicates, steps) if predicates or steps else primary
        if self.next_is("/") and not self.begins_step(ahead=1):
            self.take("/")
            return ("path", True, ())
        is_absolute = self.next_is("/", "//")
        return ("path", is_absolute, self.steps() if is_absolute else (self.step(), *self.steps()))

    def begins_step(self, ahead: int = 0) -> bool:
        kind, _ = self.tokens[self.at + ahead]
        return kind == "name" or self.next_is("*", ".", "..", "@", ahead=ahead)

    def steps(self) -> tuple[Step, ...]:
        """Return the steps after a slash each, as many as there are."""
        steps: list[Step] = []
        while slash := self.take("/", "//"):
            if slash == "//":
                steps.append(BELOW)
            steps.append(self.step())
        return tuple(steps)

    def primary(self) -> Any:
        kind, text = self.tokens[self.at]
        if self.take("$"):
            raise _NotXPathError("there are no variables")
        self.at += 1
        if kind == "literal":
            return ("literal", text[1:-1], self.identity(text[1:-1]))
        if kind == "number":
            return ("number", float(text))
        if kind == "name":
            self.need("(")
            arguments: list[Any] = []
            while not self.take(")"):
                if arguments:
                    self.need(",")
                arguments.append(self.binary())
            return ("call", text, tuple(arguments))
        inner = self.binary()
        self.need(")")
        # parenthesized, a path's predicates count in the whole of it
        return ("filter", inner, (), ()) if inner[0] == "path" else inner

    def step(self) -> Step:
        if not self.begins_step():
            raise _NotXPathError(f"a step is missing before {self.coming()}")
        if self.take("."):
            return ("self", ANYTHING, ())
        if self.take(".."):
            return ("parent", ANYTHING, ())
        axis = "child"
        if self.take("@"):
            axis = "attribute"
        elif self.next_is("::", ahead=1):
            axis = self.tokens[self.at][1]
            if axis not in AXES:
                raise _NotXPathError(f"there is no axis {axis}")
            self.at += 2
        test = self.test()
        if axis in NO_NODES or test[0] in NO_NODES:
            axis, test = "self", ("name", NOWHERE, NOWHERE)
        return (axis, test, self.predicates())

    def predicates(self) -> tuple[Any, ...]:
        found: list[Any] = []
        while self.take("["):
            found.append(self.binary())
            self.need("]")
        return tuple(found)

    def test(self) -> tuple[str, str | None, str | None]:
        if self.take("*"):
            return ("any", None, None)
        kind, text = self.tokens[self.at]
        if kind != "name":
            raise _NotXPathError(f"a name is missing before {self.coming()}")
        self.at += 1
        if text in KINDS and self.take("("):
            if text == "processing-instruction" and self.tokens[self.at][0] == "literal":
                self.at += 1
            self.need(")")
            return (text, None, None)
        prefix, colon, name = text.rpartition(":")
        if not colon:
            # section 2.3: it is in no namespace, whatever the default one is
            return ("name", NOWHERE, name)
        return ("any", self.module(prefix), None) if name == "*" else ("name", self.module(prefix), name)

    def module(self, prefix: str) -> str:
        """Return the name of the module that a prefix stands for."""
        if prefix not in self.namespaces:
            raise _NotXPathError(f"the prefix {prefix} is not declared")
        module = self.schema.by_namespace.get(self.namespaces[prefix])
        return module.name if module is not None else NOWHERE

    def identity(self, text: str) -> str | None:
        """Return `module:name` of the identity that `text` names, if its prefix is a declared one."""
        prefix, colon, name = text.partition(":")
        return f"{self.module(prefix)}:{name}" if colon and prefix in self.namespaces else None


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return kinds and texts; names that are operators where they stand are symbols (section 3.7)."""
    found: list[tuple[str, str]] = []
    at = 0
    while not found or found[-1][0] != "end":
        match = TOKEN(text, at)
        if match is None:
            raise _NotXPathError(f"{text[at:].strip()[:1]!r} cannot stand there")
        kind, word = str(match.lastgroup), match[str(match.lastgroup)]
        at = match.end()
        before = found[-1] if found else ("symbol", "(")
        is_after_operand = before[0] in ("literal", "number", "name") or (
            before[0] == "symbol" and before[1] in (")", "]", ".", "..", "*")
        )
        if is_after_operand and (word == "*" or word in OPERATOR_NAMES):
            kind = "operator"
        elif is_after_operand and kind == "name":
            raise _NotXPathError(f"{word!r} does not follow there")
        found.append((kind, word))
    return found
