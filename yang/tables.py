"""A compiled model set: plain tuples that one call loads, so that a server starts without parsing YANG."""

from __future__ import annotations

import marshal
import sys
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from yang.collector import no_collections
from yang.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path as FilePath

FORMAT = 4
"""The version of everything below; a file of another one is compiled again."""

CHECKSUM = 4
"""How many bytes between header and content tell whether the content is whole."""
CONFIG, MANDATORY, PRESENCE, USER_ORDERED = 1, 2, 4, 8


class ModuleRecord(NamedTuple):
    """One module or submodule."""

    name: str
    revision: str
    namespace: str
    prefix: str
    file: str
    """The file's name in the set's `modules` folder."""
    imports: tuple[str, ...]
    features: tuple[str, ...]
    belongs_to: str | None
    yang_version: str


class NodeRecord(NamedTuple):
    """One schema node; choices and cases are folded into their parents."""

    kind: str
    name: str
    module: str
    flags: int
    type: int
    """The index of a leaf's or leaf-list's type, otherwise -1."""
    extra: dict[str, Any]
    """What few nodes have: `default`, `keys`, `unique`, `min`, `max`, `when`, `must`, `case`, `choices`, `deny`, …"""
    children: tuple[Any, ...]


class Expression(NamedTuple):
    """One XPath expression of a model."""

    text: str
    tree: Any
    """The syntax tree, with names resolved to modules; see `yang.xpath`."""
    module: str
    """The module in whose scope it is read."""
    source: str
    """Where it stands: file and line."""


class Tables(NamedTuple):
    """A whole compiled set."""

    modules: tuple[ModuleRecord, ...]
    types: tuple[Any, ...]
    expressions: tuple[Expression, ...]
    identities: dict[str, tuple[str, ...]]
    """Every identity, `module:name`, with its direct bases."""
    nodes: tuple[NodeRecord, ...]
    """The top-level nodes of all modules: data nodes, rpcs and notifications."""
    choices: tuple[Any, ...]
    """The choices among them, as a node's `choices`."""


def dump(tables: Tables, file: FilePath) -> None:
    """Write `tables` to `file`, whole or not at all."""
    new = file.with_suffix(".new")
    content = marshal.dumps(_plain(tables))
    new.write_bytes(_header() + _checksum(content) + content)
    new.replace(file)


def load(file: FilePath) -> Tables:
    """Return the tables in `file`.

    Raises:
        ModelError: There is no such file, it is damaged, or another version of this program or of Python has written it.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"no compiled models in {file}: run 'nos-mgmt models install'") from error
    header = _header()
    if not content.startswith(header):
        raise ModelError(f"{file} was compiled by another version: run 'nos-mgmt models compile'")
    checksum, content = content[len(header) :][:CHECKSUM], content[len(header) + CHECKSUM :]
    if checksum != _checksum(content):
        # not to be tried: marshal may do anything with bytes that it has not written
        raise ModelError(f"{file} is damaged: run 'nos-mgmt models compile'")
    with no_collections():
        modules, types, expressions, identities, nodes, choices = marshal.loads(content)  # noqa: S302 - ours
    return Tables(
        tuple(ModuleRecord(*module) for module in modules),
        types,
        tuple(Expression(*expression) for expression in expressions),
        identities,
        nodes,
        choices,
    )


def _header() -> bytes:
    # marshal's format belongs to one release of Python
    version = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
    return f"nos-mgmt tables {FORMAT} {version}\n".encode()


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(CHECKSUM)


def _plain(value: Any) -> Any:
    """Return `value` with named tuples turned into tuples, which is what marshal takes."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
