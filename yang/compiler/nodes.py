"""Schema nodes of a model: pyang's expanded statements turned into records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yang.compiler.expressions import place, syntax_tree
from yang.compiler.protection import protection
from yang.compiler.typespecs import identity_name, type_spec
from yang.errors import ModelError
from yang.tables import CONFIG, MANDATORY, PRESENCE, USER_ORDERED, Expression, NodeRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyang.statements import Statement

DATA = frozenset({"container", "list", "leaf", "leaf-list", "anydata", "anyxml"})
OPERATIONS = frozenset({"rpc", "notification"})

Cases = tuple[tuple[str, str], ...]
Whens = tuple[tuple[int, bool], ...]


class NodeCompiler:
    """Compiles statements one after the other, keeping every type and expression once."""

    def __init__(self, record: Callable[[NodeRecord, Statement], None]) -> None:
        """Report each record with its statement to `record`, children first."""
        self._record = record
        self.types: dict[Any, int] = {}
        self.specs: list[tuple[Any, ...]] = []
        self.expressions: dict[Expression, int] = {}
        self._known: dict[int, tuple[int, Statement | None]] = {}

    def children(self, parent: Statement, cases: Cases = (), whens: Whens = ()) -> Iterator[NodeRecord]:
        """Yield the records of the data nodes and operations below `parent`; those of choices and cases among them."""
        for child in parent.i_children:
            if child.keyword == "choice":
                for case in child.i_children:
                    inner = whens + self._whens(child, on_parent=True) + self._whens(case, on_parent=True)
                    yield from self.children(case, (*cases, (_choice_id(child, cases), _qname(case))), inner)
            elif child.keyword in DATA or (child.keyword in OPERATIONS and parent.keyword in ("module", "submodule")):
                yield self._node(child, cases, whens)

    def _node(self, statement: Statement, cases: Cases, whens: Whens) -> NodeRecord:
        extra: dict[str, Any] = {}
        flags = 0 if statement.i_config is False else CONFIG
        mandatory = statement.search_one("mandatory")
        if mandatory is not None and mandatory.arg == "true":
            flags |= MANDATORY
        if statement.search_one("presence") is not None:
            flags |= PRESENCE
        order = statement.search_one("ordered-by")
        if order is not None and order.arg == "user":
            flags |= USER_ORDERED
        if cases:
            extra["cases"] = cases
        if every := whens + self._whens(statement, on_parent=False):
            extra["when"] = every
        if musts := tuple(self._musts(statement)):
            extra["must"] = musts
        extra.update(protection(statement))
        type_index = -1
        children: tuple[NodeRecord, ...] = ()
        if statement.keyword in ("leaf", "leaf-list"):
            type_index, default = self._leaf(statement)
            if default is not None and not flags & MANDATORY:
                extra["default"] = default
        elif statement.keyword in ("rpc", "action"):
            children = tuple(self._input_or_output(child) for child in statement.i_children)
        elif statement.keyword not in ("anydata", "anyxml"):
            children = tuple(self.children(statement))
            if choices := tuple(self.choices(statement)):
                extra["choices"] = choices
            # no data: they stand beside the children, not among them
            operations = (child for child in statement.i_children if child.keyword in ("action", "notification"))
            if records := tuple(self._node(operation, (), ()) for operation in operations):
                extra["operations"] = records
        if statement.keyword in ("list", "leaf-list"):
            self._list(statement, extra)
        record = NodeRecord(
            statement.keyword, statement.arg, module_name(statement), flags, type_index, extra, children
        )
        self._record(record, statement)
        return record

    def _input_or_output(self, statement: Statement) -> NodeRecord:
        extra: dict[str, Any] = {}
        if choices := tuple(self.choices(statement)):
            extra["choices"] = choices
        if musts := tuple(self._musts(statement)):
            extra["must"] = musts
        children = tuple(self.children(statement))
        return NodeRecord(statement.keyword, statement.keyword, module_name(statement), CONFIG, -1, extra, children)

    def choices(self, parent: Statement, cases: Cases = (), whens: Whens = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the choices below `parent`, outer ones first, as `yang.schema.Choice` has them."""
        for choice in parent.i_children:
            if choice.keyword != "choice":
                continue
            identifier = _choice_id(choice, cases)
            mandatory, default = choice.search_one("mandatory"), choice.search_one("default")
            every = whens + self._whens(choice, on_parent=True)
            yield (
                identifier,
                mandatory is not None and mandatory.arg == "true",
                f"{module_name(choice)}:{default.arg.rpartition(':')[2]}" if default is not None else None,
                cases,
                every,
            )
            for case in choice.i_children:
                inner = every + self._whens(case, on_parent=True)
                yield from self.choices(case, (*cases, (identifier, _qname(case))), inner)

    def _list(self, statement: Statement, extra: dict[str, Any]) -> None:
        if keys := getattr(statement, "i_key", None):
            extra["keys"] = tuple(key.arg for key in keys)
        fewest, most = statement.search_one("min-elements"), statement.search_one("max-elements")
        if fewest is not None and fewest.arg != "0":
            extra["min"] = int(fewest.arg)
        if most is not None and most.arg != "unbounded":
            extra["max"] = int(most.arg)
        if uniques := statement.search("unique"):
            extra["unique"] = tuple(
                tuple(self._descendant(statement, path) for path in unique.arg.split()) for unique in uniques
            )

    def _descendant(self, statement: Statement, path: str) -> tuple[str, ...]:
        """Return a descendant schema node identifier as the names of the nodes on the way."""
        names = []
        node = statement
        for step in path.split("/"):
            name = step.rpartition(":")[2]
            child = data_child(node, None, name)
            if child is None:
                raise ModelError(f"{place(statement)}: unique names {path!r}, which the list does not have")
            names.append(name if module_name(child) == module_name(node) else f"{module_name(child)}:{name}")
            node = child
        return tuple(names)

    def _whens(self, statement: Statement, *, on_parent: bool) -> Whens:
        """Return the when statements on `statement`, and on the uses and the augment that it comes from."""
        augment = getattr(statement, "i_augment", None)
        return tuple(
            (
                self.expression(when, module_name(statement)),
                on_parent or getattr(when, "i_origin", None) == "uses",
            )
            for when in statement.search("when")
        ) + tuple(
            (self.expression(when, module_name(statement)), True)
            for when in (augment.search("when") if augment else ())
        )

    def _musts(self, statement: Statement) -> Iterator[tuple[int, str | None, str | None]]:
        for must in statement.search("must"):
            message, app_tag = must.search_one("error-message"), must.search_one("error-app-tag")
            yield (
                self.expression(must, module_name(statement)),
                message.arg if message is not None else None,
                app_tag.arg if app_tag is not None else None,
            )

    def _leaf(self, statement: Statement) -> tuple[int, Any]:
        """Return the index of a leaf's or leaf-list's type, and the canonical text of its default."""
        index, inherited = self._type(statement)
        own = statement.search("default")
        fewest = statement.search_one("min-elements")
        if fewest is not None and fewest.arg != "0":
            inherited = None  # RFC 7950 section 7.7.2
        texts = own or ([inherited] if inherited is not None else [])
        if not texts:
            return index, None
        canonical = tuple(self._canonical(index, text) for text in texts)
        return index, canonical if statement.keyword == "leaf-list" else canonical[0]

    def _type(self, leaf: Statement) -> tuple[int, Statement | None]:
        """Return the index of the type of `leaf`, and its typedefs' default."""
        type_ = leaf.search_one("type")
        if id(type_) in self._known:
            return self._known[id(type_)]
        depends_on_place = False

        def member(type_: Statement) -> int:
            return self._intern(type_spec(type_, member, leafref).spec)

        def leafref(path: Statement) -> tuple[int, int]:
            nonlocal depends_on_place
            depends_on_place = True
            expression = syntax_tree(path, module_name(leaf))
            return self.expression(path, module_name(leaf)), self._type(_target(leaf, path, expression))[0]

        spec, default = type_spec(type_, member, leafref)
        found = self._intern(spec), default
        if not depends_on_place:
            self._known[id(type_)] = found
        return found

    def _intern(self, spec: tuple[Any, ...]) -> int:
        key = repr(spec)  # the dicts of enumerations do not hash
        if key not in self.types:
            self.types[key] = len(self.specs)
            self.specs.append(spec)
        return self.types[key]

    def _canonical(self, index: int, default: Statement) -> str:
        """Return a default's text with identities named by module."""
        text = str(default.arg)
        match self.specs[index]:
            case ("identityref", _):
                return _identity_in_scope(text, default) or text
            case ("leafref", _, target, _):
                return self._canonical(target, default)
            case ("union", members) if any(self.specs[member][0] == "identityref" for member in members):
                return _identity_in_scope(text, default) or text
        return text

    def expression(self, statement: Statement, module: str) -> int:
        """Return the index of the expression that is `statement`'s argument."""
        expression = Expression(
            " ".join(statement.arg.split()), syntax_tree(statement, module), module, place(statement)
        )
        return self.expressions.setdefault(expression, len(self.expressions))


