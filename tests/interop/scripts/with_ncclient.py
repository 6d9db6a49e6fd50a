"""All operations of ncclient that are in the RFCs, each if the server advertises what it needs."""

from __future__ import annotations

import ncclient
from lxml import etree
from ncclient import manager
from ncclient.operations import RPCError

from tests.interop.scripts.telling import (
    ALL,
    HOST,
    MONITORING,
    NETCONF,
    PATIENCE,
    USER,
    Given,
    config,
    given,
    mtu_in,
    not_advertised,
    tell,
    trying,
)

SUBTREE = ("subtree", ALL)


def connected(told: Given) -> manager.Manager:
    """Return a session."""
    return manager.connect(
        host=HOST,
        port=told.port,
        username=USER,
        key_filename=str(told.key),
        hostkey_verify=True,
        look_for_keys=False,
        allow_agent=False,
        ssh_config=None,
        timeout=PATIENCE,
        unknown_host_cb=lambda _host, _print: True,
    )


def configured(session: manager.Manager, source: str = "running") -> str | None:
    """Return the MTU in a datastore."""
    return mtu_in(session.get_config(source, filter=SUBTREE).data_xml)


def reading(session: manager.Manager) -> None:
    """Read configuration and state."""
    with trying("get"):
        assert "oper-status" in session.get(filter=SUBTREE).data_xml
    with trying("get of everything"):
        assert "netconf-state" in session.get().data_xml
    with trying("get-config"):
        assert configured(session) is None
        assert configured(session, "candidate") is None
    modules = sorted({uri.partition("module=")[2].partition("&")[0] for uri in session.server_capabilities} - {""})
    with trying("get-schema of each module in hello"):
        for name in modules:
            assert f"module {name} " in session.get_schema(name).data, name
    with trying("get-schema of what there is not"):
        refused("invalid-value", lambda: session.get_schema("no-such-module"))
    if ":xpath" in session.server_capabilities:
        with trying("get with an XPath filter"):
            found = session.get(filter=("xpath", ({"m": MONITORING}, "/m:netconf-state/m:capabilities"))).data_xml
            assert "capability" in found
            assert "<schemas>" not in found
    else:
        not_advertised("get with an XPath filter", ":xpath")
    if ":with-defaults" in session.server_capabilities:
        with trying("get-config with-defaults"):
            for mode in ("report-all", "report-all-tagged", "trim", "explicit"):
                assert session.get_config("running", with_defaults=mode).ok
    else:
        not_advertised("get-config with-defaults", ":with-defaults")


def refused(tag: str, call: object) -> None:
    """Have a call refused with an error-tag."""
    try:
        call()  # type: ignore[operator]
    except RPCError as error:
        assert error.tag == tag, error  # noqa: PT017 - no pytest where this runs
    else:
        raise AssertionError(f"not refused with {tag}")


def editing(session: manager.Manager) -> None:
    """Edit the candidate in every way."""
    for option in ("merge", "replace"):
        with trying(f"edit-config default-operation {option}"):
            session.edit_config(target="candidate", config=config(2000), default_operation=option)
            assert configured(session, "candidate") == "2000"
            session.discard_changes()
            assert configured(session, "candidate") is None
    with trying("edit-config default-operation none"):
        edit = {"target": "candidate", "config": config(2000), "default_operation": "none"}
        refused("data-missing", lambda: session.edit_config(**edit))
    for option in ("test-then-set", "set", "test-only"):
        with trying(f"edit-config test-option {option}"):
            session.edit_config(target="candidate", config=config(2000), test_option=option)
            assert configured(session, "candidate") == (None if option == "test-only" else "2000")
            session.discard_changes()
    for option in ("stop-on-error", "continue-on-error", "rollback-on-error"):
        with trying(f"edit-config error-option {option}"):
            edit = {"target": "candidate", "config": config("many"), "error_option": option}
            refused("invalid-value", lambda edit=edit: session.edit_config(**edit))
            assert configured(session, "candidate") is None
    with trying("validate"):
        session.edit_config(target="candidate", config=config(2000))
        assert session.validate("candidate").ok
        assert session.validate(etree.fromstring(config(2000))).ok
        refused("invalid-value", lambda: session.validate(etree.fromstring(config("many"))))
    with trying("discard-changes"):
        session.discard_changes()
        assert configured(session, "candidate") is None
    with trying("copy-config"):
        session.copy_config(
            source=etree.fromstring(f'<source xmlns="{NETCONF}">{config(2000)}</source>'), target="candidate"
        )
        assert configured(session, "candidate") == "2000"
        session.copy_config(source="running", target="candidate")
        assert configured(session, "candidate") is None


