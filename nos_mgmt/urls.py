"""Configurations at URLs (RFC 6241 section 8.8): files and https, only within the places that the settings allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import SplitResult, unquote, urlsplit

from nos_mgmt.files import delete_file, read_file, write_file
from yang.errors import InvalidValue, NosError
from yang.values import listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ssl import SSLContext

    from nos_mgmt.https import Remote

SCHEMES = ("file", "https")


class BadUrl(InvalidValue):
    """A URL that leads to no place where this server reads or writes."""

    type = "protocol"


class UnusablePlace(NosError):
    """A place in the settings that can be none."""


class Place(NamedTuple):
    """A folder, with everything below it."""

    scheme: str
    host: str
    port: int
    path: tuple[str, ...]
    """The steps of its path, decoded."""


class Places:
    """Where configurations may be read and written."""

    def __init__(
        self, prefixes: Sequence[str] = (), authorities: str = "", patience: float = 30.0, largest: int = 128 << 20
    ) -> None:
        """Allow what begins with one of `prefixes`, URLs of folders that end in a slash.

        Servers have certificates of `authorities`, a PEM file, or, if that is empty, of those that the system trusts. A transfer
        may take `patience` seconds, and what is read may have `largest` octets.

        Raises:
            UnusablePlace: A prefix is no such URL, or there are no certificates in the file.
        """
        self._places = tuple(map(_place, prefixes))
        self._patience = patience
        self._largest = largest
        self._context = _context(authorities) if "https" in self.schemes else None

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes of the places, for the capability; none if there is no place (section 8.8.3)."""
        return tuple(scheme for scheme in SCHEMES if any(place.scheme == scheme for place in self._places))

    def read(self, url: str) -> bytes:
        """Return what is at `url`.

        Raises:
            BadUrl: It is in no place.
            RequestError: It is not there, cannot be read, or is too big.
        """
        place, split, below = self._found(url)
        if place.scheme == "https":
            return self._remote(place).get(_target(split), self._largest)
        return read_file(place.path, below, self._largest)

    def write(self, url: str, content: bytes) -> None:
        """Put `content` at `url`, in the place of what may be there, wholly or not at all.

        Raises:
            BadUrl: It is in no place.
            RequestError: It could not be written.
        """
        place, split, below = self._found(url)
        if place.scheme == "https":
            self._remote(place).put(_target(split), content)
        else:
            write_file(place.path, below, content)

    def delete(self, url: str) -> None:
        """Delete what is at `url`.

        Raises:
            BadUrl: It is in no place.
            RequestError: It is not there, or cannot be deleted.
        """
        place, split, below = self._found(url)
        if place.scheme == "https":
            self._remote(place).delete(_target(split))
        else:
            delete_file(place.path, below)

    def _remote(self, place: Place) -> Remote:
        from nos_mgmt.https import Remote  # noqa: PLC0415 - many servers never need it, and it takes time to import

        return Remote(place.host, place.port, cast("SSLContext", self._context), self._patience)

    def _found(self, url: str) -> tuple[Place, SplitResult, tuple[str, ...]]:
        """Return the place that `url` is in, the URL taken apart, and the steps from the place to it."""
        try:
            split = _split(url)
            port, steps = _port(split), _steps(split.path)
        except ValueError as error:
            raise _bad(f"{url!r} cannot be used: {error}") from error
        for place in self._places:
            is_there = (place.scheme, place.host, place.port) == (split.scheme, split.hostname or "", port)
            below = steps[len(place.path) :]
            if is_there and steps[: len(place.path)] == place.path and below and below[-1]:
                return place, split, below
        allowed = listed(sorted({place.scheme for place in self._places}))
        raise _bad(f"{url!r} is in none of the places of this server, which are of {allowed or 'no scheme'}")


def _context(authorities: str) -> SSLContext:
    import ssl  # noqa: PLC0415 - likewise

    try:
        return ssl.create_default_context(cafile=authorities or None)
    except OSError as error:
        raise UnusablePlace(f"url_ca {authorities!r} has no certificates: {error}") from error


def _bad(message: str) -> BadUrl:
    return BadUrl(message, info=(("bad-element", "url"),))


def _place(prefix: str) -> Place:
    try:
        split = _split(prefix)
        port, steps = _port(split), _steps(split.path)
    except ValueError as error:
        raise UnusablePlace(f"url_places has {prefix!r}: {error}") from error
    if split.scheme not in SCHEMES:
        raise UnusablePlace(f"url_places has {prefix!r}: its scheme is not one of {', '.join(SCHEMES)}")
    if not split.path.endswith("/") or split.query:
        raise UnusablePlace(f"url_places has {prefix!r}: a place ends in a slash")
    if bool(split.hostname) is not (split.scheme == "https"):
        raise UnusablePlace(f"url_places has {prefix!r}: https has a host, and a file has none")
    return Place(split.scheme, split.hostname or "", port, steps[:-1])


def _split(url: str) -> SplitResult:
    """Return a URL taken apart.

    Raises:
        ValueError: It is none, or has what does not belong into the name of a configuration.
    """
    # Python's parser takes away what others may not
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise ValueError("there are characters in it that a URL cannot have")
    split = urlsplit(url)
    if split.username is not None or split.password is not None:
        raise ValueError("it has a user's name")
    if split.fragment:
        raise ValueError("it has a fragment")
    if split.scheme == "file" and (split.query or split.netloc not in ("", "localhost")):
        raise ValueError("a file's URL has neither a host nor a query")
    return split._replace(netloc="") if split.scheme == "file" else split


def _port(split: SplitResult) -> int:
    return split.port if split.port is not None else 443 if split.scheme == "https" else 0


def _steps(path: str) -> tuple[str, ...]:
    """Return the steps of a path, decoded; the last one is empty if it ends in a slash.

    Raises:
        ValueError: One of them would lead elsewhere.
    """
    if not path.startswith("/"):
        raise ValueError("its path is not absolute")
    steps = tuple(unquote(step, errors="strict") for step in path[1:].split("/"))
    if any(step in (".", "..") or {"/", "\\", "\0"} & set(step) for step in steps) or "" in steps[:-1]:
        raise ValueError("its path has a step that leads elsewhere")
    return steps


def _target(split: SplitResult) -> str:
    """Return what a request to the host names."""
    return f"{split.path}?{split.query}" if split.query else split.path
