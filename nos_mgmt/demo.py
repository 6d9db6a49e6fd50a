"""A demonstration that proves what it shows: a commit, a refused commit, a rollback, on a real kernel and a simulated chip."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import click
from lxml import etree

from backends.hardware.remote import RemoteDriver
from backends.hardware.simulated import Fault
from backends.kernel import namespaces
from nos_mgmt.embedded import socket_of

if TYPE_CHECKING:
    from ncclient.manager import Manager

NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0"
HISTORY = "urn:nos-mgmt:yang:nos-history"
INTERFACES = "http://openconfig.net/yang/interfaces"
START_TIME = 30.0

FIRST = """
<interfaces xmlns="http://openconfig.net/yang/interfaces" xmlns:ift="urn:ietf:params:xml:ns:yang:iana-if-type">
  {ports}
</interfaces>
<network-instances xmlns="http://openconfig.net/yang/network-instance">
  <network-instance>
    <name>DEFAULT</name>
    <config>
      <name>DEFAULT</name>
      <type xmlns:t="http://openconfig.net/yang/network-instance-types">t:DEFAULT_INSTANCE</type>
    </config>
    <protocols>
      <protocol>
        <identifier xmlns:p="http://openconfig.net/yang/policy-types">p:STATIC</identifier>
        <name>static</name>
        <config>
          <identifier xmlns:p="http://openconfig.net/yang/policy-types">p:STATIC</identifier>
          <name>static</name>
        </config>
        <static-routes>{routes}</static-routes>
      </protocol>
    </protocols>
  </network-instance>
</network-instances>
"""

PORT = """
  <interface>
    <name>{name}</name>
    <config>
      <name>{name}</name><type>ift:ethernetCsmacd</type><mtu>{mtu}</mtu><description>{description}</description>
    </config>
    <subinterfaces>
      <subinterface>
        <index>0</index>
        <config><index>0</index></config>
        <ipv4 xmlns="http://openconfig.net/yang/interfaces/ip">
          <addresses>
            <address><ip>{ip}</ip><config><ip>{ip}</ip><prefix-length>24</prefix-length></config></address>
          </addresses>
        </ipv4>
      </subinterface>
    </subinterfaces>
  </interface>
"""

ROUTE = """
  <static>
    <prefix>{prefix}</prefix>
    <config><prefix>{prefix}</prefix></config>
    <next-hops>
      <next-hop><index>0</index><config><index>0</index><next-hop>{via}</next-hop></config></next-hop>
    </next-hops>
  </static>
"""


class Demonstration:
    """Tells what it does, and keeps count of what held."""

    def __init__(self, folder: Path) -> None:
        """Keep the server's state in `folder`."""
        self.state = folder / "state"
        self.log = folder / "server.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.name = f"nos-{self.port}"
        self.failed: list[str] = []
        self.proofs = 0
        self._step = 0

    def step(self, title: str) -> None:
        """Begin a step."""
        self._step += 1
        click.secho(f"\n{self._step}. {title}", bold=True)

    def show(self, text: str) -> None:
        """Show something."""
        for line in text.strip("\n").splitlines():
            click.echo(f"     {line}")

    def prove(self, claim: str, *, holds: bool) -> None:
        """Note whether a claim holds."""
        self.proofs += 1
        if not holds:
            self.failed.append(claim)
        click.secho(f"   {'proved' if holds else 'NOT TRUE'}: {claim}", fg="green" if holds else "red")

    def ip(self, *arguments: str, namespace: str | None = None) -> str:
        """Return what `ip` says in the device's namespace, or in another one."""
        return run("ip", "-n", namespace or self.name, *arguments)

    def kernel(self) -> Any:
        """Return links, addresses and routes of the device, without what changes by itself."""
        links = json.loads(self.ip("-json", "-details", "addr"))
        routes = [json.loads(self.ip("-json", *family, "route")) for family in ((), ("-6",))]
        names = ("ifname", "mtu", "flags", "ifalias", "addr_info")
        return [{name: link.get(name) for name in names} for link in links], routes

    def chip(self) -> RemoteDriver:
        """Return the chip."""
        return RemoteDriver(socket_of(self.state))

    def objects(self) -> dict[Any, Any]:
        """Return all that the chip holds."""
        chip = self.chip()
        ports = chip.get([("hardware:port", name) for name in chip.status(None)])
        found = {**{held.key: held for held in chip.objects()}, **ports}
        chip.close()
        return found


