"""From YANG modules to tables: the only part that knows pyang, and runs when models are installed, not when a server starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pyang.context import Context
from pyang.error import err_level, err_to_str, is_error
from pyang.repository import FileRepository
from pyang.util import get_latest_revision

from yang.compiler.expressions import place
from yang.compiler.nodes import NodeCompiler
from yang.compiler.typespecs import identity_name
from yang.errors import ModelError
from yang.references import References
from yang.schema import Schema
from yang.tables import ModuleRecord, NodeRecord, Tables
from yang.types import LeafrefType, UnionType
from yang.xpath import evaluator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path as FilePath

    from pyang.statements import Statement

    from yang.schema import SchemaNode

__all__ = ["Compiled", "Source", "compile_modules", "read_module"]

SHOWN = 20
"""How many errors of a broken set are listed."""


class Source(NamedTuple):
    """Where a schema node is written, and what is said of it there: what bindings are made of."""

    module: str
    """The module whose text has the statement."""
    place: tuple[str, int]
    """File and line; the same for every use of one grouping."""
    within: tuple[tuple[str, str], ...]
    """The (keyword, name) pairs of the statements around it, outermost first."""
    description: str
    units: str | None
    enumerations: tuple[str | None, ...]
    """The typedef that gives a leaf its enumeration, as `module:name`, or "" if it is the leaf's own; None if it has none.

    Of a union, there is one for each of its members.
    """


class Compiled(NamedTuple):
    """What came of a compilation."""

    tables: Tables
    sources: dict[int, Source]
    """The source of each record in `tables`, by `id(record)`."""
    warnings: list[str]


def compile_modules(
    folder: FilePath,
    *,
    features: Mapping[str, Sequence[str]],
    progress: Callable[[str], None] = lambda _: None,
) -> Compiled:
    """Compile every module in `folder`; `features` names those that are supported, of the modules that it has.

    Raises:
        ModelError: There are errors; the message lists them with file and line.
    """
    files = sorted(folder.glob("*.yang"))
    if not files:
        raise ModelError(f"there are no .yang files in {folder}")
    context = Context(FileRepository(str(folder), no_path_recurse=True, use_env=False))
    context.features = {module: list(names) for module, names in features.items()}
    progress(f"parsing {len(files)} modules")
    for file in files:
        context.add_module(str(file), read_module(file))
    progress("expanding groupings and augments")
    _validate(context)
    _raise_errors(context)
    modules = sorted(
        {id(module): module for module in context.modules.values() if module is not None}.values(),
        key=lambda module: str(module.arg),
    )
    for module in modules:
        module.prune()
    progress("compiling types and expressions")
    sources: dict[int, Source] = {}
    kept: list[NodeRecord] = []

    def record(node: NodeRecord, statement: Statement) -> None:
        kept.append(node)
        sources[id(node)] = _source(statement)

    compiler = NodeCompiler(record)
    tops = [module for module in modules if module.keyword == "module"]
    nodes = tuple(node for module in tops for node in compiler.children(module))
    choices = tuple(choice for module in tops for choice in compiler.choices(module))
    tables = Tables(
        tuple(_module_record(module) for module in modules),
        tuple(compiler.specs),
        tuple(compiler.expressions),
        dict(_identities(modules)),
        nodes,
        choices,
    )
    progress("checking expressions")
    return Compiled(tables, sources, list(_checked(Schema(tables))))


def read_module(file: FilePath) -> str:
    """Return the text of a module.

    Raises:
        ModelError: It is not UTF-8 (RFC 7950 section 6).
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{file.name} is not UTF-8: {error.reason} at byte {error.start}") from error


def _validate(context: Context) -> None:
    """Have pyang check and expand the modules.

    Raises:
        ModelError: pyang itself fails over a statement, as it does over some axes of XPath; the message names its place.
    """
    try:
        context.validate()
    except Exception as error:
        statement, trace = None, error.__traceback__
        while trace is not None:
            statement, trace = trace.tb_frame.f_locals.get("stmt", statement), trace.tb_next
        where = f"{place(statement)}: " if hasattr(statement, "pos") else ""
        what = getattr(statement, "arg", "a statement")
        raise ModelError(f"{where}pyang cannot check '{what}': {error}") from error


def _raise_errors(context: Context) -> None:
    errors = [
        f"{position.ref.rsplit('/', 1)[-1]}:{position.line}: {err_to_str(tag, arguments)}"
        for position, tag, arguments in context.errors
        if is_error(err_level(tag))
    ]
    if errors:
        more = f"\n… and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
        raise ModelError("the modules have errors:\n" + "\n".join(errors[:SHOWN]) + more)


