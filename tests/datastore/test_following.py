"""What is followed of the operational datastore is what it would be if all were read anew, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from datastore.events import StateChanged
from datastore.following import FollowedState, selects_told, untold
from nos_mgmt.netconf.state import own_state
from tests.backends.linux import until
from tests.conftest import PORTS, Client, make_device
from tests.openconfig import INTERFACES, interface, interfaces, route, static_routes
from yang.xmlio import parse_document

if TYPE_CHECKING:
    from pathlib import Path

    from nos_mgmt.device import Device
    from yang.tree import Node

NAMES = PORTS[:3]
STEPS = st.one_of(
    st.tuples(st.just("set"), st.sampled_from(NAMES), st.integers(68, 9000)),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("pull"), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("plug"), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("route"), st.just(""), st.integers(1, 4)),
)


def anew(device: Device) -> Node:
    """Return what would be followed, all of it read now."""
    sources = [*own_state(device), *(source for backend in device.backends for source in backend.state)]
    fresh = FollowedState(
        device.schema,
        sources,
        lambda source, keys: source.read(keys),
        lambda: (device.committer.running, device.deferred_paths()),
        lambda _: None,
        lambda _: None,
        lambda: True,
    )
    return fresh.tree()


def take(client: Client, chip: SimulatedAsic, step: tuple[str, str, int]) -> None:
    """Have something happen."""
    what, name, number = step
    if what == "pull":
        chip.pull(name)
    elif what == "plug":
        chip.plug(name)
    elif what == "route":
        client.edit(static_routes(route(f"192.168.{number}.0/24", "10.0.1.2")))
        client.ok("<commit/>")
    elif what == "set":
        client.edit(interfaces(interface(name, f"10.0.{name[-1]}.{number % 200 + 1}/24", mtu=number)))
        client.ok("<commit/>")
    else:
        client.edit(interfaces(f'<interface nc:operation="remove"><name>{name}</name></interface>'))
        client.ok("<commit/>")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=8))
def test_whatever_happens_what_is_followed_is_what_there_is(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
) -> None:
    chip = SimulatedAsic(PORTS)
    device = make_device(tmp_path_factory.mktemp("followed"), [HardwareBackend(chip)])
    told: list[StateChanged] = []
    device.events.listen(lambda event: told.append(event) if isinstance(event, StateChanged) else None)
    device.followed._is_wanted = lambda: True
    try:
        client = Client(device)
        first = device.followed.tree()
        for step in steps:
            take(client, chip, step)
        until(lambda: device.followed.latest == anew(device))
        # each change begins where the one before it has ended
        chain = [first, *(event.after for event in told)]
        assert [event.before for event in told] == chain[:-1]
        assert all(event.before is before for event, before in zip(told, chain, strict=False))
        assert device.followed.latest is chain[-1]
    finally:
        device.close()


def test_what_is_told_of_again_without_having_changed_is_no_change(device: Device) -> None:
    first = device.followed.tree()
    device.followed._is_wanted = lambda: True
    for source in device.followed._sources:
        device.followed._told(source, None)
    device.followed._update()
    assert device.followed.latest is first


def test_a_leaf_of_two_sources_is_told_of_if_both_tell(device: Device, tmp_path: Path) -> None:
    """RFC 8641 section 3.10: otherwise a change of it might not be told of."""
    del tmp_path

    class Silent(type(device.backends[0].state[0])):  # type: ignore[misc]
        leaves = ("state/mtu",)

        def __init__(self) -> None:
            self.told = ()

    sources = [*device.backends[0].state, Silent()]
    silent = {node.path().rpartition("/")[2] for node in untold(device.schema, sources)}
    assert "mtu" in silent
    assert "oper-status" not in silent


@pytest.mark.parametrize(
    ("content", "is_told"),
    [
        ("<interfaces/>", True),
        ("<interfaces><interface><name>x</name></interface></interfaces>", True),
        ("<interfaces><interface><name>x</name><state><counters/></state></interface></interfaces>", False),
        ("<interfaces><interface><name/><state><counters/></state></interface></interfaces>", True),
        ("<interfaces><interface><state><counters><in-octets/></counters></state></interface></interfaces>", False),
        ("<interfaces><interface><state><oper-status/></state></interface></interfaces>", True),
        ("<interfaces><interface><config><mtu/></config></interface></interfaces>", True),
        ("<interfaces><interface><none/></interface></interfaces>", False),
    ],
)
def test_a_filter_that_selects_only_what_nobody_tells_of_is_known(device: Device, content: str, is_told: bool) -> None:
    wanted = [parse_document(content.replace("<interfaces", f'<interfaces xmlns="{INTERFACES}"', 1).encode())]
    assert selects_told(wanted, device.schema.root, device.followed.untold) is is_told
