"""Model sets: installed from folders, git and packages, checked, and left as they were when an install fails."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import module, needs
from yang import modelset
from yang.errors import ModelError
from yang.modelset import Package, check, compile_set, install, read_manifest
from yang.schema import Schema

ROOT = Path(__file__).parent.parent.parent
SECOND = Path(os.environ.get("NOS_SECOND_MODELS", ROOT.parent / "shared" / "models" / "openconfig"))


def revised(body: str, revision: str = "2024-01-01", name: str = "tiny") -> str:
    return module(f"\n  revision {revision};\n  {body}\n", name, name)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second generation of OpenConfig, installed."""
    if not SECOND.is_dir():
        pytest.skip("there is no second generation of models: NOS_SECOND_MODELS names it")
    return installed(tmp_path_factory.mktemp("second"), SECOND)[0]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a module, in a folder of its own."""
    folder = tmp_path / "source"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "tiny@2024-01-01.yang").write_text(revised("leaf a { type int8; }"))
    return folder


def installed(tmp_path: Path, source: Path | str | None) -> tuple[Path, list[str]]:
    told: list[str] = []
    install(tmp_path / "set", None if source is None else str(source), told.append)
    return tmp_path / "set", told


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_folder_is_installed_with_what_every_set_has(tmp_path: Path, source: Path) -> None:
    folder, _ = installed(tmp_path, source)
    schema = Schema(modelset.load(folder))
    assert schema.find("/tiny:a").type.name == "int8"
    assert {"tiny", "nos-history", "ietf-netconf", "ietf-netconf-monitoring"} <= schema.modules.keys()
    assert read_manifest(folder)["origin"] == str(source)
    assert list(check(folder)) == []


def test_installing_the_same_again_does_nothing(tmp_path: Path, source: Path) -> None:
    folder, _ = installed(tmp_path, source)
    before = content(folder)
    _, told = installed(tmp_path, source)
    assert told[-1] == "nothing has changed"
    assert content(folder) == before


@pytest.mark.parametrize("what", ["data.py", "nos_history.py", "schema.tables"])
def test_a_set_that_is_not_whole_is_installed_again(tmp_path: Path, source: Path, what: str) -> None:
    folder, _ = installed(tmp_path, source)
    before = content(folder)
    (folder / what).unlink()
    _, told = installed(tmp_path, source)
    assert told[-1] != "nothing has changed"
    assert content(folder) == before


@pytest.mark.parametrize("pattern", ["models/*.yang", "generator.py"])
def test_another_compiler_or_other_modules_of_our_own_compile_anew(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    assert pattern in modelset.COMPILER
    monkeypatch.setattr(modelset, "COMPILER", ("tables.py",))
    installed(tmp_path, source)
    monkeypatch.setattr(modelset, "COMPILER", ("tables.py", pattern))
    _, told = installed(tmp_path, source)
    assert told[-1] != "nothing has changed"


def test_compiling_twice_writes_the_same(tmp_path: Path, source: Path) -> None:
    folder, _ = installed(tmp_path, source)
    before = content(folder)
    compile_set(folder, lambda _: None)
    assert content(folder) == before


def test_the_newest_revision_of_a_module_is_taken(tmp_path: Path, source: Path) -> None:
    (source / "tiny@2025-06-30.yang").write_text(revised("leaf b { type string; }", "2025-06-30"))
    (source / "another-name.yang").write_text(revised("leaf c { type string; }", "2023-01-01"))
    folder, _ = installed(tmp_path, source)
    assert Schema(modelset.load(folder)).modules["tiny"].revision == "2025-06-30"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (revised("leaf a { type nothing; }"), "tiny.yang"),
        (
            revised("import nowhere { prefix n; }"),
            "tiny imports nowhere, which",
        ),
        ("no module at all", "holds no module"),
        (b"module \xff", "is not UTF-8"),
    ],
)
def test_an_install_that_fails_leaves_what_is_installed(
    tmp_path: Path, source: Path, text: str | bytes, message: str
) -> None:
    folder, _ = installed(tmp_path, source)
    before = content(folder)
    (source / "deep" / "er" / "tiny@2024-01-01.yang").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelError, match=message):
        installed(tmp_path, source)
    assert content(folder) == before


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_source_without_modules_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"there are no \.yang files in"):
        installed(tmp_path, tmp_path / name)
    assert not (tmp_path / "set").exists()


def test_a_module_that_was_changed_is_noticed(tmp_path: Path, source: Path) -> None:
    folder, _ = installed(tmp_path, source)
    (folder / "modules" / "tiny.yang").write_text(revised("leaf b { type int8; }"))
    assert list(check(folder)) == ["the modules are not those that were compiled: run 'nos-mgmt models compile'"]
    compile_set(folder, lambda _: None)
    assert list(check(folder)) == []
    assert Schema(modelset.load(folder)).find("/tiny:b")


def test_no_set_and_a_damaged_one_say_what_to_do(tmp_path: Path, source: Path) -> None:
    with pytest.raises(ModelError, match="run 'nos-mgmt models install'"):
        list(check(tmp_path))
    folder, _ = installed(tmp_path, source)
    (folder / "manifest.json").write_text('{"origin": ')
    with pytest.raises(ModelError, match=r"manifest\.json is damaged"):
        list(check(folder))
    _, told = installed(tmp_path, source)
    assert told[-1] != "nothing has changed"
    assert list(check(folder)) == []


def test_a_git_repository_is_installed_at_its_newest_commit(tmp_path: Path, source: Path) -> None:
    git = [needs("git"), "-C", str(source), "-c", "user.name=x", "-c", "user.email=x@example.net"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=x"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    folder, told = installed(tmp_path, source.as_uri())
    assert told[0] == f"cloning {source.as_uri()}"
    assert read_manifest(folder)["origin"] == f"{source.as_uri()}@{head}"
    assert Schema(modelset.load(folder)).find("/tiny:a")


def test_a_git_address_that_is_none_is_told(tmp_path: Path) -> None:
    needs("git")
    with pytest.raises(ModelError, match="git cannot clone"):
        installed(tmp_path, (tmp_path / "nowhere").as_uri())


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with a module, the only one that pip finds."""
    file = tmp_path / "wheels" / "made_up-1.0-py3-none-any.whl"
    file.parent.mkdir()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("made_up/yang/tiny.yang", revised("leaf a { type int8; }"))
        archive.writestr("made_up/other/skipped.yang", revised("leaf a { type int8; }", name="skipped"))
        archive.writestr("made_up-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n")
        archive.writestr(
            "made_up-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("made_up-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(file.parent))
    return file


