"""A backend in a process of its own: what passes between the two, how the process ends, and what comes after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backends import BackendLost, Operation, OperationFailed
from backends.kernel.resources import Link, Port
from backends.plugins import UnknownPlugin
from backends.process import ProcessBackend, child, proxy
from tests.backends import misbehaving
from tests.backends.misbehaving import let_go, order
from tests.datastore.rig import eventually
from yang.values import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PORT = Port("Ethernet1").key
LINKS = [Link(name, "loopback", True, 1500, "") for name in ("lo1", "lo2", "lo3", "lo4")]
MAKE = [Operation(None, link) for link in LINKS]
SECONDS = 20.0

PARENT = """
import sys, time
from backends.process import ProcessBackend

backend = ProcessBackend("misbehaving", {"folder": sys.argv[1]})
print(backend.pid, flush=True)
if len(sys.argv) > 2:
    try:
        backend.read([])
    except Exception as error:
        print(error)
time.sleep(60)
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a backend that misbehaves on demand."""
    misbehaving.install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(proxy, "BACK_OFF", (0.02,))
    return tmp_path


@pytest.fixture
def backend(plugin: Path) -> Iterator[ProcessBackend]:
    made = ProcessBackend("misbehaving", {"folder": str(plugin)})
    yield made
    let_go(plugin)
    made.close()


def is_alive(pid: int) -> bool:
    try:
        # one that has ended and was not waited for is a zombie
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def comes_back(backend: ProcessBackend, but: int | None) -> bool:
    return eventually(lambda: backend.pid not in (None, but), SECONDS)


def in_background(call: Callable[[], Any]) -> list[BaseException | None]:
    """Return a list that gets what `call` raises, or None, when it has come back."""
    outcome: list[BaseException | None] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            outcome.append(error)
        else:
            outcome.append(None)

    threading.Thread(target=run, daemon=True).start()
    return outcome


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessBackend]:
    """One that lives through several tests."""
    folder = tmp_path_factory.mktemp("steady")
    misbehaving.install(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        made = ProcessBackend("misbehaving", {"folder": str(folder)})
    yield made
    made.close()


def test_what_the_backend_is_comes_along(steady: ProcessBackend) -> None:
    inner = misbehaving.PaperKernel()
    assert (steady.name, steady.resources) == ("kernel", inner.resources)
    assert [type(each) for each in steady.translators] == [type(each) for each in inner.translators]
    assert [each.claims for each in steady.translators] == [each.claims for each in inner.translators]


def test_calls_are_carried_out_in_the_process_and_answered(steady: ProcessBackend) -> None:
    assert steady.read([PORT, ("kernel:port", "none")]) == {PORT: Port("Ethernet1")}
    steady.execute(MAKE)
    assert list(steady.owned()) == LINKS
    assert steady.check([*MAKE, Operation(None, Port("unlucky"))]) == {4: "no such luck"}


def test_a_refusal_comes_with_all_its_parts(steady: ProcessBackend) -> None:
    with pytest.raises(OperationFailed) as refused:
        steady.execute([MAKE[0], Operation(None, Link("refused", "bridge", True, 1500, ""))])
    assert refused.value.failures == {1: ("that one is refused", "ENO", "mtu")}


@pytest.mark.parametrize(("what", "why"), [("lost", "^nobody there$"), ("mistake", r"^KeyError\('a mistake'\)$")])
def test_a_loss_and_a_mistake_are_told_and_the_process_goes_on(
    backend: ProcessBackend, plugin: Path, what: str, why: str
) -> None:
    pid = backend.pid
    order(plugin, "read", what)
    with pytest.raises(BackendLost, match=why):
        backend.read([PORT])
    assert backend.read([PORT])
    assert backend.pid == pid


def test_state_of_every_kind_of_value_comes_as_it_is(steady: ProcessBackend) -> None:
    ports, clock = steady.state
    found = ports.read([("Ethernet2",)])
    assert found == {("Ethernet2",): {"state/oper-status": "UP", "state/type": "iana-if-type:ethernetCsmacd"}}
    assert type(found["Ethernet2",]["state/type"]) is Identity
    key = ((Identity("a:b"),), (7, True))
    told = clock.read([(("a", 1),)])
    assert told[key] == {"a": b"\0\xff", "b": Decimal("1.50"), "c": "", "d": 2**63, "e": False}
    assert ("[(('a', 1),)]",) in [key[0] for key in told]


def test_what_is_missing_is_known_without_asking(backend: ProcessBackend, plugin: Path) -> None:
    (source, _) = backend.state
    order(plugin, "state", "die")
    assert isinstance(source, misbehaving.Ports)
    assert (source.path, source.leaves) == (misbehaving.Ports.path, misbehaving.Ports.leaves)
    assert source.missing_of(("Ethernet9",)) == {"state/oper-status": "NOT_PRESENT"}
    assert source.missing_of(("none",)) == {}


def test_state_is_told_while_a_call_takes_its_time(backend: ProcessBackend, plugin: Path) -> None:
    order(plugin, "execute", "hang")
    executed = in_background(lambda: backend.execute(MAKE))
    assert eventually((plugin / "obeyed").exists, SECONDS)
    assert backend.state[0].read(None)
    assert not executed
    let_go(plugin)
    assert eventually(lambda: executed == [None], SECONDS)


def test_events_pass(backend: ProcessBackend, plugin: Path) -> None:
    told: list[Any] = []
    backend.watch(told.append)
    (plugin / "pull").write_text("Ethernet2")
    assert eventually(lambda: [("kernel:port", "Ethernet2")] in told, SECONDS)


def test_what_sources_of_state_tell_passes_also_after_another_process_has_taken_over(
    backend: ProcessBackend, plugin: Path
) -> None:
    told: list[Any] = []
    ports = backend.state[0]
    assert ports.told == misbehaving.Ports.told
    ports.follow(told.append)
    backend.watch(lambda _: None)
    (plugin / "pull").write_text("Ethernet2")
    assert eventually(lambda: told == [[("Ethernet2",)]], SECONDS)
    pid = backend.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: told[1:] == [None], SECONDS)
    (plugin / "pull").write_text("Ethernet1")
    assert eventually(lambda: told[2:] == [[("Ethernet1",)]], SECONDS)


def test_what_a_plugin_prints_is_not_taken_for_an_answer(backend: ProcessBackend, plugin: Path) -> None:
    order(plugin, "read", "print")
    assert backend.read([PORT])


def test_a_process_that_is_killed_while_nothing_happens_is_replaced(backend: ProcessBackend) -> None:
    backend.execute(MAKE)
    pid = backend.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not is_alive(pid), SECONDS)
    assert comes_back(backend, pid)
    assert backend.read([LINKS[0].key])


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("die", "its process was ended by SIGKILL during"),
        ("exit", "its process ended with status 3 during"),
        *((what, "its process broke the protocol and was killed during") for what in misbehaving.NONSENSE),
    ],
)
@pytest.mark.parametrize("call", ["read", "execute"])
def test_a_process_that_ends_in_a_call_is_a_loss_that_says_how(
    backend: ProcessBackend, plugin: Path, monkeypatch: pytest.MonkeyPatch, call: str, what: str, how: str
) -> None:
    monkeypatch.setattr(child, "END_TIME", 0.2)
    pid = backend.pid
    order(plugin, call, what)
    with pytest.raises(BackendLost, match=f"^{how} {call}"):
        backend.read([PORT]) if call == "read" else backend.execute(MAKE)
    assert comes_back(backend, pid)
    assert len(backend.read([link.key for link in LINKS])) == (0 if call == "read" else 2)


def test_while_there_is_no_process_calls_say_so_at_once(
    backend: ProcessBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "BACK_OFF", (600.0,))
    pid = backend.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: backend.pid is None, SECONDS)
    with pytest.raises(BackendLost, match=r"^its process was ended by SIGKILL; it is started again$"):
        backend.read([PORT])


def test_a_call_that_is_abandoned_ends_with_its_process(backend: ProcessBackend, plugin: Path) -> None:
    pid = backend.pid
    order(plugin, "read", "hang")
    read = in_background(lambda: backend.read([PORT]))
    assert eventually((plugin / "obeyed").exists, SECONDS)
    backend.abandon()
    assert eventually(lambda: bool(read), SECONDS)
    assert str(read[0]) == "its process did not answer in time and was killed during read"
    assert comes_back(backend, pid)


def test_who_watches_is_told_of_all_that_was_asked_for_when_another_process_has_taken_over(
    backend: ProcessBackend, plugin: Path
) -> None:
    told: list[Any] = []
    backend.watch(told.append)
    backend.read([PORT, ("kernel:port", "Ethernet9"), LINKS[0].key])
    pid = backend.pid
    order(plugin, "read", "die")
    with pytest.raises(BackendLost):
        backend.read([PORT])
    assert eventually(lambda: told == [[PORT, ("kernel:port", "Ethernet9")]], SECONDS)
    assert backend.pid not in (None, pid)
    (plugin / "pull").write_text("Ethernet2")
    assert eventually(lambda: told[1:] == [[("kernel:port", "Ethernet2")]], SECONDS)


def test_it_is_tried_again_with_longer_and_longer_pauses(
    backend: ProcessBackend, plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "BACK_OFF", pauses := (0.01, 0.02, 0.03))
    waited: list[float] = []
    wait = backend._closing.wait

    def noted(pause: float) -> bool:
        waited.append(pause)
        if len(waited) < 5:
            order(plugin, "make", "exit")
        return wait(pause)

    monkeypatch.setattr(backend._closing, "wait", noted)
    pid = backend.pid
    order(plugin, "read", "die")
    with pytest.raises(BackendLost):
        backend.read([PORT])
    assert comes_back(backend, pid)
    assert waited == [*pauses, pauses[-1], pauses[-1]]


def test_a_plugin_that_refuses_at_its_start_is_heard_in_its_own_words(plugin: Path) -> None:
    with pytest.raises(PermissionError) as refused:
        ProcessBackend("misbehaving", {"folder": str(plugin), "refused": "not here"})
    assert (refused.value.errno, refused.value.strerror, refused.value.filename) == (1, "not here", "a file")
    with pytest.raises(UnknownPlugin, match=r"^there is no backend fog; there are hardware, kernel, misbehaving"):
        ProcessBackend("fog", {})
    with pytest.raises(BackendLost, match=r"^Unsendable: 1 and 2$"):
        ProcessBackend("unsendable", {})


def test_a_process_that_ends_or_hangs_at_its_start_is_a_loss(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order(plugin, "make", "exit")
    with pytest.raises(BackendLost, match=r"^misbehaving: its process ended with status 3 at its start$"):
        ProcessBackend("misbehaving", {"folder": str(plugin)})
    monkeypatch.setattr(child, "START_TIME", 0.2)
    order(plugin, "make", "hang")
    with pytest.raises(BackendLost, match=r"^misbehaving: its process did not start within 0\.2 s and was killed$"):
        ProcessBackend("misbehaving", {"folder": str(plugin)})


def test_closing_lets_the_system_go_and_leaves_no_process(backend: ProcessBackend, plugin: Path) -> None:
    pid = backend.pid
    assert pid is not None
    backend.close()
    assert (plugin / "closed").exists()
    assert not is_alive(pid)
    with pytest.raises(BackendLost):
        backend.read([PORT])


def test_closing_ends_a_process_that_hangs(
    backend: ProcessBackend, plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "END_TIME", 0.1)
    pid = backend.pid
    assert pid is not None
    order(plugin, "execute", "hang")
    executed = in_background(lambda: backend.execute(MAKE))
    assert eventually((plugin / "obeyed").exists, SECONDS)
    backend.close()
    assert not is_alive(pid)
    assert eventually(lambda: isinstance(executed[:1] and executed[0], BackendLost), SECONDS)


def test_signals_of_the_terminal_and_of_a_service_do_not_end_it(steady: ProcessBackend) -> None:
    pid = steady.pid
    assert pid is not None
    assert os.getpgid(pid) != os.getpgid(0)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    assert steady.read([PORT])
    assert steady.pid == pid


@pytest.mark.parametrize("hangs", [False, True])
def test_no_process_outlives_a_server_that_is_killed(plugin: Path, hangs: bool) -> None:
    command = [sys.executable, "-c", PARENT, str(plugin), *(["hangs"] if hangs else [])]
    path = os.pathsep.join([str(plugin), str(Path.cwd())])
    if hangs:
        order(plugin, "read", "hang")
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert is_alive(pid)
        assert not hangs or eventually((plugin / "obeyed").exists, SECONDS)
        server.kill()
    assert eventually(lambda: not is_alive(pid), SECONDS)