def committing(session: manager.Manager, told: Given) -> None:
    """Commit, for good and to be confirmed."""
    with trying("lock, edit-config, commit, unlock"), session.locked("candidate"), session.locked("running"):
        session.edit_config(target="candidate", config=config(2000))
        assert session.commit().ok
        assert configured(session) == "2000"
    with trying("commit confirmed, cancel-commit"):
        session.edit_config(target="candidate", config=config(3000))
        session.commit(confirmed=True, timeout="60")
        assert configured(session) == "3000"
        session.cancel_commit()
        assert configured(session) == "2000"
    with trying("commit confirmed with persist, persist-id from another session"):
        session.discard_changes()
        session.edit_config(target="candidate", config=config(4000))
        session.commit(confirmed=True, timeout="60", persist="interop")
        with connected(told) as other:
            other.commit(persist_id="interop")
        assert configured(session) == "4000"
    if ":startup" in session.server_capabilities:
        with trying("copy-config to startup, delete-config of startup"):
            session.copy_config(source="running", target="startup")
            assert configured(session, "startup") == "4000"
            session.delete_config("startup")
            assert configured(session, "startup") is None
    else:
        not_advertised("copy-config to startup, delete-config of startup", ":startup")
    if ":url" in session.server_capabilities:
        url = f"file://{told.known_hosts.parent}/exports/interop.xml"
        with trying("copy-config to a URL and from it, delete-config of a URL"):
            session.copy_config(source="running", target=url)
            session.copy_config(source=url, target="candidate")
            assert configured(session, "candidate") == "4000"
            session.delete_config(url)
            refused("operation-failed", lambda: session.copy_config(source=url, target="candidate"))
    else:
        not_advertised("copy-config to a URL and from it, delete-config of a URL", ":url")
    if ":writable-running" in session.server_capabilities:
        with trying("edit-config of running"):
            session.edit_config(target="running", config=config(5000))
            assert configured(session) == "5000"
    else:
        not_advertised("edit-config of running", ":writable-running")


def sessions(session: manager.Manager, told: Given) -> None:
    """Be notified, and end sessions."""
    if ":notification" in session.server_capabilities:
        with trying("create-subscription, take-notification"), connected(told) as other:
            other.create_subscription()
            session.edit_config(target="candidate", config=config(6000))
            session.commit()
            while (taken := other.take_notification(timeout=PATIENCE)) is not None:
                if "netconf-config-change" in taken.notification_xml:
                    break
            assert taken is not None, "nothing came"
    else:
        not_advertised("create-subscription, take-notification", ":notification")
    with trying("rpc, dispatch"):
        asked = etree.fromstring('<no-such-thing xmlns="urn:nobody"/>')
        refused("operation-not-supported", lambda: session.dispatch(asked))
        assert session.rpc(etree.fromstring(f'<discard-changes xmlns="{NETCONF}"/>')).ok
    for capability in ("poweroff-machine", "reboot-machine"):
        # an extension of ncclient's authors
        not_advertised(capability, "urn:liberouter:param:netconf:capability:power-control:1.0")
    with trying("kill-session"):
        other = connected(told)
        other.lock("candidate")
        assert session.kill_session(other.session_id).ok
        assert session.lock("candidate").ok
        assert session.unlock("candidate").ok
    with trying("close-session"):
        assert session.close_session().ok
        assert not session.connected


def main() -> None:
    """Try everything, in one session where one will do."""
    told = given()
    tell(client="ncclient", version=ncclient.__version__)
    with trying("hello"):
        session = connected(told)
        for name in (":base:1.1", ":candidate", ":confirmed-commit:1.1", ":rollback-on-error", ":validate:1.1"):
            assert name in session.server_capabilities, name
    reading(session)
    editing(session)
    committing(session, told)
    sessions(session, told)


if __name__ == "__main__":
    main()
