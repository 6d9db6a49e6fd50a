"""What has to hold for any request: a session answers it, with data, ok or the errors of RFC 6241, and goes on."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from random import Random

from lxml import etree

from backends.hardware import HardwareBackend
from backends.hardware.simulated import SimulatedAsic
from nos_mgmt.netconf.capabilities import PRIVATE_CANDIDATE
from nos_mgmt.sessions import Sessions
from tests.conftest import PORTS, Client, make_device
from tests.fuzz.reading import patience
from tests.fuzz.requests import Requests
from yang.diff import NETCONF

TYPES = frozenset({"transport", "rpc", "protocol", "application"})
TAGS = frozenset(
    {
        *("in-use", "invalid-value", "too-big", "missing-attribute", "bad-attribute", "unknown-attribute"),
        *("missing-element", "bad-element", "unknown-element", "unknown-namespace", "access-denied", "lock-denied"),
        *("resource-denied", "rollback-failed", "data-exists", "data-missing", "operation-not-supported"),
        *("operation-failed", "malformed-message"),
    }
)
"""RFC 6241 appendix A."""
FAILED = b"the server failed over this request"


def converse(number: int, count: int) -> None:
    """Have sessions of one device answer `count` requests made of the seed `number`."""
    random = Random(number)
    with tempfile.TemporaryDirectory(prefix="nos-fuzz-") as folder:
        chip = SimulatedAsic(PORTS)
        with closing(make_device(Path(folder), [HardwareBackend(chip)])) as device:
            requests = Requests(device.schema, random)
            registry = Sessions()
            clients: list[Client] = []
            for message_id in range(count):
                clients = [client for client in clients if client.session.is_open]
                while len(clients) < 3:
                    mine = [PRIVATE_CANDIDATE] if random.random() < 0.3 else []
                    clients.append(Client(device, registry, capabilities=mine))
                client = random.choice(clients)
                message = requests.request(message_id)
                try:
                    with patience():
                        answer = client.session.handle(message)
                    assert answer is not None, "no answer"
                    check(answer)
                    client.session.replied()
                except Exception as error:
                    error.add_note(f"seed {number}, request {message_id}: {message[:20_000]!r}")
                    raise
            for client in clients:
                client.session.close()


def check(answer: bytes) -> None:
    """Hold that an answer is an rpc-reply of RFC 6241 section 4.2."""
    assert FAILED not in answer, answer
    root = etree.fromstring(answer, etree.XMLParser(huge_tree=True))
    assert root.tag == f"{{{NETCONF}}}rpc-reply", answer
    errors = root.findall(f"{{{NETCONF}}}rpc-error")
    assert not errors or len(errors) == len(root), answer
    assert len(root) > 0 or root.text is None, answer
    for error in errors:
        told = {name: error.findtext(f"{{{NETCONF}}}error-{name}") for name in ("type", "tag", "severity", "message")}
        assert told["type"] in TYPES, answer
        assert told["tag"] in TAGS, answer
        assert told["severity"] == "error", answer
        assert told["message"], answer
