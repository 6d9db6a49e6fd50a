"""Over sessions: two devices that are equal in what a user may see give him the same answers, to the octet (RFC 8341).

What is told by the letter of section 3.2.5 is not asked for: a node that an edit only names (operation none, or a merge that
leads to others), that has just the value which a merge would give it, or that is not there for a remove, is not changed, and so
no right is needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from tests.conftest import PORTS, Client, make_device
from tests.nos_mgmt.access.configured import nacm, rule, rule_list
from tests.openconfig import INSTANCE, INTERFACES, interface, interfaces, route, static_routes
from yang.edit import edit_config
from yang.tree import Node
from yang.validate import validate
from yang.with_defaults import with_defaults
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nos_mgmt.access import Access
    from nos_mgmt.device import Device

NC = "urn:ietf:params:xml:ns:netconf:base:1.0"
WITH_DEFAULTS = "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"
NMDA = "urn:ietf:params:xml:ns:yang:ietf-netconf-nmda"
DATASTORES = "urn:ietf:params:xml:ns:yang:ietf-datastores"
COMPARE = "urn:ietf:params:xml:ns:yang:ietf-nmda-compare"
TXID = "urn:ietf:params:xml:ns:netconf:txid:1.0"
HISTORY = "urn:nos-mgmt:yang:nos-history"
NAMES = ("Ethernet1", "Ethernet2", "Ethernet3")
MODES = ("explicit", "trim", "report-all", "report-all-tagged")

TARGETS = [
    "/if:interfaces/if:interface/if:config/if:enabled",
    "/if:interfaces/if:interface/if:config/if:mtu",
    "/if:interfaces/if:interface/if:config/if:description",
    "/if:interfaces/if:interface/if:config/if:name",
    "/if:interfaces/if:interface/if:config",
    "/if:interfaces/if:interface/if:state",
    "/if:interfaces/if:interface/if:name",
    "/if:interfaces/if:interface/if:subinterfaces",
    "/if:interfaces/if:interface[if:name='Ethernet2']",
    "/if:interfaces/if:interface[if:name='Ethernet2']/if:config/if:description",
    "/if:interfaces/if:interface[if:name='Ethernet3']",
    "/if:interfaces",
    "/ni:network-instances",
    "/ni:network-instances/ni:network-instance/ni:protocols/ni:protocol/ni:static-routes/ni:static/ni:next-hops",
    "/ni:network-instances/ni:network-instance/ni:protocols/ni:protocol/ni:static-routes/ni:static[ni:prefix='10.2.0.0/16']",
]


@st.composite
def some_rules(draw: st.DrawFn) -> str:
    """Return rules for ann; the operations that write are permitted on little."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        target = draw(st.sampled_from(TARGETS))
        operations = draw(st.sampled_from(["read", "read", "*", "create read update delete"]))
        criteria = (
            f'<path xmlns:if="{INTERFACES}" xmlns:ni="{INSTANCE}">{target}</path>'
            f"<access-operations>{operations}</access-operations>"
        )
        found.append(rule(draw(st.sampled_from(["deny", "deny", "deny", "permit"])), criteria, f"r{number}"))
    leaves = "".join(
        f"<{name}-default>{draw(st.sampled_from(choice))}</{name}-default>"
        for name, choice in (("read", ["permit", "permit", "deny"]), ("write", ["permit", "deny"]))
    )
    return nacm(leaves, rule_list("g", *found), members={"g": ["ann"]})


@st.composite
def some_edits(draw: st.DrawFn) -> str:
    """Return a configuration to merge: a few settings."""
    ports = [
        interface(
            name,
            *draw(st.sampled_from([(), (f"192.0.{number}.1/24",)])),
            mtu=draw(st.sampled_from([None, 1500, 9000])),
            description=draw(st.sampled_from([None, "a", "b"])),
            enabled=draw(st.sampled_from([None, True, False])),
        )
        for number, name in enumerate(NAMES)
        if draw(st.booleans())
    ]
    hops = draw(st.lists(st.sampled_from(["10.1.0.0/16", "10.2.0.0/16"]), unique=True, max_size=2))
    routes = [route(prefix, draw(st.sampled_from(["DROP", "192.0.0.2"]))) for prefix in hops]
    return interfaces(*ports) + (static_routes(*routes) if routes else "")


LEAVES = ("mtu", "enabled", "description")
ENTRY = "<interface{attributes}><name>{name}</name>{below}</interface>"


@st.composite
def some_removals(draw: st.DrawFn) -> str:
    """Return an edit that takes something away, if it is there."""
    gone = ' nc:operation="remove"'
    name = draw(st.sampled_from(NAMES))
    leaf = draw(st.sampled_from(["", *LEAVES]))
    below = f"<config><{leaf}{gone}/></config>" if leaf else ""
    return interfaces(ENTRY.format(attributes="" if leaf else gone, name=name, below=below))


