"""XPath expressions of a model: parsed by pyang, their prefixes resolved to modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyang import xpath_lexer, xpath_parser

from yang.errors import ModelError

if TYPE_CHECKING:
    from pyang.statements import Statement


def place(statement: Statement) -> str:
    """Return where `statement` stands: `openconfig-vlan.yang:173`."""
    return f"{statement.pos.ref.rsplit('/', 1)[-1]}:{statement.pos.line}"


def syntax_tree(statement: Statement, module: str) -> Any:
    """Return the syntax tree of `statement`'s argument, as `yang.xpath` describes it; `module` owns unprefixed names.

    Raises:
        ModelError: It is not XPath 1.0, or has a prefix that is not declared; the message names file and line.
    """
    try:
        parsed = xpath_parser.parse(statement.arg)
    except (xpath_lexer.XPathError, SyntaxError) as error:
        raise ModelError(f"{place(statement)}: '{statement.arg}' is not XPath: {error}") from error
    return _Scope(statement, module).tree(parsed)


class _Scope:
    """Where names are resolved: the imports of the module in which the expression is written (RFC 7950 section 6.4.1)."""

    def __init__(self, statement: Statement, module: str) -> None:
        self.statement = statement
        self.module = module

    def tree(self, parsed: Any) -> Any:
        if isinstance(parsed, list):
            return ("filter", self.tree(parsed[0]), (), self.steps(parsed[1:]))
        match parsed:
            case ("relative" | "absolute" as start, steps):
                return ("path", start == "absolute", self.steps(steps))
            case ("path_expr", inner):
                return self.tree(inner)
            case ("path", "filter", expression, predicate):
                inner = self.tree(expression)
                if inner[0] == "filter" and not inner[3]:
                    return ("filter", inner[1], (*inner[2], self.tree(predicate)), ())
                return ("filter", inner, (self.tree(predicate),), ())
            case ("bool", operator, a, b):
                return (operator, self.tree(a), self.tree(b))
            case ("comp", operator, a, b):
                return ("compare", operator, self.tree(a), self.tree(b))
            case ("arith", operator, a, b):
                return ("arithmetic", operator, self.tree(a), self.tree(b))
            case ("negative", a):
                return ("negate", self.tree(a))
            case ("union", operands):
                if len(operands) > 2:
                    # pyang drops what kind of path the third is
                    raise ModelError(
                        f"{place(self.statement)}: '{self.statement.arg}' unites more than two: write '(a | b) | c'"
                    )
                return ("union", tuple(self.tree(operand) for operand in operands))
            case ("function_call", name, arguments):
                return ("call", name, tuple(self.tree(argument) for argument in arguments))
            case ("literal", text):
                return ("literal", text[1:-1], self.identity(text[1:-1]))
            case ("number", text):
                return ("number", float(text))
        raise ModelError(
            f"{place(self.statement)}: '{self.statement.arg}' has {parsed[0]!r}, which YANG has no use for"
        )

    def steps(self, steps: Any) -> tuple[Any, ...]:
        return tuple(
            (axis, self.test(test), tuple(self.tree(predicate) for predicate in predicates))
            for _, axis, test, predicates in steps
        )

    def test(self, test: Any) -> tuple[str, str | None, str | None]:
        match test:
            case ("name", prefix, name):
                return ("name", self.module if prefix is None else self.imported(prefix), name)
            case "wildcard":
                return ("any", None, None)
            case ("has_namespace", prefix):
                return ("any", self.imported(prefix.removesuffix(":*")), None)
            case ("node_type", kind):
                return (kind, None, None)
        raise ModelError(f"{place(self.statement)}: '{self.statement.arg}' tests for {test!r}, which data never is")

    def imported(self, prefix: str) -> str:
        """Return the name of the module that `prefix` stands for."""
        scope = self.statement.i_orig_module
        if prefix == scope.i_prefix:
            return str(scope.i_modulename)
        if prefix not in scope.i_prefixes:
            raise ModelError(
                f"{place(self.statement)}: the prefix {prefix!r} in '{self.statement.arg}' is not declared"
            )
        return str(scope.i_prefixes[prefix][0])

    def identity(self, text: str) -> str | None:
        """Return `module:name` of the identity that `text` names in this scope, if it may be one."""
        prefix, colon, name = text.rpartition(":")
        scope = self.statement.i_orig_module
        if colon and prefix != scope.i_prefix and prefix not in scope.i_prefixes:
            return None
        module = self.imported(prefix) if colon else str(scope.i_modulename)
        known = scope.i_ctx.get_module(module)
        return f"{module}:{name}" if known is not None and name in known.i_identities else None
