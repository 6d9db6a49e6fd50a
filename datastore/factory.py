"""The configuration that a device leaves the factory with (RFC 8808), from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.data_file import open_data
from yang.errors import NosError, RequestError
from yang.tree import Node
from yang.validate import validate_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from yang.data_file import DataFile
    from yang.schema import Schema


class UnusableFactoryDefault(NosError):
    """A file that holds no valid configuration; the message names file, line and leaf of everything that is wrong."""


def read_factory_default(file: Path, schema: Schema) -> Node:
    """Return the configuration in `file`, as XML or JSON, bare or as instance data; an empty file is an empty one.

    Raises:
        UnusableFactoryDefault: It cannot be read, or the configuration is not valid.
    """
    try:
        content = file.read_bytes()
        if not content.strip():
            return Node(schema.root, {})
        opened = open_data(content)
    except OSError as error:
        raise UnusableFactoryDefault(f"{file}: {error.strerror}") from error
    except RequestError as error:
        raise UnusableFactoryDefault(f"{file}: {error.message}") from error
    tree, wrong = opened.read(schema, config_only=True)
    errors = [*wrong, *validate_whole(tree, wrong)]
    if errors:
        raise UnusableFactoryDefault("\n".join(_told(file, opened, errors)))
    return tree


def _told(file: Path, opened: DataFile, errors: Iterable[RequestError]) -> Iterable[str]:
    for error in errors:
        line = error.line if error.line is not None else opened.line(error.path)
        yield f"{file}:{line}: {error}" if line is not None else f"{file}: {error}"
