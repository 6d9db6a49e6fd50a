"""The schema tree that a server works with: nodes made from the compiled tables as they are first looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import quoteattr

from yang import types
from yang.identities import Identities
from yang.module import modules_of
from yang.node_paths import NodeInstanceIdentifierType
from yang.restrictions import Pattern
from yang.tables import CONFIG, MANDATORY, PRESENCE, USER_ORDERED, NodeRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yang.module import Module
    from yang.rules import Rules
    from yang.tables import Expression, Tables
    from yang.types import Type
    from yang.values import Value

Support = dict[str, Any]
"""Which nodes are supported: child names with their own support; the name `*` stands for everything below."""

NO_CHILDREN: dict[str, SchemaNode] = {}
"""What nearly all nodes have below them, the leaves."""
FLAGS = [tuple(bool(flags & flag) for flag in (CONFIG, MANDATORY, PRESENCE, USER_ORDERED)) for flags in range(16)]
"""What the flags of a record say: config, mandatory, presence, user_ordered."""
INNER = frozenset({"container", "list", "root", "rpc", "input", "output", "notification", "action"})


class Choice(NamedTuple):
    """A choice among the children of a node."""

    id: str
    """The choices and cases on the way to it and its own name, each as `module:name`."""
    mandatory: bool
    default: str | None
    """The default case, as `module:name`."""
    cases: tuple[tuple[str, str], ...]
    """The (choice id, case) pairs that this choice itself stands in, outermost first."""
    whens: tuple[tuple[int, bool], ...]
    """The when statements on it and around it."""

    @property
    def name(self) -> str:
        """Its name alone."""
        return self.id.rpartition(":")[2]


class When(NamedTuple):
    """A when statement; `on_parent` if its context node is the parent (it stood on a uses, augment, choice or case)."""

    expression: int
    on_parent: bool


class Must(NamedTuple):
    """A must statement."""

    expression: int
    message: str | None
    app_tag: str | None


class SchemaNode:
    """One data node's definition, in its place in the tree.

    `qname` is its name in RFC 7951: with the module's name only where the parent's module is another one.
    """

    __slots__ = (
        "_children",
        "_default",
        "_extra",
        "_module_name",
        "_records",
        "_requirements",
        "_support",
        "_tags",
        "cases",
        "choices",
        "close_tag",
        "config",
        "depth",
        "keys",
        "kind",
        "mandatory",
        "max_elements",
        "min_elements",
        "module",
        "musts",
        "name",
        "open_tag",
        "parent",
        "position",
        "presence",
        "qname",
        "schema",
        "tag",
        "type",
        "unique",
        "user_ordered",
        "whens",
    )

    module: Module
    type: Type

    def __init__(
        self,
        schema: Schema,
        record: NodeRecord,
        parent: SchemaNode | None,
        position: int,
        qname: str,
        support: Support | None,
    ) -> None:
        """Make the node of `record`, the child `qname` at `position` of `parent`."""
        # a set has 15,000 nodes: no names for what is in their records, and nothing that most of them do not need
        kind, name, module_name, flags, type_, extra, records = record
        self.schema = schema
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.position = position
        self.qname = qname
        self.kind = kind
        self.name = name
        self._module_name = module_name
        self._extra = extra
        self._records = records
        self._support = support
        self._children: dict[str, SchemaNode] | None = None if records else NO_CHILDREN
        self._requirements: tuple[str, ...] | None = None if records else ()
        self._tags: dict[str, SchemaNode] | None = None
        self._default: Value | tuple[Value, ...] | None = None
        self.config, self.mandatory, self.presence, self.user_ordered = FLAGS[flags]
        self.keys: tuple[str, ...] = ()
        self.cases: tuple[tuple[str, str], ...] = ()
        self.choices: tuple[Choice, ...] = ()
        self.whens: tuple[When, ...] = ()
        self.musts: tuple[Must, ...] = ()
        self.unique: tuple[tuple[tuple[str, ...], ...], ...] = ()
        self.min_elements: int = 0
        self.max_elements: int | None = None
        if extra:
            self._take(extra)
        if kind == "root":
            self.tag = ""
            return
        module = self.module = schema.modules[module_name]
        self.tag, self.open_tag, self.close_tag = module.tags(name)
        if qname != name:
            self.open_tag = f"<{name} xmlns={quoteattr(module.namespace)}"
        if type_ >= 0:
            self.type = schema.type(type_)

    def _take(self, extra: dict[str, Any]) -> None:
        """Take what few nodes have."""
        self.keys = extra.get("keys", ())
        self.cases = extra.get("cases", ())
        self.unique = extra.get("unique", ())
        self.min_elements = extra.get("min", 0)
        self.max_elements = extra.get("max")
        self.choices = tuple([Choice(*choice) for choice in extra.get("choices", ())])
        self.whens = tuple([When(*when) for when in extra.get("when", ())])
        self.musts = tuple([Must(*must) for must in extra.get("must", ())])

    @property
    def children(self) -> dict[str, SchemaNode]:
        """The data nodes below, by qname, keys first; those of choices and cases among them."""
        if self._children is None:
            self._children = self._make_children()
        return self._children

    @property
    def default_deny(self) -> str:
        """What NACM denies where no rule speaks of the node: `all`, `write`, or nothing (RFC 8341 section 3.3)."""
        denied: str = self._extra.get("deny", "")
        return denied

    @property
    def is_inner(self) -> bool:
        """Whether data of this node has children."""
        return self.kind in INNER

    @property
    def default(self) -> Value | tuple[Value, ...] | None:
        """The default value of a leaf, or of a leaf-list as a tuple; None if there is none."""
        if self._default is None:
            text = self._extra.get("default")
            if text is None:
                return None
            self._default = tuple(map(self.type.parse, text)) if isinstance(text, tuple) else self.type.parse(text)
        return self._default

    @property
    def tags(self) -> dict[str, SchemaNode]:
        """The children by XML name, `{namespace}name`."""
        if self._tags is None:
            self._tags = {child.tag: child for child in self.children.values()}
        return self._tags

    @property
    def unsupported(self) -> frozenset[str]:
        """The names of children that the model has and this schema leaves out."""
        return frozenset(self.qname_of(module, name) for _, name, module, *_ in self._records) - self.children.keys()

    @property
    def requirements(self) -> tuple[str, ...]:
        """The children whose absence or number may be wrong, and the containers without presence that have such."""
        if self._requirements is None:
            self._requirements = tuple(
                name for name, child in self.children.items() if child.config and _is_required(child)
            )
        return self._requirements

    def operations(self) -> dict[str, SchemaNode]:
        """Return the actions and notifications of a data node, by qname (RFC 7950 sections 7.15 and 7.16)."""
        return self._made(self._extra.get("operations", ()), None)

    def path(self) -> str:
        """Return the schema path: `/module:container/list/leaf`."""
        return "" if self.parent is None else f"{self.parent.path()}/{self.qname}"

    def descendants(self) -> Iterator[SchemaNode]:
        """Yield every node below this one, parents first."""
        for child in self.children.values():
            yield child
            yield from child.descendants()

    def __repr__(self) -> str:
        return f"SchemaNode({self.kind} {self.path() or '/'})"

    def qname_of(self, module: str | None, name: str) -> str:
        """Return what a child `name` of `module` is called below this node (RFC 7951 section 4)."""
        return name if self._module_name == module else f"{module}:{name}"

    def _make_children(self) -> dict[str, SchemaNode]:
        records = self._records
        if self.keys:
            rank = {name: index for index, name in enumerate(self.keys)}
            records = tuple(sorted(records, key=lambda record: rank.get(record[1], len(rank))))
        return self._made(records, None if self._support is None or "*" in self._support else self._support)

    def _made(self, records: Iterable[NodeRecord], support: Support | None) -> dict[str, SchemaNode]:
        """Return the nodes of `records` that `support` names, by qname."""
        made = {}
        for position, record in enumerate(records):
            name, module = record[1], record[2]
            qname = name if module == self._module_name else f"{module}:{name}"
            if support is None:
                made[qname] = SchemaNode(self.schema, record, self, position, qname, None)
            elif qname in support:
                made[qname] = SchemaNode(self.schema, record, self, position, qname, support[qname])
        return made


def _is_required(node: SchemaNode) -> bool:
    if node.kind == "container":
        return not node.presence and bool(node.requirements or any(choice.mandatory for choice in node.choices))
    return node.kind not in ("rpc", "notification") and (
        node.mandatory or node.min_elements > 0 or node.max_elements is not None
    )


class Schema:
    """A compiled model set, or the part of it that a server supports."""

    def __init__(self, tables: Tables, support: Support | None = None) -> None:
        """Serve `tables`, as far as `support` says; all of it if that is None."""
        self.tables = tables
        self.modules = modules_of(tables)
        self.by_namespace = {
            module.namespace: module for module in self.modules.values() if module.record.belongs_to is None
        }
        self._types: list[Type | None] = [None] * len(tables.types)
        top = NodeRecord("root", "", "", CONFIG, -1, {"choices": tables.choices}, tables.nodes)
        self.root = SchemaNode(self, top, None, 0, "", support)

    def supporting(self, paths: Iterable[str]) -> Schema:
        """Return this schema with only the nodes at `paths`, what leads to them, and the keys of lists on the way.

        A path is a schema path; one that ends in `/*` stands for everything below.

        Raises:
            KeyError: The schema has no such node.
        """
        support: Support = {}
        for path in paths:
            node, level = self.root, support
            for name in _names(path):
                if name == "*":
                    level["*"] = {}
                    break
                node = node.children[name]
                level = level.setdefault(name, {})
                for key in node.keys:
                    level.setdefault(key, {})
        return Schema(self.tables, support)

    def find(self, path: str) -> SchemaNode:
        """Return the node at a schema path.

        Raises:
            KeyError: There is none.
        """
        node = self.root
        for name in _names(path):
            node = node.children[name]
        return node

    def rpc(self, tag: str) -> SchemaNode | None:
        """Return the rpc that the XML name `{namespace}name` is for."""
        node = self.root.tags.get(tag)
        return node if node is not None and node.kind == "rpc" else None

    def type(self, index: int) -> Type:
        """Return the type at `index` of the tables."""
        found = self._types[index]
        if found is None:
            found = self._types[index] = self._make_type(self.tables.types[index])
        return found

    def expression(self, index: int) -> Expression:
        """Return the expression at `index` of the tables."""
        return self.tables.expressions[index]

    @cached_property
    def rules(self) -> Rules:
        """The when, must and leafref rules of the configuration."""
        from yang.rules import Rules  # noqa: PLC0415 - rules are made of schema nodes, and a schema makes them on demand

        return Rules(self)

    @cached_property
    def identities(self) -> Identities:
        """The identities of all modules."""
        return Identities(self.tables.identities)

    def _make_type(self, spec: tuple[Any, ...]) -> Type:
        match spec:
            case ("integer", name, ranges, complaint):
                return types.IntegerType(name, ranges, complaint)
            case ("decimal64", digits, ranges, complaint):
                return types.DecimalType(digits, ranges, complaint)
            case ("string", lengths, patterns, complaint):
                return types.StringType(lengths, [Pattern(*pattern) for pattern in patterns], complaint)
            case ("boolean",):
                return types.BooleanType()
            case ("enumeration", values):
                return types.EnumerationType(values)
            case ("bits", positions):
                return types.BitsType(positions)
            case ("binary", lengths, complaint):
                return types.BinaryType(lengths, complaint)
            case ("empty",):
                return types.EmptyType()
            case ("identityref", bases):
                return types.IdentityrefType(bases, self.identities.derived(bases))
            case ("instance-identifier", require):
                return types.InstanceIdentifierType(require_instance=require)
            case ("node-instance-identifier",):
                return NodeInstanceIdentifierType()
            case ("leafref", path, target, require):
                return types.LeafrefType(self.type(target), path, require_instance=require)
            case ("union", members):
                return types.UnionType([self.type(member) for member in members])
        raise AssertionError(f"the compiler wrote an unknown type {spec[0]}")


def _names(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []
