"""`nos-mgmt validate`: what is wrong with files of data, for people."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, TextIO, cast

from yang import instance_data
from yang.cursor import Cursor, cursor_at
from yang.data_file import open_data
from yang.errors import InvalidValue, NosError, RequestError, UnknownElement
from yang.rule import Rule
from yang.schema import Schema
from yang.tables import load
from yang.tree import Node
from yang.validate import validate_whole
from yang.values import listed, natural, shown
from yang.xpath_functions import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nos_mgmt.yanglint import Yanglint
    from yang.data_file import DataFile
    from yang.limits import Limits
    from yang.path import Path as DataPath
    from yang.with_defaults import Mode

LONG = 300
LOOKED_UP = 20
"""For so many references the values that they could have are looked up."""


class Checker:
    """Judges files by the models of one set, and prints what it finds."""

    def __init__(
        self,
        models: Path,
        out: TextIO,
        limits: Limits,
        yanglint: Yanglint | None = None,
        *,
        config_only: bool = False,
        is_complete: bool = False,
    ) -> None:
        """Judge by the set in the folder `models`, and ask `yanglint` as well if it is given.

        What is missing of modules that a file has no data of is told only if files are to be complete.
        """
        self.schema = Schema(load(models / "schema.tables"))
        self.out = out
        self.config_only = config_only
        self.is_complete = is_complete
        self.limits = limits
        self.yanglint = yanglint
        self.looked_up = 0

    def check(self, path: Path) -> Node | None:
        """Print what is wrong with a file; return its data if nothing is, and yanglint agrees if it is asked."""
        name = str(path) if str(path) != "-" else "standard input"
        try:
            content = path.read_bytes() if str(path) != "-" else sys.stdin.buffer.read()
            file = open_data(content, self.limits)
        except RequestError as refused:
            self.tell(name, None, refused, None)
            self.say(f"{name}: cannot be read")
            return None
        for difference in file.said.differences(self.schema) if file.said is not None else ():
            self.say(f"{name}: note: {difference}")
        tree, wrong = file.read(self.schema, config_only=self.config_only)
        is_judged = len(wrong) < self.limits.errors
        broken = validate_whole(tree, wrong) if is_judged else []
        broken = [error for error in broken if self.is_complete or _is_within(error, tree)]
        for error in wrong:
            self.tell(name, error.line if error.line is not None else file.line(error.path), error, None)
        for error in broken:
            self.tell(name, file.line(error.path), error, tree)
        errors = [*wrong, *broken]
        if not errors:
            self.say(f"{name}: valid")
        else:
            more = "" if is_judged else " or more; rules between nodes are judged once there are fewer"
            self.say(f"{name}: {len(errors)} error{'s' if len(errors) > 1 else ''}{more}")
        agrees = self.yanglint is None or self.agrees(name, file, is_valid=not errors)
        return tree if not errors and agrees else None

    def tell(self, name: str, line: int | None, error: RequestError, tree: Node | None) -> None:
        """Print one error: where, what, the value, and what would be allowed."""
        self.say(f"{name}:{line}: {error.message}" if line is not None else f"{name}: {error.message}")
        if error.path is not None:
            self.say(f"    at       {error.path}")
        value = error.value if error.value is not None else _value(error, tree)
        if value is not None:
            self.say(f"    value    {shown(value, LONG)}")
        for allowed in self.allowed(error, tree):
            self.say(f"    allowed  {allowed}")
        tag = f"{error.tag}, {error.app_tag}" if error.app_tag else error.tag
        self.say(f"    error    {tag}")

    def allowed(self, error: RequestError, tree: Node | None) -> Iterator[str]:
        """Yield what would be right where `error` is, as far as the schema knows."""
        node = error.path.schema if error.path is not None else self.schema.root
        if isinstance(error, InvalidValue) and node.kind in ("leaf", "leaf-list"):
            allowed = node.type.allowed()
            yield allowed if len(allowed) <= LONG else allowed[:LONG] + "…"
        elif isinstance(error, UnknownElement) and node.is_inner:
            wanted = dict(error.info).get("bad-element", "")
            names = {name.rpartition(":")[2]: name for name in node.children}
            for close in get_close_matches(wanted, names.keys() - {wanted}, n=1, cutoff=0.7):
                yield f"{names[close]}, if that is what is meant"

        elif error.app_tag == "instance-required" and tree is not None and self.looked_up < LOOKED_UP:
            # each look-up may go through a long list
            self.looked_up += 1
            targets = _targets(error, tree)
            if targets:
                yield f"{listed(targets)}, as there is now"

    def agrees(self, name: str, file: DataFile, *, is_valid: bool) -> bool:
        """Print what yanglint says, and return whether it comes to the same verdict."""
        assert self.yanglint is not None  # noqa: S101 - asked only if it is there
        _, refused = file.read(self.schema, config_only=True)
        has_state = any(error.message.endswith("is state, not configuration") for error in refused)
        # without state data, no state data is to be asked for
        answer = self.yanglint.ask(
            file.bare(), self.schema, config_only=self.config_only or not has_state, is_complete=self.is_complete
        )
        verdict = "accepts" if answer.accepts else "refuses"
        if answer.accepts == is_valid:
            self.say(f"{name}: yanglint agrees: it {verdict} the data")
            return True
        self.say(f"{name}: DISAGREEMENT: yanglint {verdict} the data")
        for message in answer.messages:
            self.say(f"    yanglint  {message}")
        return False

    def write(self, tree: Node, path: Path, mode: Mode) -> None:
        """Write the data into an instance data file (RFC 9195), as XML or JSON by the name's ending."""
        said = instance_data.describe(tree, path.name.partition("@")[0].removesuffix(path.suffix), mode)
        if path.suffix == ".json":
            text = instance_data.print_json(said, tree, indent=2) + "\n"
        elif path.suffix == ".xml":
            text = instance_data.print_xml(said, tree) + "\n"
        else:
            raise NosError(f"{path}: RFC 9195 section 2 wants a name that ends in .xml or .json")
        path.write_text(text, encoding="utf-8")

    def say(self, text: str) -> None:
        """Print a line."""
        # what cannot be printed here, a lone surrogate among it, is escaped
        encoding = self.out.encoding or "utf-8"
        self.out.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _is_within(error: RequestError, tree: Node) -> bool:
    """Return whether an error is about modules that the tree has data of at its top."""
    modules = {tree.schema.children[name].module for name in tree.children}
    return error.path is None or error.path.steps()[0].schema.module in modules


def _targets(error: RequestError, tree: Node) -> list[str]:
    """Return the values that a leafref could have."""
    path = cast("DataPath", error.path)
    instance = cursor_at(Cursor(tree.schema, tree, None), path)
    rules = [
        rule for rule in tree.schema.schema.rules.owned_by(path.schema) if type(rule) is Rule and rule.kind == "leafref"
    ]
    if instance is None:
        return []
    return sorted({target.text() for rule in rules for target in nodes(rule.evaluate(instance))}, key=natural)


def _value(error: RequestError, tree: Node | None) -> str | None:
    if tree is None or error.path is None or error.path.schema.kind not in ("leaf", "leaf-list"):
        return None
    found = cursor_at(Cursor(tree.schema, tree, None), error.path)
    return found.text() if found is not None and not isinstance(found.value, (Node, tuple)) else None
