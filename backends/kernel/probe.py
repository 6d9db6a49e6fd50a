"""What a kernel can make."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from backends.kernel import netlink as nl
from backends.kernel.messages import LINK_TYPES
from backends.kernel.netlink import Message, new_link_payload

if TYPE_CHECKING:
    from backends.kernel.netlink import Netlink


def offered_kinds(netlink: Netlink) -> frozenset[str]:
    """Return the kinds of links that this kernel can make, without making any: each is asked for with an impossible MTU.

    Raises:
        PermissionError: This process may not change the network.
    """
    kinds = (*LINK_TYPES, "vlan")
    refused = netlink.send(
        [
            Message(
                nl.NEWLINK,
                nl.CREATE | nl.EXCL,
                new_link_payload([("IFLA_MTU", 0xFFFFFFFF), ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", kind)]})]),
            )
            for kind in kinds
        ]
    )
    if any(error.errno == errno.EPERM for error in refused.values()):
        raise PermissionError(errno.EPERM, "no right to change the network")
    return frozenset(kind for number, kind in enumerate(kinds) if refused[number].errno != errno.EOPNOTSUPP)
