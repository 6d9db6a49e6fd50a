"""The mender."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from datastore import mender
from datastore.mender import Mender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mender, "PATIENCE", (0.01, 0.02))


@pytest.fixture
def lock() -> threading.Lock:
    return threading.Lock()


@pytest.fixture
def make(lock: threading.Lock) -> Iterator[Callable[[Callable[[], bool]], Mender]]:
    made: list[Mender] = []

    def make_(attempt: Callable[[], bool]) -> Mender:
        made.append(Mender(lock, attempt))
        return made[-1]

    yield make_
    for one in made:
        one.close()


class Attempts:
    """Attempts that fail until they may succeed."""

    def __init__(self, failures: int, mistake: Exception | None = None) -> None:
        self.left = failures
        self.mistake = mistake
        self.is_mended = threading.Event()

    def __call__(self) -> bool:
        if self.left:
            self.left -= 1
            if self.mistake is not None:
                raise self.mistake
            return False
        self.is_mended.set()
        return True


def test_it_tries_until_it_succeeds(make: Callable[[Callable[[], bool]], Mender], lock: threading.Lock) -> None:
    attempts = Attempts(3)
    with lock:
        make(attempts).start()
    assert attempts.is_mended.wait(5)


def test_a_mistake_does_not_end_it(make: Callable[[Callable[[], bool]], Mender], lock: threading.Lock) -> None:
    attempts = Attempts(2, ValueError("no"))
    with lock:
        make(attempts).start()
    assert attempts.is_mended.wait(5)


def test_it_tries_only_while_it_has_the_lock(
    make: Callable[[Callable[[], bool]], Mender], lock: threading.Lock
) -> None:
    attempts = Attempts(0)
    with lock:
        make(attempts).start()
        assert not attempts.is_mended.wait(0.1)
    assert attempts.is_mended.wait(5)


def test_it_can_be_started_again_once_it_has_succeeded(
    make: Callable[[Callable[[], bool]], Mender], lock: threading.Lock
) -> None:
    attempts = Attempts(0)
    mender_ = make(attempts)
    for _ in range(50):
        attempts.is_mended.clear()
        with lock:
            mender_.start()
        assert attempts.is_mended.wait(5)


def test_started_twice_it_is_one(make: Callable[[Callable[[], bool]], Mender], lock: threading.Lock) -> None:
    mender_ = make(Attempts(1000))
    with lock:
        mender_.start()
        thread = mender_._thread
        mender_.start()
        assert mender_._thread is thread


def test_closing_ends_it(make: Callable[[Callable[[], bool]], Mender], lock: threading.Lock) -> None:
    attempts = Attempts(1_000_000)
    mender_ = make(attempts)
    with lock:
        mender_.start()
    mender_.close()
    left = attempts.left
    assert not attempts.is_mended.wait(0.1)
    assert attempts.left == left