def test_a_package_is_unpacked_when_its_hash_is_the_one_that_is_known(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setattr(modelset, "DEFAULT", Package("made-up==1.0", pin, ("made_up/yang/",)))
    folder, _ = installed(tmp_path, None)
    schema = Schema(modelset.load(folder))
    assert "tiny" in schema.modules
    assert "skipped" not in schema.modules
    assert read_manifest(folder)["origin"] == f"made-up==1.0 sha256:{pin}"


def test_a_package_that_is_installed_is_not_downloaded_again(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setattr(modelset, "DEFAULT", Package("made-up==1.0", pin, ("made_up/yang/",)))
    folder, _ = installed(tmp_path, None)
    wheel.unlink()
    _, told = installed(tmp_path, None)
    assert told == ["nothing has changed"]
    (folder / "modules" / "tiny.yang").write_text(revised("leaf b { type int8; }"))
    with pytest.raises(ModelError, match="pip cannot download"):
        installed(tmp_path, None)


@pytest.mark.usefixtures("wheel")
def test_a_package_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelset, "DEFAULT", Package("made-up==1.0", "0" * 64, ("made_up/yang/",)))
    with pytest.raises(ModelError, match=r"(?s)pip cannot download made-up==1\.0.*(HASHES|hash)"):
        installed(tmp_path, None)
    assert not (tmp_path / "set").exists()


def test_the_second_generation_installs_and_its_bindings_can_be_imported(second: Path) -> None:
    Schema(modelset.load(second)).find("/openconfig-interfaces:interfaces/interface/config/mtu")
    assert imported(second) > 50


def test_a_second_install_of_a_large_set_does_nothing(second: Path) -> None:
    told: list[str] = []
    install(second, str(SECOND), told.append)
    assert told == [f"copying {SECOND}", "nothing has changed"]


def test_names_are_the_same_in_both_generations_where_the_models_agree(second: Path) -> None:
    old, new = classes(ROOT / "yang" / "bindings"), classes(second)
    seen, found = set(), [("data:Data", "data:Data")]
    agreed, differing = 0, set()
    for pair in found:
        attributes, others = old[pair[0]], new[pair[1]]
        names, other_names = python_names(attributes), python_names(others)
        assert all(names[name] == other_names[name] for name in names.keys() & other_names.keys())
        for name in attributes.keys() & others.keys():
            below = (attributes[name][1], others[name][1])
            agreed += below[0] == below[1]
            if below[0] and below[1] and below not in seen:
                seen.add(below)
                found.append(below)
                if below[0] != below[1]:
                    differing.add(f"{pair[0]} {name}")
    assert agreed > 6_000
    assert differing == MOVED


def python_names(attributes: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Return the names of attributes by those of the model."""
    return {name: python for python, (names, _) in attributes.items() for name in names.split("|")}


MOVED = {
    "openconfig_aft_common:NextHops.NextHop interface_ref",
    "openconfig_bgp_common_multiprotocol:Ipv6Unicast config",
    "openconfig_bgp_common_multiprotocol:Ipv6Unicast state",
    "openconfig_interfaces:Interfaces.Interface.State counters",
    "openconfig_isis:Authentication config",
    "openconfig_isis:Authentication state",
    "openconfig_qos_interfaces:Input queues",
    "openconfig_qos_interfaces:Output queues",
    "openconfig_qos_interfaces:Queues queue",
    "openconfig_qos_interfaces:Queues.Queue config",
    "openconfig_qos_interfaces:Queues.Queue state",
}
"""What the second generation has in other groupings, so that it is of other classes."""


def classes(folder: Path) -> dict[str, dict[str, tuple[str, str]]]:
    """Return the attributes of all classes in the bindings in `folder`: the YANG name, and the class that is below."""
    found: dict[str, dict[str, tuple[str, str]]] = {}

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for statement in body:
            if isinstance(statement, ast.ClassDef):
                attributes = found[f"{prefix}{statement.name}"] = {}
                for line in statement.body:
                    match line:
                        case ast.AnnAssign(
                            ast.Name(name), value=ast.Call(ast.Name(kind), [ast.Constant(qname), *more])
                        ):
                            is_inner = kind in ("Container", "ListOf")
                            attributes[name] = (qname, ast.literal_eval(more[0]) if is_inner else "")
                collect(statement.body, f"{prefix}{statement.name}.")

    for file in folder.glob("*.py"):
        collect(ast.parse(file.read_text()).body, f"{file.stem}:")
    return found


def imported(folder: Path) -> int:
    """Import every module of the bindings in `folder` in a process of its own, and return how many those are."""
    program = """
import importlib, sys
from pathlib import Path
from yang import bindings
folder = Path(sys.argv[1])
bindings.use(folder)
names = [file.stem for file in folder.glob("*.py") if file.stem != "__init__"]
for name in names:
    importlib.import_module(f"yang.bindings.{name}")
print(len(names))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_the_bindings_of_another_folder_can_be_imported(tmp_path: Path, source: Path) -> None:
    folder, _ = installed(tmp_path, source)
    assert imported(folder) >= 1


def test_the_bindings_of_the_default_set_can_be_imported() -> None:
    assert imported(ROOT / "yang" / "bindings") > 50
