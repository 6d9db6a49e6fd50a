"""scrapli-netconf's driver, which runs OpenSSH's client underneath."""

from __future__ import annotations

from importlib.metadata import version

from lxml import etree
from scrapli_netconf.driver import NetconfDriver  # type: ignore[import-not-found]

from tests.interop.scripts.telling import ALL, HOST, PATIENCE, USER, Given, config, faulty, given, mtu_in, tell, trying


def connected(told: Given, **options: object) -> NetconfDriver:
    """Return a driver of a session that is open."""
    driver = NetconfDriver(
        host=HOST,
        port=told.port,
        auth_username=USER,
        auth_private_key=str(told.key),
        auth_strict_key=True,
        ssh_known_hosts_file=str(told.known_hosts),
        ssh_config_file=False,
        transport="system",
        timeout_ops=PATIENCE,
        timeout_transport=PATIENCE,
        **options,
    )
    driver.open()
    return driver


def fine(response: object) -> str:
    """Return what a response is of an operation that has to succeed."""
    assert not response.failed, response.result  # type: ignore[attr-defined]
    return str(response.result)  # type: ignore[attr-defined]


def configured(driver: NetconfDriver, source: str = "running") -> str | None:
    """Return the MTU in a datastore."""
    return mtu_in(fine(driver.get_config(source=source, filter_=ALL)))


def main() -> None:
    """Try every method of the driver, in both framings."""
    told = given()
    tell(client="scrapli-netconf", version=version("scrapli-netconf"))
    with trying("hello, base:1.0"):
        old = connected(told, preferred_netconf_version="1.0")
        assert old.netconf_version.value == "1.0"
        assert configured(old) is None
        old.close()
    with trying("hello, base:1.1"):
        driver = connected(told)
        assert driver.netconf_version.value == "1.1"
        assert any("candidate:1.0" in one for one in driver.server_capabilities)
    reading_and_editing(driver)
    committing(driver)
    with trying("close"):
        driver.close()


def reading_and_editing(driver: NetconfDriver) -> None:
    """Read, lock, and edit the candidate."""
    with trying("get"):
        assert "oper-status" in fine(driver.get(filter_=ALL))
    with trying("get-config"):
        assert configured(driver) is None
    with trying("lock"):
        fine(driver.lock("candidate"))
    with trying("edit-config"):
        fine(driver.edit_config(config=config(2000), target="candidate"))
        assert configured(driver, "candidate") == "2000"
    with trying("an edit-config that is refused"):
        response = driver.edit_config(config=config("many"), target="candidate")
        assert response.failed
        assert "many" in response.result, response.result
    # it looks for rpc-error in no namespace, where every server's is in NETCONF's, unless it is told to strip namespaces
    with faulty("error_messages of what was refused", "none was found"):
        assert response.error_messages, "none was found"
    with trying("validate"):
        fine(driver.validate(source="candidate"))
    with trying("discard-changes"):
        fine(driver.discard())
        assert configured(driver, "candidate") is None


def committing(driver: NetconfDriver) -> None:
    """Commit, and what is left."""
    with trying("commit"):
        fine(driver.edit_config(config=config(2000), target="candidate"))
        fine(driver.commit())
        assert configured(driver) == "2000"
    with trying("commit confirmed, with timeout and persist"):
        fine(driver.edit_config(config=config(3000), target="candidate"))
        fine(driver.commit(confirmed=True, timeout=60, persist="interop"))
        assert configured(driver) == "3000"
        fine(driver.commit(persist_id="interop"))
    with trying("copy-config"):
        fine(driver.edit_config(config=config(4000), target="candidate"))
        fine(driver.copy_config(source="running", target="candidate"))
        assert configured(driver, "candidate") == "3000"
    with trying("delete-config, which no candidate takes"):
        response = driver.delete_config(target="candidate")
        assert response.failed
    with trying("unlock"):
        fine(driver.unlock("candidate"))
    with trying("rpc"):
        fine(driver.rpc(etree.fromstring("<discard-changes/>")))


if __name__ == "__main__":
    main()
