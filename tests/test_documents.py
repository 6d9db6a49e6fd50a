"""The documents keep their promises: what they show runs, what they name is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import Client, make_device

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SYSTEM = "http://openconfig.net/yang/system"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The backend of docs/backends.md, as a module."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "backends.md").read_text(), re.DOTALL)
    module = ModuleType("example")
    sys.modules["example"] = module
    exec(compile(blocks[0], "docs/backends.md", "exec"), module.__dict__)  # noqa: S102 - it is our own document
    exec(compile(blocks[1], "docs/backends.md", "exec"), module.__dict__)  # noqa: S102 - it is our own document
    return module


def hostname(name: str) -> str:
    return f'<system xmlns="{SYSTEM}"><config><hostname>{name}</hostname></config></system>'


def test_the_backend_in_thirty_lines_has_about_thirty_lines() -> None:
    block = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "backends.md").read_text(), re.DOTALL)[0]
    assert len([line for line in block.splitlines() if line.strip()]) <= 36


def test_the_backend_in_the_documents_commits_and_rolls_back(example: Any, tmp_path: Path) -> None:
    files, state = tmp_path / "files", tmp_path / "state"
    files.mkdir()
    state.mkdir()
    device = make_device(state, [example.FilesBackend(files)])
    client = Client(device)
    client.edit(hostname("edge1"))
    client.ok("<commit/>")
    assert (files / "hostname").read_text() == "edge1"
    client.edit(hostname("edge2"))
    client.ok("<commit/>")
    client.ok('<rollback xmlns="urn:nos-mgmt:yang:nos-history"><commit>1</commit></rollback>')
    assert (files / "hostname").read_text() == "edge1"
    device.close()


def test_the_backend_in_the_documents_fails_a_commit_at_the_leaf(example: Any, tmp_path: Path) -> None:
    files = tmp_path / "files"
    (files / "hostname").mkdir(parents=True)
    backend = example.FilesBackend(files)
    backend.read = lambda _: {}
    device = make_device(tmp_path, [backend])
    client = Client(device)
    client.edit(hostname("edge1"))
    answer = client.send("<commit/>")
    assert "<error-tag>operation-failed</error-tag>" in answer
    assert "/oc-sys:system/oc-sys:config/oc-sys:hostname</error-path>" in answer
    device.close()


def test_the_backend_in_the_documents_restores_what_was_removed_while_the_server_was_down(
    example: Any, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    device = make_device(tmp_path, [example.FilesBackend(files)])
    client = Client(device)
    client.edit(hostname("edge1"))
    client.ok("<commit/>")
    device.close()
    (files / "hostname").unlink()
    make_device(tmp_path, [example.FilesBackend(files)]).close()
    assert (files / "hostname").read_text() == "edge1"


def test_the_conformance_kit_passes_as_the_documents_show(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "backends.md").read_text(), re.DOTALL)
    (tmp_path / "test_files.py").write_text("\n\n".join(blocks))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (ROOT / "docs" / "adr" / "README.md").read_text())
    assert listed == sorted(path.name for path in (ROOT / "docs" / "adr").glob("0*.md"))


def test_the_options_in_the_documents_are_those_of_the_command() -> None:
    help_ = subprocess.run(
        [sys.executable, "-m", "nos_mgmt", "serve", "--help"], capture_output=True, text=True, check=True
    )
    named = set(re.findall(r"`(--[a-z-]+)`", (ROOT / "docs" / "operations.md").read_text()))
    assert {option for option in named if option not in help_.stdout} == set()