def run(*command: str) -> str:
    """Return what a command prints.

    Raises:
        click.ClickException: It fails.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def demonstrate() -> bool:
    """Run the demonstration, and return whether every proof held.

    Raises:
        click.ClickException: Something that it needs is not there.
    """
    with tempfile.TemporaryDirectory(prefix="nos-demo-") as folder, ExitStack() as stack:
        demo = Demonstration(Path(folder))
        click.secho(
            "nos-mgmt: OpenConfig over NETCONF, a kernel and a chip, and a commit that cannot be half done", bold=True
        )
        _start(demo, stack)
        manager = _connect(demo, stack)
        hosts = _attach_hosts(demo, stack)
        _commit(demo, manager, hosts)
        _refuse(demo, manager)
        _roll_back(demo, manager, hosts)
        _end(demo, stack)
        click.echo()
        held = demo.proofs - len(demo.failed)
        click.secho(f"{held} of {demo.proofs} proofs held", bold=True, fg="red" if demo.failed else "green")
        return not demo.failed


def _start(demo: Demonstration, stack: ExitStack) -> None:
    demo.step("Start a server")
    command = [sys.executable, "-m", "nos_mgmt", "serve", "--state", str(demo.state), "--port", str(demo.port)]
    with demo.log.open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def stop() -> None:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
            server.wait(30)

    stack.callback(stop)
    deadline = time.monotonic() + START_TIME
    while "connect with:" not in (said := demo.log.read_text(encoding="utf-8")):
        if server.poll() is not None or time.monotonic() > deadline:
            raise click.ClickException(f"the server did not start: {said}")
        time.sleep(0.02)
    demo.show(said)
    demo.prove("kernel and chip are managed together", holds="with kernel and hardware" in said)
    if "no kernel backend" in said:
        raise click.ClickException("the demonstration needs the right to make network namespaces: run it as root")


def _connect(demo: Demonstration, stack: ExitStack) -> Manager:
    try:
        from ncclient import manager  # noqa: PLC0415 - an extra
        from ncclient.transport import session  # noqa: PLC0415
    except ImportError as error:
        raise click.ClickException("the demonstration needs ncclient: pip install 'nos-mgmt[demo]'") from error
    session.TICK = 0.01  # ncclient looks for something to send only every 100 ms
    demo.step("Connect with ncclient, a client that we did not write")
    connected = manager.connect(
        host="127.0.0.1",
        port=demo.port,
        username="admin",
        key_filename=str(demo.state / "admin_ed25519"),
        hostkey_verify=False,
        allow_agent=False,
        look_for_keys=False,
    )
    stack.callback(connected.close_session)
    capabilities = list(connected.server_capabilities)
    modules = [capability for capability in capabilities if "module=" in capability]
    demo.show(f"session {connected.session_id}, {len(modules)} modules, for example\n{modules[-3]}")
    demo.prove(
        "the server has candidate, validate and rollback-on-error",
        holds=all(
            any(f":{name}:" in capability for capability in capabilities)
            for name in ("candidate", "validate", "rollback-on-error")
        ),
    )
    return connected


def _attach_hosts(demo: Demonstration, stack: ExitStack) -> tuple[str, str]:
    """Put a host behind Ethernet1 and another one behind Ethernet2."""
    hosts = (f"{demo.name}-a", f"{demo.name}-b")
    for number, host in enumerate(hosts, 1):
        run("ip", "netns", "add", host)
        stack.callback(namespaces.remove, host)
        demo.ip("link", "set", f"Ethernet{number}", "netns", host, namespace=f"{demo.name}-far")
        demo.ip("addr", "add", f"10.0.{number}.2/24", "dev", f"Ethernet{number}", namespace=host)
        demo.ip("link", "set", f"Ethernet{number}", "up", namespace=host)
        demo.ip("link", "set", "lo", "up", namespace=host)
        demo.ip("route", "add", "default", "via", f"10.0.{number}.1", namespace=host)
    demo.ip("addr", "add", "192.0.2.1/32", "dev", "lo", namespace=hosts[1])
    return hosts


def _commit(demo: Demonstration, manager: Manager, hosts: tuple[str, str]) -> None:
    demo.step("Edit the candidate: two ports with addresses, and a route to 192.0.2.0/24 behind the second one")
    ports = "".join(
        PORT.format(
            name=f"Ethernet{number}", mtu=1500, description=f"to host {'ab'[number - 1]}", ip=f"10.0.{number}.1"
        )
        for number in (1, 2)
    )
    _edit(manager, FIRST.format(ports=ports, routes=ROUTE.format(prefix="192.0.2.0/24", via="10.0.2.2")))
    demo.prove("running is still empty", holds=not _data(manager.get_config("running")))
    demo.step("Ask for the plan: what the commit will do, before it does it")
    plan = _plan(manager)
    demo.show(plan)
    demo.prove("the plan has operations on the kernel and on the chip", holds="kernel:" in plan and "hardware:" in plan)
    demo.step("Commit")
    _dispatch(manager, f'<commit xmlns="{NETCONF}"><comment xmlns="{HISTORY}">two hosts</comment></commit>')
    demo.show(f"$ ip -n {demo.name} -brief address; ip -n {demo.name} route")
    addresses, routes = demo.ip("-brief", "address"), demo.ip("route")
    demo.show("\n".join(line for line in addresses.splitlines() if "10.0." in line))
    demo.show(routes)
    demo.prove("the kernel has both addresses", holds="10.0.1.1/24" in addresses and "10.0.2.1/24" in addresses)
    demo.prove("the kernel has the route", holds="192.0.2.0/24 via 10.0.2.2" in routes)
    held = demo.objects()
    demo.show("the chip:")
    demo.show("\n".join(f"{found}  {found.attributes()}" for found in held.values() if "route" in found.kind))
    demo.prove("the chip has the route", holds=("hardware:route", "192.0.2.0/24") in held)
    _ping(demo, hosts[0])


def _refuse(demo: Demonstration, manager: Manager) -> None:
    demo.step("Have the chip refuse one object of the next commit, in the middle of it")
    chip = demo.chip()
    chip.inject(Fault(key=("hardware:route", "203.0.113.0/24")))
    port = PORT.format(name="Ethernet1", mtu=9000, description="changed", ip="10.0.1.1")
    third = PORT.format(name="Ethernet3", mtu=1500, description="new", ip="10.0.3.1")
    _edit(manager, FIRST.format(ports=port + third, routes=ROUTE.format(prefix="203.0.113.0/24", via="10.0.2.2")))
    demo.show(_plan(manager))
    running, kernel, held = _data(manager.get_config("running")), demo.kernel(), demo.objects()
    refused = None
    try:
        manager.commit()
    except Exception as error:  # noqa: BLE001 - ncclient's RPCError, or whatever else comes: it is looked at
        refused = error
    demo.show(f"the client sees: {getattr(refused, 'tag', None)} at {getattr(refused, 'path', None)}\n{refused}")
    demo.prove("the commit was refused", holds=getattr(refused, "tag", None) == "operation-failed")
    demo.prove("running is what it was", holds=_data(manager.get_config("running")) == running)
    demo.prove("the kernel is what it was: links, addresses, routes", holds=demo.kernel() == kernel)
    demo.prove("the chip is what it was: every object", holds=demo.objects() == held)
    demo.prove("the candidate is kept", holds="203.0.113.0/24" in _data(manager.get_config("candidate")))
    chip.inject(None)
    chip.close()


def _roll_back(demo: Demonstration, manager: Manager, hosts: tuple[str, str]) -> None:
    demo.step("Commit it again, now that the chip is healed")
    manager.commit()
    demo.prove("the kernel has the new MTU", holds='"mtu":9000' in demo.ip("-json", "link", "show", "Ethernet1"))
    demo.prove("the chip has the new route", holds=("hardware:route", "203.0.113.0/24") in demo.objects())
    demo.step("Roll back to commit 1")
    _dispatch(manager, f'<rollback xmlns="{HISTORY}"><commit>1</commit><comment>that was it</comment></rollback>')
    first = etree.fromstring(
        _dispatch(manager, f'<get-configuration xmlns="{HISTORY}"><commit>1</commit></get-configuration>')
    )
    inner = first.find(f"{{{HISTORY}}}configuration")
    then = "".join(etree.tostring(child, method="c14n").decode() for child in inner) if inner is not None else ""
    demo.prove(
        "running is the configuration of commit 1", holds=bool(then) and _data(manager.get_config("running")) == then
    )
    demo.prove("the kernel has the old MTU", holds='"mtu":1500' in demo.ip("-json", "link", "show", "Ethernet1"))
    demo.prove("the chip no longer has the route", holds=("hardware:route", "203.0.113.0/24") not in demo.objects())
    _ping(demo, hosts[0])
    demo.step("Look at the history")
    found = _history(manager)
    demo.show("\n".join(found))
    states = [line.split()[1] for line in found]
    demo.prove(
        "it has all four commits, the refused one among them", holds=states == ["sealed", "aborted", "sealed", "sealed"]
    )


def _end(demo: Demonstration, stack: ExitStack) -> None:
    demo.step("End the server")
    stack.close()
    demo.prove(
        "its namespaces are gone", holds=not namespaces.exists(demo.name) and not namespaces.exists(f"{demo.name}-far")
    )


def _ping(demo: Demonstration, host: str) -> None:
    command = ("ip", "netns", "exec", host, "ping", "-c", "3", "-i", "0.2", "-W", "2", "192.0.2.1")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    demo.show(f"$ {' '.join(command)}")
    demo.show("\n".join(done.stdout.splitlines()[-3:]))
    demo.prove("host a reaches 192.0.2.1 behind host b, through the device", holds=done.returncode == 0)


def _edit(manager: Manager, config: str) -> None:
    manager.edit_config(target="candidate", config=f'<config xmlns="{NETCONF}">{config}</config>')


def _dispatch(manager: Manager, operation: str) -> bytes:
    return bytes(str(manager.dispatch(etree.fromstring(operation))), "utf-8")


def _data(reply: Any) -> str:
    """Return the content of a reply's data element in canonical form."""
    data = etree.fromstring(reply.data_xml.encode())
    return "".join(etree.tostring(child, method="c14n").decode() for child in data)