def _module_record(module: Statement) -> ModuleRecord:
    owner = module if module.keyword == "module" else module.i_ctx.get_module(module.i_modulename)
    namespace, prefix = owner.search_one("namespace"), owner.search_one("prefix")
    revision = get_latest_revision(module)
    return ModuleRecord(
        name=module.arg,
        revision="" if revision == "unknown" else revision,
        namespace=namespace.arg if namespace is not None else "",
        prefix=prefix.arg if prefix is not None else "",
        file=module.pos.ref.rsplit("/", 1)[-1],
        imports=tuple(sorted({s.arg for s in module.substmts if s.keyword in ("import", "include")})),
        features=tuple(
            sorted(name for name, feature in module.i_features.items() if _is_supported(module, name, feature))
        ),
        belongs_to=module.i_modulename if module.keyword == "submodule" else None,
        yang_version=module.i_version,
    )


def _is_supported(module: Statement, name: str, feature: Statement) -> bool:
    supported = module.i_ctx.features.get(module.i_modulename)
    return not hasattr(feature, "i_not_implemented") and (supported is None or name in supported)


def _identities(modules: Sequence[Statement]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for module in modules:
        for identity in module.i_identities.values():
            if not hasattr(identity, "i_not_implemented"):
                bases = (base.i_identity for base in identity.search("base"))
                yield (
                    identity_name(identity),
                    tuple(identity_name(base) for base in bases if base is not None),
                )


def _source(statement: Statement) -> Source:
    description, units = statement.search_one("description"), statement.search_one("units")
    within = []
    parent = statement.stmt_parent
    while parent is not None and parent.keyword not in ("module", "submodule"):
        within.append((str(parent.keyword), str(parent.arg)))
        parent = parent.stmt_parent
    return Source(
        module=statement.i_orig_module.arg,
        place=(statement.pos.ref, statement.pos.line),
        within=tuple(reversed(within)),
        description=" ".join(description.arg.split()) if description is not None else "",
        units=units.arg if units is not None else None,
        enumerations=_enumerations(statement),
    )


def _enumerations(statement: Statement) -> tuple[str | None, ...]:
    leaf = statement
    while getattr(leaf, "i_leafref_ptr", None) is not None:
        leaf = leaf.i_leafref_ptr[0]
    type_ = leaf.search_one("type")
    found = tuple(_typedefs(type_)) if type_ is not None else (None,)
    # what has no name is not to be named by another leaf
    return found if leaf is statement else tuple(name or None for name in found)


def _typedefs(type_: Statement, around: str = "") -> Iterator[str | None]:
    """Yield the typedef nearest to each enumeration in a type, `around` if there is none."""
    name = around
    while (typedef := getattr(type_, "i_typedef", None)) is not None:
        name = f"{typedef.i_orig_module.arg}:{typedef.arg}"
        type_ = typedef.search_one("type")
    if type_.arg == "union":
        for member in type_.search("type"):
            yield from _typedefs(member, name)
    else:
        yield name if type_.arg == "enumeration" else None


def _checked(schema: Schema) -> Iterator[str]:
    """Yield a warning for every name in an expression that leads nowhere.

    Raises:
        ModelError: An expression cannot be compiled; the message names file and line.
    """
    seen: set[tuple[int, str]] = set()
    for node in _with_operations(schema.root):
        indexes = [(when.expression, node.parent if when.on_parent else node) for when in node.whens]
        indexes += [(must.expression, node) for must in node.musts]
        if not node.is_inner and node.kind in ("leaf", "leaf-list"):
            indexes += [(path, node) for path in _leafref_paths(node)]
        for index, context in indexes:
            expression = schema.expression(index)
            try:
                evaluator(schema, expression.tree)
                references = References(expression.tree, context) if context is not None else None
            except ModelError as error:
                raise ModelError(f"{expression.source}: '{expression.text}': {error}") from error
            for name in references.unknown if references else ():
                if (index, name) not in seen:
                    seen.add((index, name))
                    yield f"{expression.source}: '{expression.text}' looks for {name}, which {node.path()} does not lead to"


def _with_operations(top: SchemaNode) -> Iterator[SchemaNode]:
    """Yield everything below `top`, the actions and notifications of data nodes and what is below those included."""
    for node in top.descendants():
        yield node
        for operation in node.operations().values():
            yield operation
            yield from _with_operations(operation)


def _leafref_paths(node: SchemaNode) -> Iterator[int]:
    members: list[Any] = list(node.type.leaves()) if isinstance(node.type, UnionType) else [node.type]
    for member in members:
        if isinstance(member, LeafrefType):
            yield member.path
