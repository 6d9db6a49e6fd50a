"""Passwords that the operating system judges, through a PAM service, and the groups that it has its users in."""

from __future__ import annotations

import grp
import os
import pwd
from typing import TYPE_CHECKING

from yang.errors import NosError

if TYPE_CHECKING:
    from collections.abc import Callable


class NoPam(NosError):
    """The setting pam without what it needs."""


def checker(service: str) -> Callable[[str, str], bool]:
    """Return what says whether a password is a user's, by a PAM service: a file in /etc/pam.d.

    Raises:
        NoPam: The package python-pam, or the system's PAM, is not there.
    """
    try:
        from pam import pam  # noqa: PLC0415 - not everybody has it
    except (ImportError, OSError) as error:
        raise NoPam(f"pam = {service!r} needs the package python-pam and the system's PAM: {error}") from error

    def check(user: str, password: str) -> bool:
        # an object of its own for each: it keeps what PAM said last
        return bool(pam().authenticate(user, password, service=service, resetcreds=False))

    return check


def groups_of(user: str) -> list[str]:
    """Return the names of the operating system's groups that a user is in; none of an unknown one."""
    try:
        known = pwd.getpwnam(user)
    except KeyError:
        return []
    found = []
    for number in os.getgrouplist(user, known.pw_gid):
        try:
            found.append(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    return found
