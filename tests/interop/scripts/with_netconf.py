"""The client of the package `netconf` 2.1.0.

What it cannot, or does wrong, and what is done about it:

- its other half, the server, wants DSSKey, which paramiko 4 no longer has: the lock keeps 3.5.1
- a key is given in place of the password
- it has no validate, commit and discard-changes: those are sent as text
- it puts message-id into a namespace: the server takes that
- of several errors it tells the first one, and of none the path: that is read from the reply
- it does not wait for the answer to its close-session
"""

from __future__ import annotations

from importlib.metadata import version

import paramiko  # type: ignore[import-untyped]
from netconf.client import NetconfSSHSession  # type: ignore[import-not-found]
from netconf.error import RPCError  # type: ignore[import-not-found]

from tests.interop.scripts.telling import ALL, HOST, NETCONF, PATIENCE, USER, config, given, tell, trying
from tests.openconfig import INTERFACES

VALIDATE = "<nc:validate><nc:source><nc:candidate/></nc:source></nc:validate>"


def main() -> None:
    """Say hello, read, edit, commit, and be refused."""
    told = given()
    tell(client="netconf (client)", version=version("netconf"))
    key = paramiko.Ed25519Key.from_private_key_file(str(told.key))
    with trying("hello"):
        session = NetconfSSHSession(HOST, told.port, USER, key)
        assert session.session_id >= 1
        assert session.new_framing
        assert "urn:ietf:params:netconf:capability:candidate:1.0" in session.capabilities

    def mtus(source: str, select: str | None = None) -> list[str]:
        data = session.get_config(source, select, timeout=PATIENCE)
        return [element.text for element in data.iter(f"{{{INTERFACES}}}mtu")]

    with trying("get-config"):
        assert mtus("running") == []
    with trying("lock"):
        session.lock("candidate", timeout=PATIENCE)
    with trying("edit-config"):
        session.edit_config("candidate", "merge", config(2000), timeout=PATIENCE)
        assert mtus("candidate") == ["2000"]
    for name, operation in (("validate", VALIDATE), ("commit", "<nc:commit/>")):
        with trying(f"{name}, as text"):
            session.send_rpc(operation, timeout=PATIENCE)
    with trying("unlock"):
        session.unlock("candidate", timeout=PATIENCE)
        assert mtus("running") == ["2000"]
    with trying("get-config with a subtree filter"):
        assert mtus("running", ALL) == ["2000"]
        other = f'<interfaces xmlns="{INTERFACES}"><interface><name>lo</name></interface></interfaces>'
        assert mtus("running", other) == []
    with trying("get"):
        assert list(session.get(ALL, timeout=PATIENCE).iter(f"{{{INTERFACES}}}oper-status"))
    with trying("an edit-config that is refused"):
        try:
            session.edit_config("candidate", "merge", config("many"), timeout=PATIENCE)
        except RPCError as error:
            seen = [error.get_error_type(), error.get_error_tag(), error.get_error_severity()]
            assert seen == ["application", "invalid-value", "error"]
            path = error.error.findtext(f"{{{NETCONF}}}error-path")
            assert path.endswith("/oc-if:config/oc-if:mtu"), path
        else:
            raise AssertionError("taken")
        assert mtus("candidate") == ["2000"]
    with trying("close-session"):
        session.close()


if __name__ == "__main__":
    main()
