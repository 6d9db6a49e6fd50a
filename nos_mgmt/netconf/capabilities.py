"""What a server's hello says: the capabilities of RFC 6241 section 8, and every module that is served."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from datastore.events import CapabilitiesChanged
from nos_mgmt.netconf.messages import BASE_1_0, BASE_1_1
from yang import deviations

if TYPE_CHECKING:
    from nos_mgmt.device import Device
    from yang.module import Module

PRIVATE_CANDIDATE = "urn:ietf:params:netconf:capability:private-candidate:1.0"
"""Without parameters: every resolution mode is supported, and revert-on-conflict is the default."""
LIBRARY_REVISION = "2019-01-04"
OPTIONAL = {
    "writable-running": "urn:ietf:params:netconf:capability:writable-running:1.0",
    "startup": "urn:ietf:params:netconf:capability:startup:1.0",
}
"""The capabilities of features that settings turn on."""
WITH_DEFAULTS = (
    "urn:ietf:params:netconf:capability:with-defaults:1.0"
    "?basic-mode=explicit&also-supported=report-all,report-all-tagged,trim"
)
OPERATIONAL_DEFAULTS = (
    "urn:ietf:params:netconf:capability:with-operational-defaults:1.0"
    "?basic-mode=report-all&also-supported=report-all-tagged,trim,explicit"
)
CAPABILITIES = (
    BASE_1_0,
    BASE_1_1,
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:confirmed-commit:1.1",
    "urn:ietf:params:netconf:capability:partial-lock:1.0",
    PRIVATE_CANDIDATE,
    "urn:ietf:params:netconf:capability:rollback-on-error:1.0",
    "urn:ietf:params:netconf:capability:validate:1.1",
    "urn:ietf:params:netconf:capability:xpath:1.0",
    WITH_DEFAULTS,
    "urn:ietf:params:netconf:capability:notification:1.0",
    "urn:ietf:params:netconf:capability:interleave:1.0",
    OPERATIONAL_DEFAULTS,
    "urn:ietf:params:netconf:capability:txid:etag:1.0",
)


def capabilities(device: Device) -> list[str]:
    """Return the URIs, those of the modules as RFC 6020 section 5.6.4 has them."""
    modules = [_uri(module, is_deviated=module.name in device.deviated) for module in device.modules]
    own = f"{deviations.NAMESPACE}?module={deviations.NAME}&revision={deviations.REVISION}"
    optional = [uri for feature, uri in OPTIONAL.items() if feature in device.features]
    if device.places.schemes:
        optional.append(f"urn:ietf:params:netconf:capability:url:1.0?scheme={','.join(device.places.schemes)}")
    return [*CAPABILITIES, *optional, *_libraries(device), *modules, own]


def _libraries(device: Device) -> list[str]:
    """Return how the library is announced: as RFC 8525 section 2 has it, and as RFC 7950 section 5.6.4 does for older clients."""
    content_id = device.library.content_id
    return [
        f"urn:ietf:params:netconf:capability:yang-library:1.1?revision={LIBRARY_REVISION}&content-id={content_id}",
        f"urn:ietf:params:netconf:capability:yang-library:1.0?revision={LIBRARY_REVISION}&module-set-id={content_id}",
    ]


def tell_of_changes(device: Device) -> None:
    """Publish in what the capabilities differ from what they were when a server last had the same log (RFC 6470)."""
    log = device.publisher.log
    new, noted = capabilities(device), log.noted("capabilities")
    old = noted.split("\n") if noted is not None else new
    known = {uri.partition("?")[0]: uri for uri in old}
    now = {uri.partition("?")[0]: uri for uri in new}
    added = tuple(uri for name, uri in now.items() if name not in known)
    deleted = tuple(uri for name, uri in known.items() if name not in now)
    modified = tuple(uri for name, uri in now.items() if name in known and known[name] != uri)
    if added or deleted or modified:
        device.events.publish(CapabilitiesChanged(time.time(), added, deleted, modified))
    if noted is None or old != new:
        log.note("capabilities", "\n".join(new))


def _uri(module: Module, *, is_deviated: bool) -> str:
    parameters = [f"module={quote(module.name)}"]
    if module.revision:
        parameters.append(f"revision={module.revision}")
    if module.record.features:
        parameters.append(f"features={','.join(map(quote, module.record.features))}")
    if is_deviated:
        parameters.append(f"deviations={deviations.NAME}")
    return f"{module.namespace}?{'&'.join(parameters)}"
