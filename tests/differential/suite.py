"""The suite: models of every kind, their instances, and what both judges say of them."""

from __future__ import annotations

import atexit
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from lxml import etree

from tests.differential import openconfig
from tests.differential.instances import Maker, written
from tests.differential.json_forms import differences
from tests.differential.kinds import KINDS, OPENCONFIG
from tests.differential.known import reason
from tests.differential.oracle import CRASHED, Oracle
from yang.compiler import compile_modules
from yang.errors import ModelError, RequestError
from yang.schema import Schema
from yang.validate import validate_whole
from yang.xmldata import read_data
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.differential.kinds import Kind
    from yang.tree import Node

BATCH = 100
"""How many instances of one model are made."""


@dataclass
class Disagreement:
    """One instance that the two judges do not agree on."""

    kind: str
    number: int
    modules: dict[str, str]
    document: str
    ours: str | None
    theirs: str | None

    def __str__(self) -> str:
        shown = "\n".join(self.modules.values())
        return (
            f"kind {self.kind}, model {self.number}\n{shown}\n{self.document}\n"
            f"  ours:   {self.ours or 'valid'}\n  theirs: {self.theirs or 'valid'}"
        )


@dataclass
class Tally:
    """What came of some models of one kind."""

    instances: int = 0
    valid: int = 0
    crashes: int = 0
    """Instances that libyang crashed over, which is no verdict; they are not among the others."""
    listed: dict[str, int] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)

    def take(self, found: Disagreement, schema: Schema) -> None:
        """Count a disagreement, or the one in the list that it is."""
        known = reason(schema, found.document, found.ours, found.theirs)
        if known is not None:
            self.listed[known] = self.listed.get(known, 0) + 1
        else:
            self.disagreements.append(found)

    def add(self, other: Tally) -> None:
        """Count what `other` counts."""
        self.instances += other.instances
        self.valid += other.valid
        self.crashes += other.crashes
        self.disagreements += other.disagreements
        for name, count in other.listed.items():
            self.listed[name] = self.listed.get(name, 0) + count


def tree_of(schema: Schema, document: str) -> Node:
    """Return the tree of a document, which need not be valid."""
    return read_data(parse_document(f"<config>{document}</config>".encode()), schema)


def ours(schema: Schema, document: str) -> str | None:
    """Return what our engine finds wrong with `document`; None if nothing is."""
    try:
        errors = validate_whole(tree_of(schema, document))
    except RequestError as error:
        return f"{error.tag}: {error}"
    return f"{errors[0].tag} {errors[0].app_tag}: {errors[0]}" if errors else None


def judge_model(kind: Kind, number: int, seed: str, oracle: Oracle, count: int = BATCH) -> Tally:
    """Make model `number` of `kind` and `count` instances of it, and return what the judges say."""
    random = Random(f"{seed}/{kind.name}/{number}")
    modules = kind.make(random)
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, module in modules.items():
            (folder / f"{name}.yang").write_text(module)
        features = {
            name: [f for f in ("one", "two", "three") if f"feature {f};" in text and random.random() < 0.5]
            for name, text in modules.items()
            if text.startswith("module ")
        }
        error = oracle.open(folder, features)
        try:
            schema = Schema(compile_modules(folder, features=features).tables)
        except ModelError as refused:
            # pyang's own failures are no verdict, nor is its count of the steps up that an axis makes
            if error is None and not re.search('pyang cannot check|too many ".."', str(refused)):
                tally.disagreements.append(Disagreement(kind.name, number, modules, "", str(refused), None))
            return tally
        if error is not None and reason(schema, "", None, error) is None:
            tally.disagreements.append(Disagreement(kind.name, number, modules, "", None, error))
        if error is not None:
            return tally
        maker = Maker(schema, random, odd=kind.odd, density=kind.density or 0)
        documents = list(_documents(maker, random, kind, count))
        judge_documents(kind, number, modules, schema, documents, oracle, tally)
    return tally


