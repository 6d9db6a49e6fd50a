"""How SSH clients prove who they are: by public key, and by password where somebody has one (RFC 4252, RFC 4256)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from nos_mgmt.users import Users


class Login(asyncssh.SSHServer):
    """One connection, as far as its log-in goes.

    Passwords are asked for in both ways that SSH has, `password` and `keyboard-interactive`: asyncssh makes the second one of
    the first.
    """

    def __init__(self, users: Users, executor: Executor) -> None:
        """Let in whom `users` knows; passwords are judged in `executor`."""
        self._users = users
        self._executor = executor
        self._address = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Note where the client is."""
        peer = conn.get_extra_info("peername")
        self._address = str(peer[0]) if peer else "nowhere"

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - everybody has to
        """Want a proof."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Offer public keys."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Return whether a key is the user's; asyncssh sees to it that the client has it."""
        return self._users.knows_key(username, key.public_data, self._address)

    def password_auth_supported(self) -> bool:
        """Offer passwords only where one can be right."""
        return self._users.has_passwords

    async def validate_password(self, username: str, password: str) -> bool:
        """Return whether a password is the user's."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._users.knows_password, username, password, self._address)
