"""Bindings generated for a small module of a test, imported under its own name."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from tests.conftest import module
from yang.compiler import compile_modules
from yang.generator import generate
from yang.schema import Schema

if TYPE_CHECKING:
    from pathlib import Path


def bindings_of(body: str, name: str, folder: Path) -> tuple[Schema, Any]:
    """Return the schema of a module `name` and of those in `folder`, and its bindings; its namespace is urn:<name>."""
    (folder / f"{name}.yang").write_text(module(body, name, "m"))
    compiled = compile_modules(folder, features={})
    schema = Schema(compiled.tables)
    generate(compiled, schema, folder)
    return schema, imported(name.replace("-", "_"), folder)


def imported(name: str, folder: Path) -> Any:
    """Import the module `name` of the bindings from `folder`."""
    specification = importlib.util.spec_from_file_location(f"yang.bindings.{name}", folder / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    found = sys.modules[f"yang.bindings.{name}"] = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(found)
    return found