class Judges:
    """What one process needs for judging: libyang once for small models, and once for the whole OpenConfig set."""

    def __init__(self) -> None:
        """Start libyang when it is first asked."""
        self._small = Oracle()
        self._large: Oracle | None = None

    def judge(self, name: str, number: int, seed: str, count: int = BATCH) -> Tally:
        """Make model `number` of the kind `name` and `count` instances of it, and return what the judges say."""
        kind = KINDS[name]
        return (
            self._judge_openconfig(number, seed, count)
            if kind is OPENCONFIG
            else judge_model(kind, number, seed, self._small, count)
        )

    def _judge_openconfig(self, number: int, seed: str, count: int) -> Tally:
        random = Random(f"{seed}/{OPENCONFIG.name}/{number}")
        tally = Tally()
        if self._large is None:
            folder = Path(tempfile.mkdtemp())
            self._large = Oracle()
            error = self._large.open(folder, openconfig.for_libyang(folder))
            assert error is None, error
        documents = list(_documents(openconfig.Walker(random, odd=OPENCONFIG.odd), random, OPENCONFIG, count))
        judge_documents(OPENCONFIG, number, {}, openconfig.full_schema(), documents, self._large, tally)
        return tally

    def close(self) -> None:
        """End the processes."""
        self._small.close()
        if self._large is not None:
            self._large.close()


@cache
def judges() -> Judges:
    """Return the judges of this process."""
    found = Judges()
    atexit.register(found.close)
    return found


def judge_in_process(task: tuple[str, int, str, int]) -> tuple[str, Tally]:
    """Return the kind of a task, which is what `Judges.judge` takes, and what came of it."""
    return task[0], judges().judge(*task)


def run(seed: str, count: int, kinds: Sequence[str], processes: int) -> Iterator[tuple[str, Tally]]:
    """Yield, for one model after the other, its kind and what the judges say of its instances: `count` or a few more."""
    # a few models are refused by both
    models = -(-count * 21 // (20 * len(kinds) * BATCH))
    # the whole set takes longest to load, so that it comes first
    tasks = [(name, number, seed, BATCH) for number in range(models) for name in reversed(kinds)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(judge_in_process, tasks, chunksize=4)


def judge_documents(
    kind: Kind,
    number: int,
    modules: dict[str, str],
    schema: Schema,
    documents: list[str],
    oracle: Oracle,
    tally: Tally,
) -> None:
    """Have both judge `documents`, and those that are valid in JSON as well, and count them."""
    valid: list[tuple[str, Node]] = []
    for document, theirs in zip(documents, oracle.judge(documents), strict=True):
        if theirs == CRASHED:
            tally.crashes += 1
            continue
        mine = ours(schema, document)
        tally.instances += 1
        tally.valid += mine is None
        if (mine is None) is (theirs is None):
            if mine is None:
                valid.append((document, tree_of(schema, document)))
            continue
        found = Disagreement(kind.name, number, modules, document, mine, theirs)
        # what is left says best what it is about
        shrink(found, schema, oracle)
        tally.take(found, schema)
    for document, mine, theirs in differences(schema, valid, oracle):
        if theirs == f"in JSON: {CRASHED}":
            tally.crashes += 1
            continue
        tally.take(Disagreement(kind.name, number, modules, document, mine, theirs), schema)


def _documents(maker: Maker, random: Random, kind: Kind, count: int) -> Iterator[str]:
    for _ in range(count):
        if kind.density is None:
            maker.density = random.uniform(0.05, 0.85)
        root = maker.document()
        if random.random() < kind.mended:
            mend(root, maker.schema, random)
        while random.random() < kind.damage:
            root = maker.damaged(root)
        yield written(root)


def mend(root: Any, schema: Schema, random: Random) -> None:
    """Take elements away from below `root` until the document is valid, or it has been tried often enough."""
    for _ in range(6):
        try:
            errors = validate_whole(tree_of(schema, written(root)))
        except RequestError as error:
            errors = [error]
        for error in errors[:4]:
            path = error.path
            found: list[Any] = []
            while path is not None and not found:
                found = list(root.iter(path.schema.tag))
                path = path.parent
            if found:
                element = random.choice(found)
                element.getparent().remove(element)
        if not errors:
            break


def shrink(found: Disagreement, schema: Schema, oracle: Oracle) -> None:
    """Take away from the document of `found` whatever the judges disagree without."""
    is_smaller = True
    while is_smaller:
        is_smaller = False
        root: Any = etree.fromstring(f"<root>{found.document}</root>")
        smaller = []
        for index in range(1, len(list(root.iter(etree.Element)))):
            copy = etree.fromstring(f"<root>{found.document}</root>")
            doomed = list(copy.iter(etree.Element))[index]
            doomed.getparent().remove(doomed)
            smaller.append(written(copy))
        for document, theirs in zip(smaller, oracle.judge(smaller), strict=True):
            mine = ours(schema, document)
            if (
                (mine is None) is (found.ours is None)
                and (theirs is None) is (found.theirs is None)
                and (mine is None) is not (theirs is None)
            ):
                found.document, found.ours, found.theirs = document, mine, theirs
                is_smaller = True
                break