def in_interface(name: str, below: str) -> str:
    return interfaces(ENTRY.format(attributes="", name=name, below=below))


@st.composite
def some_filters(draw: st.DrawFn) -> tuple[str, str]:
    """Return the elements of a subtree filter, or nothing, and an expression, or nothing."""
    name, leaf = draw(st.sampled_from(NAMES)), draw(st.sampled_from(LEAVES))
    value = draw(st.sampled_from(["true", "false", "1500", "9000", "a"]))
    instance = f'<network-instances xmlns="{INSTANCE}"/>'
    subtrees = [
        interfaces(),
        instance,
        interfaces() + instance,
        in_interface(name, ""),
        in_interface(name, "<config/>"),
        interfaces(f"<interface><config><{leaf}>{value}</{leaf}></config></interface>"),
        interfaces(f"<interface><name/><config><{leaf}/></config></interface>"),
    ]
    expressions = [
        f"/if:interfaces/if:interface[if:config/if:{leaf}='{value}']",
        f"/if:interfaces/if:interface[if:name='{name}']/if:config/if:{leaf}",
        f"/if:interfaces/if:interface[not(if:config/if:{leaf})]/if:name",
        f"/if:interfaces/if:interface[preceding-sibling::if:interface[if:config/if:{leaf}='{value}']]",
        "/if:interfaces/if:interface[2]",
        "/if:interfaces[count(if:interface) > 2]",
        f"//if:{leaf}",
        "/ni:network-instances//ni:next-hop[ni:index='0']",
        "/ni:network-instances[count(.//ni:static) = 1]",
    ]
    return draw(st.sampled_from([(text, "") for text in subtrees] + [("", text) for text in expressions]))


PREFIXES = f'xmlns:if="{INTERFACES}" xmlns:ni="{INSTANCE}"'


@st.composite
def some_requests(draw: st.DrawFn, *, is_reader: bool) -> str:
    """Return a request, of any operation that tells of configuration or state, or, of who may only read, tries to change it."""
    subtree, expression = draw(some_filters())
    mode = draw(st.sampled_from(["", *MODES]))
    attributes = draw(st.sampled_from(["", "", f' xmlns:t="{TXID}" t:etag="?"']))
    datastore = draw(st.sampled_from(["running", "candidate", "intended", "operational"]))
    if subtree:
        filter_, nmda = f"<filter>{subtree}</filter>", f"<subtree-filter>{subtree}</subtree-filter>"
    else:
        filter_ = f'<filter type="xpath" {PREFIXES} select="{expression}"/>'
        nmda = f"<xpath-filter {PREFIXES}>{expression.replace('>', '&gt;')}</xpath-filter>"
    defaults = f'<with-defaults xmlns="{WITH_DEFAULTS}">{mode}</with-defaults>' if mode else ""
    kind = draw(st.integers(0, 9 if is_reader else 7))
    if kind == 0:
        return f"<get>{filter_}{defaults}</get>"
    if kind == 1:
        return f"<get-config{attributes}><source><running/></source>{filter_}{defaults}</get-config>"
    if kind in (2, 3):
        if datastore == "operational":
            attributes = ""
        depth = draw(st.sampled_from(["", "<max-depth>2</max-depth>", "<max-depth>4</max-depth>"]))
        origin = draw(st.sampled_from(["", "<with-origin/>"])) if datastore == "operational" else ""
        modes = f"<with-defaults>{mode}</with-defaults>" if mode else ""
        kinds = draw(st.sampled_from(["", "<config-filter>true</config-filter>"]))
        return (
            f'<get-data xmlns="{NMDA}" xmlns:ds="{DATASTORES}"{attributes}><datastore>ds:{datastore}</datastore>'
            f"{nmda}{kinds}{depth}{origin}{modes}</get-data>"
        )
    if kind == 4:
        names = draw(st.permutations(["running", "candidate", "operational"]))
        more = draw(st.sampled_from(["", "<all/>", "<report-origin/>"]))
        return (
            f'<compare xmlns="{COMPARE}" xmlns:ds="{DATASTORES}"><source>ds:{names[0]}</source>'
            f"<target>ds:{names[1]}</target>{nmda}{more}</compare>"
        )
    if kind == 5:
        given = f"<from-ago>{draw(st.integers(1, 2))}</from-ago><to-ago>0</to-ago>"
        return f'<get-difference xmlns="{HISTORY}">{given}</get-difference>'
    if kind == 6:
        wanted = f'<filter type="subtree">{subtree}</filter>' if subtree else ""
        return f'<get-blame xmlns="{HISTORY}">{wanted}</get-blame>'
    if kind == 7:
        what = draw(st.sampled_from(["get-configuration", "get-commits"]))
        given = (
            f"<ago>{draw(st.integers(0, 2))}</ago>"
            if what == "get-configuration"
            else "<limit>3</limit><with-changes/>"
        )
        return f'<{what} xmlns="{HISTORY}">{given}</{what}>'
    operation = draw(st.sampled_from(["create", "delete"]))
    name, leaf = draw(st.sampled_from(NAMES)), draw(st.sampled_from(LEAVES))
    values = {"mtu": "1400", "enabled": "true", "description": "x"}
    given = {"delete": "", "create": values[leaf]}[operation]
    here = f' nc:operation="{operation}"'
    below = f"<config><{leaf}{here}>{given}</{leaf}></config>"
    config = draw(
        st.sampled_from(
            [
                in_interface(name, below),
                interfaces(ENTRY.format(attributes=here, name=name, below="")),
                in_interface(name, '<config><mtu nc:operation="merge">bad</mtu></config>'),
            ]
        )
    )
    rest = "<test-option>test-only</test-option><error-option>rollback-on-error</error-option>"
    edit = f"<target><candidate/></target><default-operation>merge</default-operation>{rest}<config>{config}</config>"
    return f"<edit-config>{edit}</edit-config>"


