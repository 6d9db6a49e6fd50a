"""Netlink: every refusal on its own index, whole dumps, sockets in their namespaces."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends.kernel import netlink as nl
from backends.kernel.messages import ADDRESS, NEIGHBOR, address_messages, link_creation, read_link
from backends.kernel.netlink import IFINFO, Message, Netlink, NetlinkError, attribute, attributes, in_namespace
from backends.kernel.resources import Address, Link
from tests.conftest import PORTS, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

LINKS = Message(nl.GETLINK, nl.DUMP, IFINFO.pack(0, 0, 0, 0, 0))


@pytest.fixture
def netlink(namespace: str) -> Iterator[Netlink]:
    """A socket in a namespace with ports."""
    opened = Netlink(namespace)
    yield opened
    opened.close()


def link(name: str) -> Message:
    return Message(nl.GETLINK, 0, nl.link_payload(name))


def index_of(netlink: Netlink, name: str) -> int:
    return read_link(netlink.ask(link(name))[0][1]).ifindex


def additions(index: int, count: int) -> list[Message]:
    addresses = [Address("Ethernet1", f"10.{n >> 8}.{n & 255}.1", 32) for n in range(count)]
    return [message for address in addresses for message in address_messages(address, index, is_gone=False)]


def own_namespace() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def test_nothing_to_send_is_nothing_refused(netlink: Netlink) -> None:
    assert netlink.send([]) == {}


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
def test_a_batch_of_any_size_is_carried_out(netlink: Netlink, count: int) -> None:
    index = index_of(netlink, "Ethernet1")
    assert netlink.send(additions(index, count)) == {}
    found = netlink.ask(Message(nl.GETADDR, nl.DUMP, ADDRESS.pack(socket.AF_INET, 0, 0, 0, index)))
    assert len(found) == count


def test_each_refusal_is_on_its_own_index(netlink: Netlink) -> None:
    messages = additions(index_of(netlink, "Ethernet1"), 2500)
    there = [0, 1, 500, 998, 999, 1000, 1001, 1999, 2000, 2498, 2499]
    assert netlink.send([messages[number] for number in there]) == {}
    refused = netlink.send(messages)
    assert sorted(refused) == there
    assert {error.code for error in refused.values()} == {"EEXIST"}


def test_all_may_be_refused(netlink: Netlink) -> None:
    refused = netlink.send(additions(9999, 1500))
    assert len(refused) == 1500
    assert {error.errno for error in refused.values()} == {errno.ENODEV}


def test_what_comes_after_a_refusal_is_carried_out(netlink: Netlink) -> None:
    first, second = additions(index_of(netlink, "Ethernet1"), 2)
    assert sorted(netlink.send([first, first, second])) == [1]
    assert sorted(netlink.send([second])) == [0]


def test_a_refusal_has_the_kernels_own_words(netlink: Netlink) -> None:
    bridge = link_creation(Link("Ethernet1", "bridge", enabled=True, mtu=1500, alias=""), 0, "")
    assert netlink.send([bridge])[0].reason == "file exists"
    huge = attribute(nl.IFLA_MTU, struct.pack("=I", 66000))
    error = netlink.send([Message(nl.NEWLINK, 0, nl.link_payload("Ethernet1", huge))])[0]
    assert (error.code, error.reason) == ("EINVAL", "mtu greater than device maximum")


def test_a_question_about_what_is_not_there_is_refused(netlink: Netlink) -> None:
    with pytest.raises(NetlinkError) as refused:
        netlink.ask(link("nowhere"))
    assert refused.value.code == "ENODEV"


def test_an_unknown_errno_is_told_as_a_number() -> None:
    assert NetlinkError(524, "").code == "524"


def test_a_dump_has_everything(netlink: Netlink) -> None:
    names = {read_link(payload).name for kind, payload in netlink.ask(LINKS) if kind == nl.NEWLINK}
    assert names == {"lo", *PORTS}


def test_a_dump_of_many_parts_has_everything(netlink: Netlink) -> None:
    index = index_of(netlink, "Ethernet1")
    neighbors = [
        Message(
            nl.NEWNEIGH,
            nl.CREATE,
            NEIGHBOR.pack(socket.AF_INET, index, 0x80, 0, 0)
            + attribute(1, bytes([10, 0, number >> 8, number & 255]))
            + attribute(2, bytes(6)),
        )
        for number in range(1, 901)
    ]
    assert netlink.send(neighbors) == {}
    found = netlink.ask(Message(nl.GETNEIGH, nl.DUMP, NEIGHBOR.pack(socket.AF_INET, 0, 0, 0, 0)))
    assert len(found) == 900


def test_a_dump_that_is_refused_is_not_taken_for_an_empty_one(netlink: Netlink) -> None:
    # the kernel says so at the end of the dump; a prefix length is none of the things that it filters by
    with pytest.raises(NetlinkError):
        netlink.ask(Message(nl.GETADDR, nl.DUMP, ADDRESS.pack(socket.AF_INET, 24, 0, 0, 0)))


def test_a_dump_of_a_link_that_is_not_there_is_refused(netlink: Netlink) -> None:
    with pytest.raises(NetlinkError) as refused:
        netlink.ask(Message(nl.GETADDR, nl.DUMP, ADDRESS.pack(socket.AF_INET, 0, 0, 0, 9999)))
    assert refused.value.code == "ENODEV"


class Interrupted(Netlink):
    """Gets dumps of which the kernel says, so many times, that they were interrupted."""

    times = 0

    def _receive(self, first: int, last: int) -> Iterator[tuple[int, int, int, bytes]]:
        flags = nl.DUMP_INTERRUPTED if self.times else 0
        self.times = max(self.times - 1, 0)
        for sequence, kind, _, payload in super()._receive(first, last):
            yield sequence, kind, flags, payload


def test_a_dump_that_was_interrupted_is_asked_for_again(namespace: str) -> None:
    netlink = Interrupted(namespace)
    netlink.times = 3
    assert len(netlink.ask(LINKS)) == len(PORTS) + 1
    assert netlink.times == 0
    netlink.times = 1000
    with pytest.raises(OSError, match="change faster than they can be read"):
        netlink.ask(LINKS)
    netlink.close()


def test_answers_that_are_left_over_are_passed_by(netlink: Netlink) -> None:
    # as after a request whose answers nobody waited for
    netlink._socket.send(nl._packed(LINKS, nl.REQUEST, 12345))
    assert read_link(netlink.ask(link("Ethernet3"))[0][1]).name == "Ethernet3"
    assert netlink.send(additions(9999, 1))[0].code == "ENODEV"


def test_a_kernel_that_does_not_answer_is_not_waited_for_forever(netlink: Netlink) -> None:
    netlink._socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        list(netlink._receive(77, 77))


def test_several_threads_get_their_own_answers(netlink: Netlink) -> None:
    wrong = []

    def ask(name: str) -> None:
        wrong.extend(name for _ in range(100) if read_link(netlink.ask(link(name))[0][1]).name != name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in PORTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_link_of_another_namespace_is_not_there(namespace: str) -> None:
    other = Netlink(f"{namespace}-far")
    bridge = link_creation(Link("only-here", "bridge", enabled=True, mtu=1500, alias=""), 0, "")
    mine = Netlink(namespace)
    assert mine.send([bridge]) == {}
    assert len(mine.ask(link("only-here"))) == 1
    with pytest.raises(NetlinkError, match=os.strerror(errno.ENODEV).lower()):
        other.ask(link("only-here"))
    mine.close()
    other.close()


def test_a_thread_does_not_leak_the_namespace(namespace: str) -> None:
    before = own_namespace()
    inside = in_namespace(namespace, own_namespace)
    assert inside != before
    assert own_namespace() == before
    assert in_namespace(namespace, lambda: Path("/proc/self/ns/net").stat().st_ino) == before


def test_without_a_name_it_is_the_namespace_one_is_in(namespace: str) -> None:
    assert in_namespace(None, own_namespace) == own_namespace()
    assert in_namespace(namespace, lambda: in_namespace(None, own_namespace)) == in_namespace(namespace, own_namespace)


def test_a_namespace_that_is_not_there_is_not_made() -> None:
    with pytest.raises(FileNotFoundError):
        Netlink("nostest-nowhere")
    assert not Path("/var/run/netns/nostest-nowhere").exists()


def test_what_is_raised_in_a_namespace_is_raised_here(namespace: str) -> None:
    with pytest.raises(ZeroDivisionError):
        in_namespace(namespace, lambda: 1 // 0)


UNPRIVILEGED = """
import socket, struct
from backends.kernel import KernelBackend, netlink as nl
from backends.kernel.resources import Address, Hop, Link, Port, Route
from backends.operation import Operation, OperationFailed

