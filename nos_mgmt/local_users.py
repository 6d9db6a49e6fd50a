"""Users in the configuration: openconfig-system's aaa/authentication (names, roles, public keys, hashed passwords)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nos_mgmt.keys import UnusableKey, public_keys
from nos_mgmt.passwords import UnusableHash, hashed, refuse_unusable
from yang.diff import entry_changes
from yang.errors import InvalidValue
from yang.path import Path
from yang.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yang.schema import Schema
    from yang.tree import Entries

WAY = ("openconfig-system:system", "aaa", "authentication")
LEAVES = (
    "users/user/username",
    "users/user/config/username",
    "users/user/config/password",
    "users/user/config/password-hashed",
    "users/user/config/ssh-key",
    "users/user/config/role",
    "admin-user/config/admin-password",
    "admin-user/config/admin-password-hashed",
)


def supported_paths(schema: Schema) -> Iterator[str]:
    """Yield the paths of what a server supports of users, as far as `schema`, a whole model set, has them."""
    for leaf in LEAVES:
        path = f"/{'/'.join(WAY)}/{leaf}"
        try:
            schema.find(path)
        except KeyError:
            continue
        yield path


def authentication(tree: Node) -> Node | None:
    """Return the part of a configuration that says who may come in."""
    node: Node | None = tree
    for name in WAY:
        node = node.get(name) if node is not None else None
    return node


def local_users(tree: Node) -> Node | None:
    """Return the container of users in a configuration."""
    node = authentication(tree)
    return node.get("users") if node is not None else None


def configs(users: Node | None) -> Iterable[tuple[str, Node]]:
    """Yield the names of users, each with its configuration."""
    entries: Entries | None = users.get("user") if users is not None else None
    for entry in entries.values() if entries is not None else ():
        config = entry.get("config")
        yield str(entry.get("username")), config if config is not None else Node(entry.schema.children["config"], {})


def without_cleartext(before: Node, after: Node) -> Node:
    """Return `after`, which was made of `before`, with every password in clear text that is new in it replaced by its hash.

    Raises:
        InvalidValue: A hash or a public key that is new cannot be used.
    """
    old, new = authentication(before), authentication(after)
    if new is None or old is new:
        return after
    path: Path | None = None
    for name in WAY:
        schema = path.schema if path is not None else after.schema
        path = Path(path, schema.children[name])
    return _put(after, WAY, _of_authentication(old, new, cast("Path", path)))


def _of_authentication(old: Node | None, new: Node, path: Path) -> Node:
    users: Node | None = new.get("users")
    entries: Entries | None = users.get("user") if users is not None else None
    if users is not None and entries is not None:
        before = old.get("users") if old is not None else None
        there = Path(path, users.schema)
        changed: dict[Any, Node | None] = {}
        for key, was, entry in entry_changes(before.get("user") if before is not None else None, entries):
            config = entry.get("config") if entry is not None else None
            if entry is None or config is None or (was is not None and was.get("config") is config):
                continue
            safe = _of_config(config, Path(Path(there, entry.schema, key), config.schema), "")
            if safe is not config:
                changed[key] = entry.replacing("config", safe)
        if changed:
            new = new.replacing("users", users.replacing("user", entries.updated(changed)))
    admin: Node | None = new.get("admin-user")
    config = admin.get("config") if admin is not None else None
    if admin is not None and config is not None:
        safe = _of_config(config, Path(Path(path, admin.schema), config.schema), "admin-")
        if safe is not config:
            new = new.replacing("admin-user", admin.replacing("config", safe))
    return new


def _of_config(config: Node, path: Path, prefix: str) -> Node:
    clear, hash_ = f"{prefix}password", f"{prefix}password-hashed"
    given = config.get(clear)
    leaf = clear if given is not None else hash_
    try:
        if given is not None:
            config = config.without(clear).replacing(hash_, hashed(given))
        elif config.get(hash_) is not None:
            refuse_unusable(config.get(hash_))
    except UnusableHash as error:
        raise InvalidValue(f"{leaf}: {error}", Path(path, config.schema.children[leaf])) from None
    key = config.get("ssh-key")
    if key is not None:
        try:
            public_keys(key)
        except UnusableKey as error:
            raise InvalidValue(f"ssh-key: {error}", Path(path, config.schema.children["ssh-key"])) from None
    return config


def _put(node: Node, way: tuple[str, ...], new: Node) -> Node:
    """Return `node` with `new` at the end of `way`, itself if it is there already."""
    if not way:
        return new
    child = node.get(way[0])
    changed = _put(child, way[1:], new)
    return node if changed is child else node.replacing(way[0], changed)
