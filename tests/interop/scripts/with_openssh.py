"""OpenSSH's client and messages by hand, in both framings."""

from __future__ import annotations

import re
import subprocess

from tests.interop.scripts.telling import ALL, HOST, NETCONF, PATIENCE, USER, config, given, mtu_in, tell, trying
from tests.nos_mgmt.bad_input import dechunked
from tests.nos_mgmt.over_ssh import END, chunked, hello, rpc

CANDIDATE = "<target><candidate/></target>"
RUNNING = f"<get-config><source><running/></source><filter>{ALL}</filter></get-config>"
REQUESTS = {
    "get": f"<get><filter>{ALL}</filter></get>",
    "lock": f"<lock>{CANDIDATE}</lock>",
    "edit-config": f"<edit-config>{CANDIDATE}{config(2000)}</edit-config>",
    "validate": "<validate><source><candidate/></source></validate>",
    "commit": "<commit/>",
    "get-config": RUNNING,
    "an edit-config that is refused": f"<edit-config>{CANDIDATE}{config('many')}</edit-config>",
    "discard-changes": "<discard-changes/>",
    "commit confirmed": "<commit><confirmed/></commit>",
    "cancel-commit": "<cancel-commit/>",
    "unlock": f"<unlock>{CANDIDATE}</unlock>",
    "close-session": "<close-session/>",
}
FRAMINGS = {"1.0": "urn:ietf:params:netconf:base:1.0", "1.1": "urn:ietf:params:netconf:base:1.1"}


def main() -> None:
    """Say everything at once, and look at each answer."""
    told = given()
    name = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    tell(client="OpenSSH", version=name.partition("OpenSSH_")[2].partition(",")[0].split()[0])
    known = ["-F", "/dev/null", "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={told.known_hosts}"]
    address = ["-s", "-p", str(told.port), "-i", str(told.key), f"{USER}@{HOST}", "netconf"]
    for base, capability in FRAMINGS.items():
        messages = [rpc(request, number) for number, request in enumerate(REQUESTS.values())]
        said = b"".join(chunked(one) if base == "1.1" else one + END for one in messages)
        done = subprocess.run(
            ["ssh", *known, *address],
            input=hello(capability) + said,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        with trying(f"base:{base}: the end is in order"):
            assert (done.returncode, done.stderr) == (0, b""), done.stderr
        greeting, _, rest = done.stdout.partition(END)
        with trying(f"base:{base}: hello"):
            assert b"<session-id>" in greeting
        answers = rest.split(b"\n##\n" if base == "1.1" else END)[:-1]
        replies = [(dechunked(one) if base == "1.1" else one).decode() for one in answers]
        for number, name in enumerate(REQUESTS):
            with trying(f"base:{base}: {name}"):
                check(name, number, replies[number])


def check(name: str, number: int, reply: str) -> None:
    """Hold that a reply is what its request has to have."""
    assert re.search(rf'<rpc-reply [^>]*message-id="{number}"', reply), reply
    assert NETCONF in reply
    if "refused" in name:
        assert "<error-tag>invalid-value</error-tag>" in reply, reply
    elif name == "get":
        assert "oper-status" in reply, reply
    elif name == "get-config":
        assert mtu_in(reply) == "2000", reply
    else:
        assert "<ok/>" in reply, reply


if __name__ == "__main__":
    main()