backend = KernelBackend()
backend.execute([Operation(None, Link("br0", "bridge", enabled=True, mtu=1500, alias=""))])
addresses = [Operation(None, Address("br0", f"10.0.{n >> 8}.{n & 255}", 16)) for n in range(1, 1501)]
backend.execute(addresses)
try:
    backend.execute(addresses)
except OperationFailed as failed:
    print(len(failed.failures), "refused")
hops = tuple(Hop(f"10.0.{n >> 8}.{n & 255}", "br0") for n in range(2000, 2300))
routes = [Operation(None, Route(f"172.16.{n}.0/24", 0, hops)) for n in range(100)]
backend.execute(routes)
print(len(backend.read([operation.key for operation in routes])), "routes")
"""


def test_root_of_a_user_namespace_is_enough() -> None:
    inside = [needs("unshare"), "--user", "--map-root-user", "--net"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    command = [*inside, sys.executable, "-c", UNPRIVILEGED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["1500 refused", "100 routes"], done.stderr


def test_nothing_stays_open(namespace: str) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for _ in range(5):
        Netlink(namespace).close()
        in_namespace(namespace, own_namespace)
    assert descriptors() == before


def test_attributes_are_read_as_they_are_written() -> None:
    octets = attribute(3, b"eth0\0") + attribute(4, struct.pack("=I", 1500)) + attribute(20, b"")
    assert len(octets) % 4 == 0
    assert attributes(octets) == {3: b"eth0\0", 4: struct.pack("=I", 1500), 20: b""}
    assert attributes(b"xxxx" + octets, 4) == attributes(octets)


def test_attributes_that_are_cut_off_or_lie_end_the_reading() -> None:
    good = attribute(3, b"abcd")
    assert attributes(good + b"\x01") == {3: b"abcd"}
    assert attributes(good + b"\x03\x00\x05\x00" + good) == {3: b"abcd"}


def test_an_attribute_has_at_most_64_kilobytes() -> None:
    assert len(attribute(9, bytes(65531))) == 65536
    with pytest.raises(NetlinkError, match="65532 octets are more than one attribute holds"):
        attribute(9, bytes(65532))
