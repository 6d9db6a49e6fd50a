"""Configurations of access, as XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.conftest import Client

ACM = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
SYSTEM = "http://openconfig.net/yang/system"


def edited(client: Client, config: str) -> None:
    """Commit `config`."""
    client.edit(config)
    client.ok("<commit/>")


def nacm(leaves: str = "", *lists: str, members: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return the rules and the groups."""
    groups = "".join(
        f"<group><name>{name}</name>{''.join(f'<user-name>{user}</user-name>' for user in users)}</group>"
        for name, users in (members or {}).items()
    )
    return f'<nacm xmlns="{ACM}">{leaves}{f"<groups>{groups}</groups>" if groups else ""}{"".join(lists)}</nacm>'


def rule_list(group: str, *rules: str, name: str = "one") -> str:
    """Return a rule list for a group."""
    return f"<rule-list><name>{name}</name><group>{group}</group>{''.join(rules)}</rule-list>"


def rule(action: str, criteria: str = "", name: str = "a") -> str:
    """Return a rule."""
    return f"<rule><name>{name}</name>{criteria}<action>{action}</action></rule>"


def user(name: str, leaves: str = "") -> str:
    """Return a user of openconfig-system."""
    config = f"<config><username>{name}</username>{leaves}</config>"
    users = f"<users><user><username>{name}</username>{config}</user></users>"
    return f'<system xmlns="{SYSTEM}"><aaa><authentication>{users}</authentication></aaa></system>'