def merged(tree: Node, config: str) -> Node | None:
    """Return a tree with a configuration merged, if that can be the configuration of a device."""
    xml = etree.fromstring(f'<config xmlns:nc="{NC}">{config}</config>'.encode())
    after = edit_config(tree, xml, "merge")
    return None if validate(tree, after) else after


def seen(access: Access, tree: Node) -> str:
    return print_children(access.visible(with_defaults(tree, "report-all"))) + print_children(access.visible(tree))


def masked(reply: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)", "TIME", reply)


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Device, Device]]:
    """Two devices, each with a chip."""
    made = [
        make_device(tmp_path_factory.mktemp(name), [HardwareBackend(SimulatedAsic(PORTS))], administrators=("admin",))
        for name in ("one", "other")
    ]
    yield made[0], made[1]
    for device in made:
        device.close()


def edited(client: Client, tree: Node, rules: str) -> None:
    """Have a tree, and rules, as the candidate."""
    whole = merged(tree, rules)
    assert whole is not None
    config = f"<default-operation>replace</default-operation><config>{print_children(whole)}</config>"
    client.ok(f"<edit-config><target><candidate/></target>{config}</edit-config>")


def committed(client: Client, tree: Node, rules: str, number: int) -> None:
    """Commit a tree, and rules; the number is there to be changed with every commit."""
    marked = merged(tree, interfaces(interface("Ethernet8", description=str(number))))
    assert marked is not None
    edited(client, marked, rules)
    client.ok("<commit/>")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_may_not_be_seen_is_in_no_answer(devices: tuple[Device, Device], data: st.DataObject) -> None:
    rules = data.draw(some_rules())
    admins = [Client(device) for device in devices]
    empty = Node(devices[0].schema.root, {})
    for admin in admins:
        committed(admin, empty, rules, 8)
        committed(admin, empty, rules, 9)
    access = devices[0].access("ann")
    # who may change what he may not see finds out whether it is there: that is what data-exists and data-missing are for
    is_reader = "<write-default>deny" in rules and not re.search(
        r"(create|\*)[^<]*</access-operations><action>permit", rules
    )
    steps: list[tuple[Node, Node]] = []
    mine = theirs = empty
    for _ in range(3):
        mine = merged(mine, data.draw(some_edits())) or mine
        theirs = mine
        for change in data.draw(st.lists(st.one_of(some_edits(), some_removals()), max_size=4)):
            other = merged(theirs, change)
            if other is not None and seen(access, other) == seen(access, theirs):
                theirs = other
        steps.append((mine, theirs))
    # two commits, and what is in the candidate
    for number, step in enumerate(steps[:2]):
        for admin, tree in zip(admins, step, strict=True):
            committed(admin, tree, rules, number)
    for admin, tree in zip(admins, steps[2], strict=True):
        edited(admin, tree, rules)
    operational = [
        seen(access, device.operational.gathered(device.datastores.running, device.deferred_paths(), None))
        for device in devices
    ]
    anns = [Client(device, user="ann") for device in devices]
    requests = st.lists(some_requests(is_reader=is_reader), min_size=5, max_size=15)
    for request in data.draw(requests):
        if ("operational" in request or request.startswith("<get>")) and operational[0] != operational[1]:
            # of what the systems are told to do more may be seen than of the configuration that tells them
            continue
        one, other = (masked(ann.send(request)) for ann in anns)
        assert one == other, request
    for client in (*anns, *admins):
        client.session.close()