def module_name(statement: Statement) -> str:
    """Return the name of the module whose namespace a data node is in."""
    return str(statement.i_module.i_modulename)


def _qname(statement: Statement) -> str:
    return f"{module_name(statement)}:{statement.arg}"


def _choice_id(choice: Statement, cases: Cases) -> str:
    # two modules may augment one node with choices of one name
    outer = "/".join(cases[-1]) + "/" if cases else ""
    return outer + _qname(choice)


def data_child(parent: Statement, module: str | None, name: str) -> Statement | None:
    """Return the data node `name` below `parent`, looking through choices and cases."""
    for child in parent.i_children:
        if child.keyword in ("choice", "case"):
            found = data_child(child, module, name)
            if found is not None:
                return found
        elif child.arg == name and (module is None or module_name(child) == module) and child.keyword in DATA:
            return child
    return None


def _target(leaf: Statement, path: Statement, tree: Any) -> Statement:
    """Return the leaf that a leafref's path points to."""
    node: Statement | None = leaf
    match tree:
        case ("path", is_absolute, steps):
            if is_absolute:
                node = None
        case ("filter", ("call", "current", ()), (), steps):
            pass
        case _:
            raise ModelError(f"{place(path)}: '{path.arg}' is not a leafref's path")
    for axis, (_, module, name), _ in steps:
        if axis == "parent":
            node = _data_parent(node) if node is not None else None
        elif axis == "child":
            below = data_child(leaf.i_module.i_ctx.get_module(module) if node is None else node, module, name)
            if below is None:
                raise ModelError(f"{place(path)}: '{path.arg}' does not lead to a leaf: there is no {module}:{name}")
            node = below
    if node is None or node.keyword not in ("leaf", "leaf-list"):
        raise ModelError(f"{place(path)}: '{path.arg}' does not lead to a leaf")
    return node


def _data_parent(node: Statement) -> Statement | None:
    parent = node.parent
    # RFC 7950 section 6.4.1: the parameters of an operation are children of the operation itself
    while parent is not None and parent.keyword in ("choice", "case", "input", "output"):
        parent = parent.parent
    return None if parent is None or parent.keyword in ("module", "submodule") else parent


def _identity_in_scope(text: str, default: Statement) -> str | None:
    prefix, colon, name = text.rpartition(":")
    scope = default.i_orig_module
    own = not colon or prefix == scope.i_prefix
    module = scope if own else scope.i_ctx.get_module(scope.i_prefixes.get(prefix, ("",))[0])
    if module is None or name not in module.i_identities:
        return None
    return identity_name(module.i_identities[name])
