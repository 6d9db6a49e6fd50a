"""The tasks of nornir-netconf, run by Nornir."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from ncclient.operations import RPCError
from nornir import InitNornir  # type: ignore[import-not-found]
from nornir.core.inventory import (  # type: ignore[import-not-found]
    ConnectionOptions,
    Defaults,
    Groups,
    Host,
    Hosts,
    Inventory,
)
from nornir.core.plugins.inventory import InventoryPluginRegister  # type: ignore[import-not-found]
from nornir_netconf.plugins.tasks import (  # type: ignore[import-not-found]
    netconf_capabilities,
    netconf_commit,
    netconf_edit_config,
    netconf_get,
    netconf_get_config,
    netconf_get_schemas,
    netconf_lock,
    netconf_rpc,
    netconf_validate,
)

from tests.interop.scripts.telling import ALL, HOST, USER, Given, config, given, mtu_in, tell, trying


class OneHost:
    """An inventory of the server."""

    def __init__(self, told: Given) -> None:
        """Know where it is."""
        self._told = told

    def load(self) -> Inventory:
        """Return the inventory."""
        extras = {
            "hostkey_verify": False,
            "allow_agent": False,
            "look_for_keys": False,
            "key_filename": str(self._told.key),
        }
        host = Host(
            name="device",
            hostname=HOST,
            port=self._told.port,
            username=USER,
            connection_options={"netconf": ConnectionOptions(extras=extras)},
        )
        return Inventory(hosts=Hosts({"device": host}), groups=Groups(), defaults=Defaults())


def main() -> None:
    """Try every task."""
    told = given()
    tell(client="nornir-netconf", version=version("nornir-netconf"))
    InventoryPluginRegister.register("one-host", OneHost)
    nornir = InitNornir(
        inventory={"plugin": "one-host", "options": {"told": told}},
        logging={"enabled": False},
        runner={"plugin": "serial"},
    )

    def run(task: Any, **options: Any) -> Any:
        result = nornir.run(task=task, **options)["device"]
        if result.failed:
            nornir.data.reset_failed_hosts()
            raise result[0].exception or AssertionError(result[0].result)
        return result[0].result

    def configured(source: str = "running") -> str | None:
        return mtu_in(run(netconf_get_config, source=source, path=ALL, filter_type="subtree").rpc.data_xml)

    with trying("netconf_capabilities"):
        assert any("candidate:1.0" in uri for uri in run(netconf_capabilities).rpc)
    with trying("netconf_get"):
        assert "oper-status" in run(netconf_get, path=ALL, filter_type="subtree").rpc.data_xml
    with trying("netconf_get_config"):
        assert configured() is None
    with trying("netconf_lock"):
        assert run(netconf_lock, datastore="candidate").rpc.ok
    with trying("netconf_edit_config"):
        assert run(netconf_edit_config, config=config(2000), target="candidate").rpc.ok
        assert configured("candidate") == "2000"
    with trying("netconf_validate"):
        assert run(netconf_validate, source="candidate").rpc.ok
    with trying("netconf_commit"):
        assert run(netconf_commit).rpc.ok
        assert configured() == "2000"
    with trying("netconf_commit, confirmed"):
        assert run(netconf_edit_config, config=config(3000), target="candidate", default_operation="replace").rpc.ok
        assert run(netconf_commit, confirmed=True, timeout="60", persist="interop").rpc.ok
        assert run(netconf_commit, persist_id="interop").rpc.ok
        assert configured() == "3000"
    with trying("netconf_lock, operation unlock"):
        assert run(netconf_lock, datastore="candidate", operation="unlock").rpc.ok
    with trying("netconf_edit_config that is refused"):
        try:
            run(netconf_edit_config, config=config("many"), target="candidate")
        except RPCError as error:
            assert error.tag == "invalid-value", error  # noqa: PT017 - no pytest where this runs
        else:
            raise AssertionError("taken")
    with trying("netconf_get_schemas"):
        result = run(netconf_get_schemas, schemas=["openconfig-interfaces"], schema_path=str(told.folder / "schemas"))
        assert not result.errors, result.errors
        assert (told.folder / "schemas" / "openconfig-interfaces.yang").exists()
    with trying("netconf_rpc"):
        assert run(netconf_rpc, payload="<discard-changes/>").rpc.ok
    with trying("close"):
        nornir.close_connections()


if __name__ == "__main__":
    main()
