"""A session of the package `netconf`, which runs in an environment of its own; what it saw is printed as JSON.

Arguments: the server's port, the file of the user's key.
"""

from __future__ import annotations

import json
import sys

import paramiko  # type: ignore[import-untyped]
from netconf.client import NetconfSSHSession  # type: ignore[import-not-found]
from netconf.error import RPCError  # type: ignore[import-not-found]

# what this client cannot, or does wrong, and what is done about it:
# - its other half, the server, wants DSSKey, which paramiko 4 no longer has: the lock keeps 3.5.1
# - a key is given in place of the password
# - it has no validate, commit and discard-changes: those are sent as text
# - it puts message-id into a namespace: the server takes that
# - of several errors it tells the first one, and of none the path: that is read from the reply
# - it does not wait for the answer to its close-session

PATIENCE = 20.0
NETCONF = "urn:ietf:params:xml:ns:netconf:base:1.0"
INTERFACES = "http://openconfig.net/yang/interfaces"


def config(mtu: str) -> str:
    """Return a configuration of one interface."""
    return f"""<nc:config><interfaces xmlns="{INTERFACES}"><interface><name>Ethernet1</name>
        <config><name>Ethernet1</name><mtu>{mtu}</mtu>
        <type xmlns:i="urn:ietf:params:xml:ns:yang:iana-if-type">i:ethernetCsmacd</type></config>
        </interface></interfaces></nc:config>"""


def main() -> None:
    """Say hello, read, edit, commit, and be refused."""
    port, file = sys.argv[1:]
    key = paramiko.Ed25519Key.from_private_key_file(file)
    seen: dict[str, object] = {}
    with NetconfSSHSession("127.0.0.1", int(port), "admin", key) as session:
        seen["session-id"] = session.session_id
        seen["capabilities"] = sorted(session.capabilities)
        seen["chunked"] = session.new_framing

        def mtus(source: str, select: str | None = None) -> list[str]:
            data = session.get_config(source, select, timeout=PATIENCE)
            return [element.text for element in data.iter(f"{{{INTERFACES}}}mtu")]

        seen["before"] = mtus("running")
        session.lock("candidate", timeout=PATIENCE)
        session.edit_config("candidate", "merge", config("2000"), timeout=PATIENCE)
        seen["candidate"] = mtus("candidate")
        for operation in ("<nc:validate><nc:source><nc:candidate/></nc:source></nc:validate>", "<nc:commit/>"):
            session.send_rpc(operation, timeout=PATIENCE)
        session.unlock("candidate", timeout=PATIENCE)
        seen["running"] = mtus("running")
        seen["selected"] = mtus("running", f'<interfaces xmlns="{INTERFACES}"/>')
        seen["not selected"] = mtus(
            "running", f'<interfaces xmlns="{INTERFACES}"><interface><name>lo</name></interface></interfaces>'
        )
        state = session.get(f'<interfaces xmlns="{INTERFACES}"/>', timeout=PATIENCE)
        seen["state"] = len(list(state.iter(f"{{{INTERFACES}}}oper-status")))
        try:
            session.edit_config("candidate", "merge", config("many"), timeout=PATIENCE)
        except RPCError as error:
            seen["error"] = [error.get_error_type(), error.get_error_tag(), error.get_error_severity()]
            seen["error-path"] = error.error.findtext(f"{{{NETCONF}}}error-path")
        seen["after"] = mtus("candidate")
    print(json.dumps(seen))  # noqa: T201 - that is how it tells


if __name__ == "__main__":
    main()
