"""Passwords as they are kept: hashed as crypt(3) has it, with SHA-512 or SHA-256 and a salt (iana-crypt-hash, RFC 7317)."""

from __future__ import annotations

from typing import Any

from passlib.hash import sha256_crypt, sha512_crypt

from yang.errors import NosError

ROUNDS = 100_000
"""Rounds of a hash that is made here: some 80 ms of a computer that guesses as this one does."""
MOST_ROUNDS = 1_000_000
"""With more, whoever logs in keeps the server busy."""
SCHEMES = {"$5$": sha256_crypt, "$6$": sha512_crypt}
NOBODYS = f"$6$rounds={ROUNDS}$nobody${'.' * 86}"
"""What the password of an unknown user is compared with, so that it takes as long to be refused.

It is nobody's hash, and not made by hashing, which every start would wait for.
"""


class UnusableHash(NosError):
    """What should be a hashed password, and is none that can be compared with; the message does not repeat it."""


def hashed(password: str) -> str:
    """Return a hash of `password`, with a salt of its own.

    Raises:
        UnusableHash: It is longer than a password can be, or has a NUL in it.
    """
    try:
        return str(sha512_crypt.using(rounds=ROUNDS).hash(password))
    except ValueError as error:
        raise UnusableHash("it is too long, or has a character that no password can have") from error


def is_of(password: str, text: str | None) -> bool:
    """Return whether `text` is a hash of `password`; None, as an unknown user has it, takes as long and is of none."""
    try:
        is_equal = bool(_scheme(text or NOBODYS).verify(password, text or NOBODYS))
    except (ValueError, UnusableHash):
        return False
    return is_equal and text is not None


def refuse_unusable(text: str) -> None:
    """Raise `UnusableHash` if no password can be compared with `text`."""
    try:
        parsed = _scheme(text).from_string(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.checksum is None:
        raise UnusableHash("it is no whole hash of crypt(3), with salt and checksum")
    if parsed.rounds > MOST_ROUNDS:
        raise UnusableHash(f"{parsed.rounds} rounds are more than {MOST_ROUNDS}")


def _scheme(text: str) -> Any:
    scheme = SCHEMES.get(text[:3])
    if scheme is None:
        raise UnusableHash(f"it does not begin with one of {', '.join(SCHEMES)}")
    return scheme
