"""yangcli of yuma123, in batch mode: what it prints of each reply is read.

What it cannot, and what is done about it:

- it asks for the modules that hello names, not for those that these import: what OpenConfig's interfaces need is brought into a
  folder of its own by get-schema, and put on its path
- it stops at the first reply that is an error: a request that is to be refused comes last
- its commit is that of a module of its own, in which the feature confirmed-commit is never there
- it may find its session closed before it has read the answer to its close-session: it is left to end by itself
- it does not read identityrefs in some submodules of openconfig-network-instance (`identityref '--' has invalid base value`,
  with a NULL pointer of its own), so that it edits these by text only
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from tests.conftest import Server
from tests.interop.scripts.telling import HOST, MONITORING, USER, Given, config, faulty, given, tell, trying
from tests.nos_mgmt.openssh import OpenSsh, command

if TYPE_CHECKING:
    from pathlib import Path

STANDARD = "/usr/share/yuma/modules"
MTU = "/oc-if:interfaces/oc-if:interface[oc-if:name='Ethernet1']/oc-if:config/oc-if:mtu"
OK, DATA = "RPC OK Reply", "RPC Data Reply"
COMMANDS = {
    "get-config": ("get-config source=running", DATA, ""),
    "lock": ("lock target=candidate", OK, ""),
    "edit-config, from a file": ("edit-config target=candidate config=@{folder}/config.xml", OK, ""),
    "get-config of what is edited": ("get-config source=candidate", DATA, "mtu 2000"),
    "validate": ("validate source=candidate", OK, ""),
    "commit": ("commit", OK, ""),
    "copy-config": ("copy-config source=running target=startup", OK, ""),
    "merge, by the model": (f"merge {MTU} value=3000", OK, ""),
    "sget-config, by the model": ("sget-config source=candidate /oc-if:interfaces", DATA, "mtu 3000"),
    "discard-changes": ("discard-changes", OK, ""),
    "sget, by the model": ("sget /ncm:netconf-state/ncm:capabilities", DATA, "capability"),
    "get": ("get", DATA, "oper-status UP"),
    "get-schema": ("get-schema identifier=openconfig-interfaces version={revision} format=yang", DATA, "module openconfig"),
    "delete-config": ("delete-config target=startup", OK, ""),
    "unlock": ("unlock target=candidate", OK, ""),
}  # fmt: skip
CONFIRMED, UNKNOWN = "commit confirmed confirm-timeout=60 persist=interop", "Unknown parameter (confirmed"
REFUSED = ("edit-config target=candidate config=@{folder}/wrong.xml", "RPC Error Reply", "error-tag invalid-value")


def main() -> None:
    """Run both scripts."""
    told = given()
    package = ["dpkg-query", "--show", "--showformat", "${Version}", "yangcli"]
    tell(client="yangcli", version=subprocess.run(package, capture_output=True, text=True, check=True).stdout)
    revision = bring_modules(told)
    for name, mtu in (("config", "2000"), ("wrong", "many")):
        content = config(mtu)
        inner = content[content.index(">") + 1 : content.rindex("<")]
        (told.folder / f"{name}.xml").write_text(inner)
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(told.key)], capture_output=True, check=True).stdout
    (told.folder / "key.pub").write_bytes(public)
    commands = {
        name: (line.format(folder=told.folder, revision=revision), kind, shows)
        for name, (line, kind, shows) in COMMANDS.items()
    }
    replies = replies_in(run(told, [line for line, _, _ in commands.values()]))
    for (name, (_, kind, shows)), reply in zip(commands.items(), [*replies, *[""] * len(commands)], strict=False):
        with trying(name):
            assert reply.startswith(kind), reply
            assert shows in reply, reply
    with trying("an edit-config that is refused"):
        (reply,) = replies_in(run(told, [REFUSED[0].format(folder=told.folder)]))
        assert reply.startswith(REFUSED[1]), reply
        assert REFUSED[2] in reply, reply
    with faulty("commit confirmed", UNKNOWN):
        shown = run(told, [CONFIRMED])
        assert UNKNOWN not in shown, shown


def replies_in(shown: str) -> list[str]:
    """Return each reply that yangcli shows."""
    return [f"RPC {part}" for part in re.split(r"^RPC (?=\w+ Reply)", shown, flags=re.MULTILINE)[1:]]


def run(told: Given, lines: list[str]) -> str:
    """Return what yangcli prints when it runs `lines` as a script."""
    script = told.folder / "script"
    script.write_text("\n".join(lines) + "\n")
    options = {
        "server": HOST,
        "ncport": told.port,
        "user": USER,
        # asked for on the terminal otherwise; the key is tried first
        "password": "none",
        "private-key": told.key,
        "public-key": told.folder / "key.pub",
        "modpath": f"{told.folder / 'modules'}:{STANDARD}",
        "run-script": script,
    }
    words = ["yangcli", *(f"--{name}={value}" for name, value in options.items()), "--batch-mode"]
    environment = os.environ | {"HOME": str(told.folder)}
    done = subprocess.run(
        words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=100
    )
    return done.stdout.decode(errors="replace")


def bring_modules(told: Given) -> str:
    """Put what openconfig-interfaces and openconfig-if-ip import into a folder; return the revision of the former."""
    folder: Path = told.folder / "modules"
    folder.mkdir()
    waiting, had = ["openconfig-interfaces", "openconfig-if-ip"], dict[str, str]()
    # only the address and the key of it are looked at
    server = Server(None, told.port, told.key.parent, told.known_hosts)  # type: ignore[arg-type]
    with OpenSsh(command(server, told.known_hosts)) as session:
        while waiting:
            name = waiting.pop()
            if name in had:
                continue
            asked = f'<get-schema xmlns="{MONITORING}"><identifier>{name}</identifier></get-schema>'
            reply = re.sub(r"\n#\d+\n", "", session.rpc(asked))
            text = reply.partition("<data")[2].partition(">")[2].rpartition("</data>")[0]
            had[name] = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
            (folder / f"{name}.yang").write_text(had[name])
            waiting.extend(re.findall(r"^\s*import\s+([\w.-]+)", text, re.MULTILINE))
    found = re.search(r'^\s*revision\s+"?([\d-]+)', had["openconfig-interfaces"], re.MULTILINE)
    assert found is not None
    return found[1]


if __name__ == "__main__":
    main()
