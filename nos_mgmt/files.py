"""Files below a folder, which nothing that stands in it can lead out of: no `..`, no symbolic link."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from yang.errors import RequestError, TooBig

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""A named pipe would have who opens it wait for somebody else."""


def read_file(folder: Sequence[str], below: Sequence[str], largest: int) -> bytes:
    """Return the content of the file at the steps `below` a folder.

    Raises:
        RequestError: It cannot be read, or is no plain file.
        TooBig: It has more than `largest` octets.
    """
    with _opened(folder, below) as (parent, name):
        descriptor = os.open(name, os.O_RDONLY | FILE, dir_fd=parent)
        with os.fdopen(descriptor, "rb") as opened:
            _refuse_special(os.fstat(descriptor), name)
            content = opened.read(largest + 1)
    if len(content) > largest:
        raise TooBig(f"{'/'.join(below)} has more than the {largest} octets that are read")
    return content


def write_file(folder: Sequence[str], below: Sequence[str], content: bytes) -> None:
    """Make the file at the steps `below` a folder, whose folder has to be there, hold `content`: wholly or not at all.

    Raises:
        RequestError: It could not be written; what was there still is.
    """
    with _opened(folder, below) as (parent, name):
        with suppress(FileNotFoundError):
            _refuse_special(os.stat(name, dir_fd=parent, follow_symlinks=False), name)
        new = f".{secrets.token_hex(8)}.new"
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE, 0o600, dir_fd=parent)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(descriptor)
            os.replace(new, name, src_dir_fd=parent, dst_dir_fd=parent)
            os.fsync(parent)
        except OSError:
            with suppress(OSError):
                os.unlink(new, dir_fd=parent)
            raise


def delete_file(folder: Sequence[str], below: Sequence[str]) -> None:
    """Delete the file at the steps `below` a folder.

    Raises:
        RequestError: It is not there, is no plain file, or cannot be deleted.
    """
    with _opened(folder, below) as (parent, name):
        _refuse_special(os.stat(name, dir_fd=parent, follow_symlinks=False), name)
        os.unlink(name, dir_fd=parent)


@contextmanager
def _opened(folder: Sequence[str], below: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Have the folder that a file is in, as a descriptor, and the file's name; errors of the system name the file."""
    try:
        # the folder itself is whoever has set it up's, links and all
        current = os.open("/" + "/".join(folder), FOLDER)
        try:
            for step in below[:-1]:
                inner = os.open(step, FOLDER | os.O_NOFOLLOW, dir_fd=current)
                os.close(current)
                current = inner
            yield current, below[-1]
        finally:
            os.close(current)
    except OSError as error:
        raise RequestError(f"{'/'.join(below)}: {error.strerror or error}") from error


def _refuse_special(found: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise RequestError(f"{name} is no plain file")
