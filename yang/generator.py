"""Typed bindings written from a compiled model set: one Python module per YANG module.

A class stands for one container or list *statement*. A grouping is therefore written once, however often it is used; its
class has the children of all its uses, with what augments have added to any of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from yang.compiler.typespecs import INTEGERS
from yang.naming import IMPORTED, attribute_names, camel, members, nested, snake
from yang.python_types import Annotation, Own, PythonTypes
from yang.restrictions import written
from yang.tables import NodeRecord
from yang.types import IntegerType, LeafrefType, StringType, Type

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as FilePath

    from yang.compiler import Compiled, Source
    from yang.schema import Schema

DATA = "data"
"""The Python module with the view of a whole tree."""
WIDTH = 200
"""How long the description in a docstring may be."""


Place: TypeAlias = tuple[str, int, tuple[tuple[str, str], ...], str]
"""A statement: its file and line, what is around it, its name. A line may have several."""


@dataclass
class _Attribute:
    """A child, as all uses of its parent's statement have it."""

    names: dict[str, None]
    """Its names in RFC 7951: several if its parent's statement is used in its own module and in others."""
    kind: str
    types: dict[str, None] = field(default_factory=dict)
    """The Python types of a leaf, in the order in which they were met."""
    keys: dict[str, dict[str, None]] = field(default_factory=dict)
    """Those of each key of a list."""
    target: Place | None = None
    """The place of the statement that a container or list is."""
    enum: str = ""
    default: str | None = None
    facts: str = ""
    note: str = ""


@dataclass
class _Class:
    """A container or list statement."""

    module: str
    names: list[str]
    """The class's name, and those of the classes that it stands in."""
    group: str
    """The grouping or augment that it stands in, if any."""
    path: str
    note: str
    attributes: dict[str | Place, _Attribute] = field(default_factory=dict)
    """By their names, and by the places of their statements."""


def generate(compiled: Compiled, schema: Schema, folder: FilePath) -> int:
    """Write the bindings of `compiled`, whose tables `schema` is made of, into `folder`; return the number of lines."""
    modules = _Bindings(compiled, schema).modules()
    for old in folder.glob("*.py"):
        if old.stem != "__init__" and old.stem not in modules:
            old.unlink()
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return sum(text.count("\n") for text in modules.values())