def _plan(manager: Manager) -> str:
    """Return the plan of the candidate for people."""
    reply = etree.fromstring(_dispatch(manager, f'<get-plan xmlns="{HISTORY}"/>'))
    lines = []
    for operation in reply.iter(f"{{{HISTORY}}}operation"):
        changes = [
            f"{_text(one, 'name')} {_text(one, 'before')} -> {_text(one, 'after')}"
            for one in operation.iter(f"{{{HISTORY}}}attribute")
        ]
        index, action, resource = (_text(operation, name) for name in ("index", "action", "resource"))
        lines.append(f"{index:>3} {action:6} {resource}  {', '.join(changes)}")
    return "\n".join(lines)


def _text(element: etree._Element, name: str) -> str:
    return element.findtext(f"{{{HISTORY}}}{name}", "")


def _history(manager: Manager) -> list[str]:
    """Return a line for each commit."""
    reply = manager.get(filter=("subtree", f'<history xmlns="{HISTORY}"/>'))
    root = etree.fromstring(reply.data_xml.encode())
    names = ("id", "state", "time", "user", "comment", "reason")
    return [
        "  ".join(escape(found) for name in names if (found := commit.findtext(f"{{{HISTORY}}}{name}")))
        for commit in root.iter(f"{{{HISTORY}}}commit")
    ]
