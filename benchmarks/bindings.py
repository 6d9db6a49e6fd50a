"""Generated bindings beside those of pyangbind and pydantify, made from the same modules: size, import, memory, typing.

The two are installed into a virtual environment of this script's own, in the folder for temporary files, by hash. Each
figure is taken in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from benchmarks.table import heading, once, row, seconds
from yang import bindings
from yang.compiler import compile_modules
from yang.generator import generate
from yang.modelset import install
from yang.schema import Schema
from yang.tables import dump, load

LOCK = Path(__file__).parent / "bindings.lock"
ROOT = Path(__file__).parent.parent
PATIENCE = 120
"""How many seconds a tool may take for one step."""
INTERFACES = 50

SCOPES = {
    "interfaces": (
        *("openconfig-interfaces", "openconfig-if-ip", "openconfig-if-ethernet"),
        *("openconfig-if-aggregate", "openconfig-vlan"),
    ),
    "network instances": (
        *("openconfig-network-instance", "openconfig-interfaces", "openconfig-if-ip", "openconfig-if-ethernet"),
        *("openconfig-if-aggregate", "openconfig-vlan"),
    ),
}

TOLERANT = '''
"""pyangbind, which otherwise refuses modules of which pyang has warnings."""
from pyang.error import err_level, is_error
from pyangbind.plugin import pybind

build = pybind.build_pybind

def tolerant(ctx, modules, fd):
    ctx.errors[:] = [error for error in ctx.errors if is_error(err_level(error[1]))]
    build(ctx, modules, fd)

def pyang_plugin_init():
    pybind.build_pybind = tolerant
    pybind.pyang_plugin_init()
'''

MEASURE = """
import json, os, sys, time
sys.path[:0] = {path!r}
def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
{before}
started, held = time.perf_counter(), memory()
{load}
imported, loaded = time.perf_counter() - started, memory() - held
started, held = time.perf_counter(), memory()
kept = []
for number in range({count}):
    name = f"Ethernet{{number}}"
{build}
print(json.dumps([imported, loaded, time.perf_counter() - started, memory() - held]))
"""


class Failed(Exception):
    """A tool that cannot do it, with what it says."""


@dataclass(frozen=True)
class Tool:
    """What has to be known of a generator of bindings."""

    name: str
    python: Path
    load: str
    build: str
    """What makes an interface `name`."""
    typed: str
    """A program that mypy should accept, but for what is put in the place of VALUE and mtu."""
    before: str = ""
    note: str = ""


def run() -> None:
    """Print the table."""
    for scope, names in SCOPES.items():
        columns = [
            "generate",
            "lines",
            "MB",
            "import",
            "memory",
            f"{INTERFACES:,}",
            "their memory",
            "mtu = 'x'",
            ".mtuu",
        ]
        heading(f"Bindings: {scope} ({len(names)} modules and what they import)", columns)
        with tempfile.TemporaryDirectory() as scratch:
            modules = Path(scratch) / "modules"
            _gather(names, modules)
            for tool in _tools():
                folder = Path(scratch) / tool.name.split()[0]
                folder.mkdir(exist_ok=True)
                try:
                    row(tool.name, _figures(tool, folder, modules, names))
                except Failed as error:
                    print(f"{tool.name:34}skipped: {error}")
                if tool.note:
                    print(f"{'':4}{tool.note}")
    _schema_load()


def _tools() -> list[Tool]:
    ours = "Data(draft).interfaces.interface[name].config.mtu = 9000"
    tools = [
        Tool(
            "nos-mgmt",
            Path(sys.executable),
            "for name in names: importlib.import_module(f'yang.bindings.{name}')\nfrom yang.bindings.data import Data",
            ours,
            "from yang.bindings.data import Data\ndef write(data: Data) -> None:\n"
            "    data.interfaces.interface['Ethernet1'].config.mtu = VALUE",
            "import importlib, pathlib\nfrom yang import bindings, draft, schema, tables\nbindings.use(pathlib.Path(FOLDER))\n"
            "names = [file.stem for file in pathlib.Path(FOLDER).glob('*.py')]\n"
            "draft = draft.Draft(schema.Schema(tables.load(pathlib.Path(FOLDER, 'schema.tables'))))",
        ),
        Tool(
            "nos-mgmt (as it is used)",
            Path(sys.executable),
            f"from yang.bindings.data import Data\nname = 'Ethernet0'\n{ours}",
            ours,
            "",
            "import pathlib\nfrom yang import bindings, draft, schema, tables\nbindings.use(pathlib.Path(FOLDER))\n"
            "draft = draft.Draft(schema.Schema(tables.load(pathlib.Path(FOLDER, 'schema.tables'))))",
            note="imported lazily: only the modules that an interface's MTU needs",
        ),
    ]
    try:
        other = _environment()
    except Failed as error:
        print(f"{'pyangbind, pydantify':34}skipped: {error}")
        return tools
    return [
        *tools,
        Tool(
            "pyangbind",
            other,
            "from made import openconfig_interfaces\ntop = openconfig_interfaces()",
            "top.interfaces.interface.add(name).config.mtu = 9000",
            "from made import openconfig_interfaces\ndef write(top: openconfig_interfaces) -> None:\n"
            "    top.interfaces.interface.add('Ethernet1').config.mtu = VALUE",
        ),
        Tool(
            "pydantify",
            other,
            "import made",
            "config = {'name': name, 'type': 'ethernetCsmacd', 'mtu': 9000}\n"
            "kept.append(made.InterfaceListEntry.model_validate({'name': name, 'config': config}))",
            "from made import InterfaceListEntry\ndef write(entry: InterfaceListEntry) -> None:\n"
            "    assert entry.config is not None\n    entry.config.mtu = VALUE",
            note="takes one module: openconfig-interfaces, without what the others add to it",
        ),
    ]


def _figures(tool: Tool, folder: Path, modules: Path, names: tuple[str, ...]) -> list[str]:
    files = sorted(folder.glob("*.py"))
    generated = 0.0
    if not files:
        generated, _ = once(lambda: _generate(tool, folder, modules, names))
        files = [file for file in folder.glob("*.py") if file.stat().st_size]
    text = [file.read_bytes() for file in files]
    program = MEASURE.format(
        path=[str(folder), str(ROOT)] if tool.name.startswith("nos-mgmt") else [str(folder)],
        before=tool.before.replace("FOLDER", repr(str(folder))),
        load=tool.load,
        build=indent(tool.build, "    "),
        count=INTERFACES,
    )
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": ""}
    command = [str(tool.python), "-W", "ignore", "-c", program]
    _output(command, folder, environment)  # the first time, Python compiles
    imported, loaded, built, held = json.loads(_output(command, folder, environment).splitlines()[-1])
    return [
        seconds(generated) if generated else "",
        f"{sum(len(code.splitlines()) for code in text):,}",
        f"{sum(map(len, text)) / 1e6:.2f}",
        seconds(imported),
        f"{loaded:.1f} MB",
        seconds(built),
        f"{held:.1f} MB",
        *(_finds(tool, folder, wrong) for wrong in (("VALUE", "'x'"), ("mtu = VALUE", "mtuu = 9000"))),
    ]


def _generate(tool: Tool, folder: Path, modules: Path, names: tuple[str, ...]) -> None:
    files = [str(modules / f"{name}.yang") for name in names]
    match tool.name:
        case "pyangbind":
            plugins = folder / "plugins"
            plugins.mkdir()
            (plugins / "tolerant.py").write_text(dedent(TOLERANT))
            command = ["pyang", "--plugindir", str(plugins), "--format", "pybind", "--output", str(folder / "made.py")]
            _output([str(tool.python.parent / command[0]), *command[1:], "--path", str(modules), *files], folder)
        case "pydantify":
            first = str(modules / "openconfig-interfaces.yang")
            command = ["--input-dir", str(modules), "--output-dir", str(folder), "--output-file", "made.py", first]
            _output([str(tool.python.parent / "pydantify"), *command], folder)
        case _:
            compiled = compile_modules(modules, features={})
            dump(compiled.tables, folder / "schema.tables")
            generate(compiled, Schema(compiled.tables), folder)


def _finds(tool: Tool, folder: Path, wrong: tuple[str, str]) -> str:
    """Return whether mypy finds the mistake `wrong`, (text, replacement), in a program that is right without it."""
    if not tool.typed:
        return ""
    program = folder / "programs" / "program.py"
    program.parent.mkdir(exist_ok=True)
    found = []
    for text in (tool.typed.replace(*wrong), tool.typed):
        program.write_text(text.replace("VALUE", "9000"))
        path = str(ROOT) if tool.name == "nos-mgmt" else str(folder)
        command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--ignore-missing-imports"]
        command += ["--no-error-summary", "--python-executable", str(tool.python), str(program)]
        environment = os.environ | {"MYPYPATH": path, "MYPY_CACHE_DIR": str(folder / "mypy")}
        done = subprocess.run(
            command, cwd=program.parent, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        found.append({line for line in done.stdout.splitlines() if "error:" in line})
    return "found" if found[0] - found[1] else "not found"


def _environment() -> Path:
    """Return the Python of a virtual environment with both tools."""
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"nos-mgmt-bindings-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _output([sys.executable, "-m", "venv", str(folder)], Path())
        command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        _output([str(python), *command, "--requirement", str(LOCK)], Path())
        (folder / "done").touch()
    return python


def _output(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"not done after {PATIENCE} s") from error
    if done.returncode:
        raise Failed((done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1])
    return done.stdout


def _gather(names: tuple[str, ...], folder: Path) -> None:
    """Copy the modules `names` of the default set into `folder`, and what they import."""
    folder.mkdir()
    wanted = list(names)
    for name in wanted:
        text = (bindings.DEFAULT / "modules" / f"{name}.yang").read_text()
        (folder / f"{name}.yang").write_text(text)
        imports = re.findall(r"^\s*(?:import|include)\s+\"?([\w.-]+)\"?\s*[{;]", text, re.MULTILINE)
        wanted += [other for other in imports if other not in wanted]


def _schema_load() -> None:
    """Print what it takes to load a whole set, and the bindings that the backends use."""
    heading("Model sets, as a server loads them", ["modules", "nodes", "tables", "every node", "rules"])
    sets = {"the default set": bindings.DEFAULT}
    second = Path(os.environ.get("NOS_SECOND_MODELS", ROOT.parent / "shared" / "models" / "openconfig"))
    with tempfile.TemporaryDirectory() as scratch:
        if second.is_dir():
            sets["OpenConfig, second generation"] = Path(scratch)
            install(Path(scratch), str(second), lambda _: None)
        for name, folder in sets.items():
            tables_time, tables = once(lambda folder=folder: load(folder / "schema.tables"))  # type: ignore[misc]
            schema = Schema(tables)
            nodes_time, nodes = once(lambda schema=schema: _nodes(schema.root))  # type: ignore[misc]
            rules_time, _ = once(lambda schema=schema: schema.rules)  # type: ignore[misc]
            times = map(seconds, (tables_time, nodes_time, rules_time))
            row(name, [str(len(schema.modules)), f"{nodes:,}", *times])
    command = [sys.executable, "-X", "importtime", "-c", "import backends.kernel, backends.hardware"]
    _output(command, ROOT)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    own = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+yang\.bind(?:ings\S*|ing)\n", done.stderr)
    print(f"\nbindings that the backends import: {len(own)} modules, {seconds(sum(map(int, own)) / 1e6)}")


def _nodes(node: Any) -> int:
    return 1 + sum(map(_nodes, node.children.values()))
