"""Compiled tables: what is written is what is loaded, and what cannot be loaded says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.yang.playground import playground
from yang.errors import ModelError
from yang.tables import dump, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Tables in a file."""
    dump(playground().tables, tmp_path / "schema.tables")
    return tmp_path / "schema.tables"


def test_what_is_written_is_loaded(file: Path) -> None:
    assert load(file) == playground().tables
    assert [entry.name for entry in file.parent.iterdir()] == ["schema.tables"]


def test_what_is_loaded_is_written_as_the_same(file: Path) -> None:
    dump(load(file), file)
    assert load(file) == playground().tables


def test_no_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no compiled models in .*run 'nos-mgmt models install'"):
        load(tmp_path / "schema.tables")


@pytest.mark.parametrize("content", [b"", b"nos-mgmt tables 1 cpython 3.0\n", b"\x00" * 100])
def test_a_file_of_another_version_says_how_to_renew_it(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ModelError, match="another version: run 'nos-mgmt models compile'"):
        load(file)


@given(data=st.data())
@settings(max_examples=50)
def test_a_damaged_file_never_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = tmp_path_factory.getbasetemp() / "damaged.tables"
    dump(playground().tables, file)
    content = bytearray(file.read_bytes())
    start = content.index(b"\n") + 1
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(start, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(start, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        load(file)
