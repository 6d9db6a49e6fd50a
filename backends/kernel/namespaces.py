"""Network namespaces with ports: a device to manage, and a second namespace at the other end of its cables."""

from __future__ import annotations

import errno
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pyroute2 import IPRoute, netns
from pyroute2.netlink.exceptions import NetlinkError

from backends.kernel.netlink import in_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SYSCTL = Path("/proc/sys/net")
ROUTER = {
    "ipv4/ip_forward": "1",
    "ipv6/conf/all/forwarding": "1",
}
"""What makes a namespace a router."""
SECONDARIES = {"ipv4/conf/all/promote_secondaries": "1"}
"""What keeps addresses when another one of the same network goes that was there before them."""


def exists(namespace: str) -> bool:
    """Return whether there is a namespace of this name."""
    return namespace in netns.listnetns()


def make(namespace: str, far: str, ports: Sequence[str]) -> None:
    """Make `namespace` with `ports`, whose other ends are up in the namespace `far` under the same names.

    Namespaces and ports that are there already are taken as they are.

    Raises:
        PermissionError: This process may not make namespaces.
    """
    with _plain_refusal():
        for name in (namespace, far):
            if not exists(name):
                netns.create(name)
        with IPRoute(netns=namespace) as near_end, IPRoute(netns=far) as far_end:
            here = {link.get("ifname") for link in near_end.get_links()}
            for port in ports:
                if port not in here:
                    near_end.link("add", ifname=port, kind="veth", peer={"ifname": port, "net_ns_fd": far})
            for end in (near_end, far_end):
                end.link("set", index=end.link_lookup(ifname="lo")[0], state="up")
            for port in ports:
                far_end.link("set", index=far_end.link_lookup(ifname=port)[0], state="up")
        in_namespace(namespace, lambda: _set(ROUTER))


@contextmanager
def _plain_refusal() -> Iterator[None]:
    """Turn what the kernel says to those without the right into `PermissionError`."""
    try:
        yield
    except (OSError, NetlinkError) as error:
        number = error.code if isinstance(error, NetlinkError) else error.errno
        # settings are a file system that cannot be written in some containers
        if number not in (errno.EPERM, errno.EACCES, errno.EROFS):
            raise
        raise PermissionError(number, "no right to make network namespaces") from error


def keep_secondaries(namespace: str | None) -> None:
    """Have the kernel remove the addresses of `namespace`, or of the process's own, one at a time, as it is told.

    Where settings cannot be written, in some containers, it goes on to take the others of a network with the first one.
    """
    with suppress(OSError):
        in_namespace(namespace, lambda: _set(SECONDARIES))


def remove(*namespaces: str) -> None:
    """Remove namespaces, with all that is in them; those that are not there are passed over."""
    for name in namespaces:
        if exists(name):
            netns.remove(name)


def _set(values: dict[str, str]) -> None:
    for name, value in values.items():
        (SYSCTL / name).write_text(value, encoding="ascii")
