"""Access control as the running configuration has it: read when it has changed, in effect with the commit that changes it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from nos_mgmt.access.access import Access, Denials
from nos_mgmt.access.rules import Defaults, Rule, Rules
from nos_mgmt.local_users import local_users

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from yang.schema import Schema
    from yang.tree import Node

NACM = "ietf-netconf-acm:nacm"
EVERY = "*"
ADMIN_ROLE = "SYSTEM_ROLE_ADMIN"
"""The role of openconfig-aaa-types that permits everything."""
KINDS = {"rpc-name": "rpc", "notification-name": "notification", "path": "path"}
MOST_USERS = 1024
"""Users whose rules are kept at hand."""


class Policy(NamedTuple):
    """What the configuration says of access, read once."""

    nacm: Node | None
    users: Node | None
    """What it was read from."""
    is_enabled: bool
    has_external_groups: bool
    defaults: Defaults
    members: Mapping[str, frozenset[str]]
    """The groups of users."""
    roles: Mapping[str, str]
    lists: tuple[tuple[frozenset[str], tuple[Rule, ...]], ...]
    """The rule lists, each with the groups that it is for."""
    found: dict[str, Access]
    """What was worked out for users so far."""


class AccessControl:
    """Says what users may see and do."""

    def __init__(
        self,
        schema: Schema,
        running: Callable[[], Node],
        administrators: Collection[str] = (),
    ) -> None:
        """Read what `running` returns; sessions of `administrators` are recovery sessions, who may everything."""
        self._schema = schema
        self._running = running
        self._administrators = frozenset(administrators)
        self._external: dict[str, frozenset[str]] = {}
        self._policy: Policy | None = None
        self._lock = threading.Lock()
        self.denials = Denials()

    def access(self, user: str) -> Access:
        """Return what a user may see and do by what is running now."""
        if user in self._administrators:
            return Access()
        policy = self._current()
        found = policy.found.get(user)
        if found is None:
            found = self._worked_out(policy, user)
            with self._lock:
                if len(policy.found) >= MOST_USERS:
                    policy.found.clear()
                policy.found[user] = found
        return found

    def report_groups(self, user: str, groups: Iterable[str]) -> None:
        """Take `groups` as those that the transport has a user in, until it says otherwise (section 3.4.2)."""
        known = frozenset(groups)
        with self._lock:
            if self._external.get(user, frozenset()) != known:
                self._external[user] = known
                self._policy = None

    def _current(self) -> Policy:
        tree = self._running()
        nacm, users = tree.get(NACM), local_users(tree)
        policy = self._policy
        if policy is None or policy.nacm is not nacm or policy.users is not users:
            policy = self._policy = _read(nacm, users)
        return policy

    def _worked_out(self, policy: Policy, user: str) -> Access:
        """Follow steps 1 to 5 of section 3.4.4, which are those of 3.4.5 and 3.4.6 as well."""
        if not policy.is_enabled:
            return Access(user)
        groups = policy.members.get(user, frozenset())
        if policy.has_external_groups:
            role = policy.roles.get(user)
            if role == ADMIN_ROLE:
                return Access(user)
            groups |= self._external.get(user, frozenset()) | ({role} if role is not None else frozenset())
        # who is in no group is judged by the defaults alone, whatever is for all groups
        rules = [
            rule
            for whose, rules in policy.lists
            if groups and (EVERY in whose or not groups.isdisjoint(whose))
            for rule in rules
        ]
        return Access(user, Rules(self._schema, rules, policy.defaults, user), self.denials)


def _read(nacm: Node | None, users: Node | None) -> Policy:
    def leaf(name: str, default: Any) -> Any:
        value = nacm.get(name) if nacm is not None else None
        return default if value is None else value

    members: dict[str, frozenset[str]] = {}
    groups: Node | None = leaf("groups", None)
    for group in _entries(groups, "group"):
        for user in group.get("user-name") or ():
            members[user] = members.get(user, frozenset()) | {group.get("name")}
    return Policy(
        nacm,
        users,
        is_enabled=leaf("enable-nacm", True),
        has_external_groups=leaf("enable-external-groups", True),
        defaults=Defaults(
            read=leaf("read-default", "permit") == "permit",
            write=leaf("write-default", "deny") == "permit",
            exec=leaf("exec-default", "permit") == "permit",
        ),
        members=members,
        roles=dict(_roles(users)),
        lists=tuple(
            (frozenset(each.get("group") or ()), tuple(map(_rule, _entries(each, "rule"))))
            for each in _entries(nacm, "rule-list")
        ),
        found={},
    )


def _rule(entry: Node) -> Rule:
    module, operations = entry.get("module-name"), entry.get("access-operations")
    name = next((name for name in KINDS if entry.get(name) is not None), None)
    target = entry.get(name) if name is not None else None
    return Rule(
        permits=entry.get("action") == "permit",
        operations=None if operations in (None, EVERY) else frozenset(str(operations).split()),
        module=None if module in (None, EVERY) else str(module),
        kind=KINDS[name] if name is not None else "",  # type: ignore[arg-type]  # one of the kinds
        target=None if target in (None, EVERY) else str(target),
    )


def _roles(users: Node | None) -> Iterator[tuple[str, str]]:
    for user in _entries(users, "user"):
        config = user.get("config")
        role = config.get("role") if config is not None else None
        if role is not None:
            yield str(user.get("username")), str(role).rpartition(":")[2]


def _entries(node: Node | None, name: str) -> Iterable[Node]:
    entries = node.get(name) if node is not None else None
    return entries.values() if entries is not None else ()