class _Bindings:
    def __init__(self, compiled: Compiled, schema: Schema) -> None:
        self.compiled = compiled
        self.schema = schema
        self.classes: dict[Place, _Class] = {}
        self.types = PythonTypes()
        self.enums = self.types.enums
        for record in compiled.tables.nodes:
            self.collect(record, "", "")
        self.collect_top()
        self.references = self.named()

    def collect(self, record: NodeRecord, parent_module: str, path: str) -> None:
        """Take up a container or list and all below it."""
        if record.kind not in ("container", "list"):
            return
        source = self.compiled.sources[id(record)]
        path = f"{path}/{qname(record, parent_module)}"
        place = _place(source, record)
        made = self.classes.get(place)
        if made is None:
            chain = [name for word, name in source.within if word in ("container", "list")]
            group = next(
                (f"{word} {name}" for word, name in reversed(source.within) if word in ("grouping", "augment")),
                "",
            )
            names = nested(*chain, record.name)
            made = self.classes[place] = _Class(source.module, names, group, path, source.description)
        for child in record.children:
            self.attribute(made, record, child)
            self.collect(child, record.module, path)

    def collect_top(self) -> None:
        """Take up the top of the tree, with the data nodes of all modules; the name of two goes to the one with more below."""
        top = NodeRecord("container", "", "", 0, -1, {}, self.compiled.tables.nodes)
        made = self.classes["", 0, (), ""] = _Class(DATA, ["Data"], "", "/", "The whole tree.")
        for record in sorted(top.children, key=_size, reverse=True):
            if record.kind in ("container", "list", "leaf", "leaf-list"):
                self.attribute(made, top, record)

    def attribute(self, made: _Class, parent: NodeRecord, record: NodeRecord) -> None:
        source = self.compiled.sources[id(record)]
        name, place = qname(record, parent.module), _place(source, record)
        attribute = made.attributes.get(name) or made.attributes.get(place) or _Attribute({}, record.kind)
        attribute.names[name] = None
        for known in (name, place):
            made.attributes.setdefault(known, attribute)
        if record.kind in ("container", "list"):
            attribute.target = _place(source, record)
            for key in record.extra.get("keys", ()):
                leaf = next(child for child in record.children if child.name == key)
                python = self.python_type(leaf, self.compiled.sources[id(leaf)], made).python
                attribute.keys.setdefault(key, {}).update(dict.fromkeys(python.split(" | ")))
        elif record.kind in ("leaf", "leaf-list"):
            python, attribute.enum = self.python_type(record, source, made)
            attribute.types[python] = None
            default = record.extra.get("default")
            if isinstance(default, str):
                attribute.default = self.literal(self.schema.type(record.type), default)
            attribute.facts = self.facts(self.schema.type(record.type), source.units, default)
            attribute.note = source.description
        else:
            attribute.types["str"] = None

    def python_type(self, record: NodeRecord, source: Source, made: _Class) -> Annotation:
        """Return the annotation of a leaf's value."""
        own = Own(
            made.module,
            f"{''.join(made.names)}{camel(record.name)}",
            f"The values of {record.name} in {made.path}.",
        )
        return self.types.annotation(self.schema.type(record.type), source.enumerations, own)

    def facts(self, type_: Type, units: str | None, default: Any) -> str:
        """Return what is to be known of a leaf: type, units, default."""
        facts = [type_.name]
        match type_:
            case IntegerType() if tuple(type_.ranges) != (INTEGERS[type_.name],):
                facts = [f"{type_.name} {written(type_.ranges)}"]
            case StringType() if type_.lengths:
                facts = [f"string of {written(type_.lengths)} characters"]
            case LeafrefType():
                facts = [f"leafref to {self.schema.expression(type_.path).text}"]
        if units:
            facts.append(units)
        if default is not None:
            facts.append(f"default {default if isinstance(default, str) else ' '.join(default)}")
        return f"{', '.join(facts)}."

    def literal(self, type_: Type, default: str) -> str:
        """Return the Python literal of a default."""
        value = type_.parse(default)
        if isinstance(value, str):
            return repr(str(value))
        return repr(value) if isinstance(value, (bool, int, bytes)) else f"Decimal({str(value)!r})"

    def named(self) -> dict[Place, str]:
        """Return the reference of every class, `module:Qualified.Name`.

        Of classes of one name at the top of a module, all but those of one grouping get their grouping's name before it.
        """
        tops: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for made in self.classes.values():
            tops[made.module, made.names[0]].add(made.group)
        for made in self.classes.values():
            groups = tops[made.module, made.names[0]]
            # the shortest is the one that other revisions of the module have as well
            is_first = made.group == min(groups, key=lambda group: (len(group), group))
            if not is_first or made.names[0] in self.enums.get(made.module, {}):
                made.names[0] = camel(made.group.split("/")[-1].rpartition(":")[2].rpartition(" ")[2]) + made.names[0]
        return {place: f"{snake(made.module)}:{'.'.join(made.names)}" for place, made in self.classes.items()}

    def modules(self) -> dict[str, str]:
        """Return the text of every Python module by its name."""
        by_module: defaultdict[str, list[tuple[Place, _Class]]] = defaultdict(list)
        for place, made in self.classes.items():
            by_module[made.module].append((place, made))
        return {
            snake(module): self.module(module, by_module[module])
            for module in sorted(by_module.keys() | self.enums.keys())
        }

    def module(self, module: str, classes: list[tuple[Place, _Class]]) -> str:
        body: list[str] = []
        for name, enum in sorted(self.enums[module].items()):
            body += [f"class {name}({enum.base}):", *docstring(enum.note, "", 1)]
            body += [f"    {member} = {value!r}" for member, value in members(enum.members)]
            body += ["", ""]
        tree: dict[str, Any] = {}
        for _, made in sorted(classes, key=lambda item: item[0][1]):
            level = tree
            for name in made.names[:-1]:
                level = level.setdefault(name, (None, {}))[1]
            below = level.get(made.names[-1], (None, {}))[1]
            level[made.names[-1]] = (made, below)
        for name, (made, below) in tree.items():
            body += [*self.class_lines(name, made, below, 0), "", ""]
        text = "\n".join(body)
        used = [name for name in IMPORTED if re.search(rf"\b{name}\b", text)]
        # a description may have such a word as well
        named = set(re.findall(r"(?<=[\[ ])([a-z][a-z0-9_]*)(?=\.[A-Z])", text))
        others = sorted(named & set(map(snake, self.schema.modules)) - {snake(module)})
        text = text.replace(f"{snake(module)}.", "")
        head = [
            f'"""Typed views of {"a whole tree" if module == DATA else f"the YANG module {module}"}. Generated: do not edit."""',
            "",
            "from __future__ import annotations",
            "",
        ]
        if "Decimal" in text:
            head += ["from decimal import Decimal"]
        if others:
            head += ["from typing import TYPE_CHECKING"]
        if "Decimal" in text or others:
            head += [""]
        head += [f"from yang.binding import {', '.join(used)}", ""]
        if others:
            head += ["if TYPE_CHECKING:", f"    from yang.bindings import {', '.join(others)}", ""]
        return "\n".join([*head, "", text.rstrip(), ""])

    def class_lines(self, name: str, made: _Class | None, below: dict[str, Any], depth: int) -> Iterator[str]:
        indent = "    " * depth
        yield f"{indent}class {name}(View):"
        facts = (f"{made.path}:", made.note) if made is not None else ("A statement around others.", "")
        yield from docstring(*facts, depth + 1)
        yield f"{indent}    __slots__ = ()"
        for inner, (inner_made, inner_below) in below.items():
            yield ""
            yield from self.class_lines(inner, inner_made, inner_below, depth + 1)
        if made is not None and made.attributes:
            yield ""
            attributes = {"|".join(a.names): a for a in made.attributes.values()}
            for names, attribute_name in attribute_names(attributes).items():
                yield from self.attribute_lines(attribute_name, names, attributes[names], f"{indent}    ")

    def attribute_lines(self, name: str, names: str, attribute: _Attribute, indent: str) -> Iterator[str]:
        python = " | ".join(attribute.types)
        enum = f", {attribute.enum!r}" if attribute.enum and len(attribute.types) == 1 else ""
        if len(attribute.types) > 1:
            parts = (part for each in attribute.types for part in each.split(" | "))
            python = " | ".join(dict.fromkeys("str" if "." in part else part for part in parts))
        match attribute.kind:
            case "container" | "list" if attribute.target is not None:
                reference = self.references[attribute.target]
                view = reference.replace(":", ".")
                if attribute.kind == "container":
                    yield f"{indent}{name}: Container[{view}] = Container({names!r}, {reference!r})"
                else:
                    keys = [" | ".join(types) for types in attribute.keys.values()] or ["int"]
                    key = f"tuple[{', '.join(keys)}]" if len(keys) > 1 else keys[0]
                    yield f"{indent}{name}: ListOf[{key}, {view}] = ListOf({names!r}, {reference!r})"
            case "leaf-list":
                yield f"{indent}{name}: LeafList[{python}] = LeafList({names!r}{enum})"
            case _ if attribute.default is not None:
                arguments = f"{names!r}, {attribute.default}{enum}"
                yield f"{indent}{name}: LeafWithDefault[{python}] = LeafWithDefault({arguments})"
            case _:
                yield f"{indent}{name}: Leaf[{python}] = Leaf({names!r}{enum})"
        if attribute.facts:
            yield from docstring(attribute.facts, attribute.note, len(indent) // 4)


def _size(record: NodeRecord) -> int:
    return 1 + sum(map(_size, record.children))


def _place(source: Source, record: NodeRecord) -> Place:
    return (*source.place, source.within, record.name)


def qname(record: NodeRecord, parent_module: str) -> str:
    """Return a node's name as RFC 7951 has it below a parent of `parent_module`."""
    return record.name if record.module == parent_module else f"{record.module}:{record.name}"


def docstring(facts: str, text: str, depth: int) -> Iterator[str]:
    """Yield a docstring of one line: all of `facts`, and of `text` as many sentences as there is room for."""
    facts, text = (part.replace("\\", "\\\\").replace('"', "'") for part in (facts, text))
    if len(text) > WIDTH:
        text = text[: WIDTH - 1]
        sentences = text.rpartition(". ")[0]
        text = f"{sentences}." if len(sentences) > WIDTH // 3 else text.rsplit(" ", 1)[0].rstrip("\\") + "…"
    yield f'{"    " * depth}"""{facts} {text}'.rstrip() + '"""'
