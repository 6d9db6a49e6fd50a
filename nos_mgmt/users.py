"""Who may come in: the server's own user, those of the running configuration, and, where it is set, those of PAM."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from datastore.events import LoginFailed
from nos_mgmt import passwords
from nos_mgmt.keys import public_keys
from nos_mgmt.local_users import authentication, configs
from nos_mgmt.pam_service import groups_of
from nos_mgmt.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from datastore.events import LoginMethod
    from yang.tree import Node

logger = logging.getLogger(__name__)

FAILED = "login by %s of %r from %s failed"
SHOWN = 64
"""Characters of a name that a stranger gives which are logged."""


class _Known(NamedTuple):
    """What one configuration says of users."""

    source: Node | None
    keys: Mapping[str, frozenset[bytes]]
    hashes: Mapping[str, str]


class Users:
    """Judges keys and passwords, and makes those wait who fail too often."""

    def __init__(
        self,
        running: Callable[[], Node],
        administrator: str,
        administrators_keys: frozenset[bytes],
        pam: Callable[[str, str], bool] | None = None,
        report_groups: Callable[[str, Iterable[str]], None] = lambda *_: None,
        throttle: Throttle | None = None,
        publish: Callable[[LoginFailed], None] = lambda _: None,
    ) -> None:
        """Know the users of what `running` returns, and the `administrator`, with keys besides those of the configuration.

        `pam` says whether a password is that of a user whom the configuration gives none; `report_groups` is told of the groups
        that the operating system has such a user in; `publish` of each failure.
        """
        self._running = running
        self._administrator = administrator
        self._administrators_keys = administrators_keys
        self._pam = pam
        self._report_groups = report_groups
        self._throttle = throttle if throttle is not None else Throttle()
        self._publish = publish
        self._known = _Known(None, {}, {})

    @property
    def has_passwords(self) -> bool:
        """Whether anybody can come in with a password."""
        return self._pam is not None or bool(self._current().hashes)

    def __contains__(self, user: object) -> bool:
        """Return whether somebody may come in as `user` who has proved it in another way, as by a certificate."""
        source = authentication(self._running())
        users: Node | None = source.get("users") if source is not None else None
        entries = users.get("user") if users is not None else None
        return user == self._administrator or (entries is not None and (user,) in entries)

    def knows_key(self, user: str, key: bytes, address: str) -> bool:
        """Return whether `user`, who tries from `address`, may come in with a public key; if not, that is logged.

        It does not count: clients try all the keys that they have, and nobody guesses one. Nor does anybody with the key wait,
        whatever others have tried in that name.
        """
        of_configuration = self._current().keys.get(user, frozenset())
        own = self._administrators_keys if user == self._administrator else frozenset()
        if key in of_configuration or key in own:
            return True
        self._failed("publickey", user, address)
        return False

    def knows_password(self, user: str, password: str, address: str) -> bool:
        """Return whether `user`, who tries from `address`, may come in with a password; a failure is logged and counts.

        It takes its time, and belongs into a thread of its own; no more may be judged before failures count than there are such
        threads.
        """
        seconds = self._throttle.wait(address=address, user=user)
        if seconds > 0:
            # nothing is judged, however right it may be
            logger.warning(f"{FAILED}: %.0f s to wait", "password", user[:SHOWN], address, seconds)  # noqa: G004 - a constant
            self._publish(LoginFailed(time.time(), "password", "early", user, address))
            return False
        text = self._current().hashes.get(user)
        if passwords.is_of(password, text):
            pass
        elif text is None and self._pam is not None and self._pam(user, password):
            self._report_groups(user, groups_of(user))
        else:
            self._throttle.failed(address=address, user=user)
            self._failed("password", user, address)
            return False
        # failures of the address stay: it may have one user, and be after another one
        self._throttle.succeeded(user=user)
        return True

    def _failed(self, method: LoginMethod, user: str, address: str) -> None:
        logger.warning(FAILED, method, user[:SHOWN], address)
        self._publish(LoginFailed(time.time(), method, "wrong", user, address))

    def _current(self) -> _Known:
        source = authentication(self._running())
        if self._known.source is not source:
            keys, hashes = {}, {}
            for name, config in configs(source.get("users") if source is not None else None):
                if config.get("ssh-key") is not None:
                    keys[name] = public_keys(config.get("ssh-key"))
                if config.get("password-hashed") is not None:
                    hashes[name] = config.get("password-hashed")
            admin = source.get("admin-user") if source is not None else None
            own = admin.get("config") if admin is not None else None
            if own is not None and own.get("admin-password-hashed") is not None:
                hashes[self._administrator] = own.get("admin-password-hashed")
            self._known = _Known(source, keys, hashes)
        return self._known
