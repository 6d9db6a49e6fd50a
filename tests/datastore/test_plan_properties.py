"""Whatever two configurations are: the plan from one to the other can be carried out, and taken back from wherever it stops.

The chip checks every reference and every field that cannot be changed in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from backends.hardware import HardwareBackend
from backends.hardware.objects import Port
from backends.hardware.simulated import SimulatedAsic
from datastore import plan as planning
from datastore.errors import NotTranslatable
from datastore.objects import Objects
from datastore.systems import Systems, Way
from datastore.wanted import Wanted
from tests.datastore.configurations import PORTS, configurations, tree_of
from yang.tree import Node

if TYPE_CHECKING:
    from backends.resource import Key, Resource
    from yang.schema import Schema

CONFIGURATIONS = configurations(vlans=True)


class World:
    """A chip, and a configuration that is in effect."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.chip = SimulatedAsic(PORTS[:3])
        backend = HardwareBackend(self.chip)
        self.wanted = Wanted()
        self.systems = Systems([backend], self.wanted, lambda _: None)
        self.objects = Objects([backend], schema)
        self.running = Node(schema.root, {})

    def way_to(self, content: str) -> Way | None:
        """Try out a configuration, and return what has to be done; None if it cannot be."""
        after = tree_of(self.schema, content)
        try:
            self.wanted.demand(self.objects.changed(self.running, after))
        except NotTranslatable:
            self.wanted.take_back()
            return None
        unknown = self.wanted.unknown()
        self.wanted.observe(unknown, self.systems.read(unknown).keys())
        way = self.systems.way_to(planning.touched(self.wanted.resolve(), self.wanted))
        self.running = after
        return way

    def commit(self, content: str) -> None:
        way = self.way_to(content)
        if way is not None:
            self.carry_out(way)
            self.wanted.keep()

    def carry_out(self, way: Way, count: int | None = None) -> None:
        for backend in self.systems:
            self.systems.execute(backend, way.operations[:count])

    def held(self) -> dict[Key, Resource]:
        return dict(self.chip._objects)

    def expected(self) -> dict[Key, Resource]:
        """Return what the chip holds if everything that takes effect is there and nothing else."""
        return {Port(name).key: Port(name) for name in PORTS[:3]} | dict(self.wanted.active)


@given(st.lists(CONFIGURATIONS, min_size=1, max_size=4))
def test_a_plan_violates_no_reference_and_ends_at_the_targets(wide_schema: Schema, contents: list[str]) -> None:
    world = World(wide_schema)
    for content in contents:
        world.commit(content)
        assert world.held() == world.expected()


@given(CONFIGURATIONS, CONFIGURATIONS, st.data())
def test_a_plan_can_be_taken_back_from_wherever_it_stops(
    wide_schema: Schema, first: str, second: str, data: st.DataObject
) -> None:
    world = World(wide_schema)
    world.commit(first)
    before = world.held()
    way = world.way_to(second)
    if way is None:
        return
    world.carry_out(way, data.draw(st.integers(0, len(way.operations)), label="carried out"))
    targets = {key: way.found.get(key) for key in way.targets}
    # by operations of which none is refused: the first round is enough
    world.carry_out(world.systems.way_to(targets))
    assert world.held() == before
    assert world.systems.converge(targets)
    world.wanted.take_back()
    assert world.expected() == before


@given(CONFIGURATIONS, CONFIGURATIONS, CONFIGURATIONS)
def test_whatever_is_in_a_chip_it_can_be_brought_to_a_configuration(
    wide_schema: Schema, first: str, second: str, foreign: str
) -> None:
    other = World(wide_schema)
    other.commit(foreign)
    world = World(wide_schema)
    world.commit(first)
    # as after a restart, with a chip that somebody else has used since
    world.chip._objects, world.chip._referrers = other.chip._objects, other.chip._referrers
    targets = {found.key: world.wanted.active.get(found.key) for found in world.systems.owned()}
    targets |= {Port(name).key: Port(name) for name in PORTS[:3]} | dict(world.wanted.active)
    assert world.systems.converge(targets)
    assert world.held() == world.expected()
    world.commit(second)
    assert world.held() == world.expected()
