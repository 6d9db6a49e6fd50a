"""`python -m backends.process.worker`: the process that a backend runs in, on behalf of the server that started it."""

from __future__ import annotations

import argparse
import base64
import ctypes
import logging
import os
import pickle
import signal
import socket
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from backends import plugins
from backends.codec import (
    kinds_of,
    plain,
    plain_object_key,
    plain_value,
    restored_object_key,
    restored_operation,
    tupled,
)
from backends.documents import Documents
from backends.operation import BackendLost, OperationFailed
from backends.process.child import Description, Source

if TYPE_CHECKING:
    from collections.abc import Collection

    from backends.backend import Backend
    from backends.resource import Key
    from backends.state import ObjectKey

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
FORMAT = "%(asctime)s %(levelname)s %(name)s[%(process)d]: %(message)s"


class Worker:
    """Answers the server's calls with a backend."""

    def __init__(self, backend: Backend, told: Documents) -> None:
        """Answer with `backend`, and tell what happens by itself through `told`."""
        self._backend = backend
        self._kinds = kinds_of(backend.resources)
        self._told = told
        self._telling = threading.Lock()

    def serve(self, line: Documents) -> None:
        """Answer what comes through `line` until the server closes it or has ended."""
        for method, argument in line:
            with suppress(OSError):  # the end is found at the next turn
                try:
                    line.say(self._answer(method, argument))
                except TypeError as error:
                    line.say(["lost", f"what {method} gave cannot be sent: {error}"])

    def _answer(self, method: str, argument: Any) -> list[Any]:
        """Return the outcome of a call, and what belongs to it."""
        try:
            return ["done", self._done(method, argument)]
        except OperationFailed as error:
            return ["refused", list(error.failures.items())]
        except BackendLost as error:
            return ["lost", str(error)]
        except Exception as error:
            # what state its system is in is then as unknown
            logger.exception("%s failed in %s", self._backend.name, method)
            return ["lost", repr(error)]

    def _done(self, method: str, argument: Any) -> Any:
        """Return the plain result of a call."""
        match method:
            case "read":
                return [plain(found) for found in self._backend.read([tupled(key) for key in argument]).values()]
            case "execute":
                return self._backend.execute([restored_operation(values, self._kinds) for values in argument])
            case "owned":
                return [plain(found) for found in self._backend.owned()]
            case "check":
                operations = [restored_operation(values, self._kinds) for values in argument]
                return list(self._backend.check(operations).items())
            case "strays":
                wanted, keys = argument
                asked = None if keys is None else {tupled(key) for key in keys}
                return [plain(found) for found in self._backend.strays({tupled(key) for key in wanted}, asked)]
            case "reached":
                return list(self._backend.reached(argument))
            case "watch":
                return self._backend.watch(lambda keys: self._tell("came", keys))
            case "follow":
                # what the configuration calls for is known to the server only
                return self._backend.follow(partial(self._tell, "touched"), lambda _: True)
            case "follow-state":
                return self._backend.state[argument].follow(partial(self._tell_of_state, argument))
            case "state":
                number, keys = argument
                wanted = None if keys is None else [restored_object_key(key) for key in keys]
                found = self._backend.state[number].read(wanted)
                return [
                    [plain_object_key(key), {leaf: plain_value(value) for leaf, value in leaves.items()}]
                    for key, leaves in found.items()
                ]
        raise ValueError(f"no method {method}")

    def _tell(self, what: str, keys: Collection[Key] | None, shaken: Collection[Key] = ()) -> None:
        with self._telling, suppress(OSError):
            self._told.say([what, None if keys is None else list(keys), list(shaken)])

    def _tell_of_state(self, number: int, keys: Collection[ObjectKey] | None) -> None:
        objects = None if keys is None else [plain_object_key(key) for key in keys]
        with self._telling, suppress(OSError):
            self._told.say(["state", objects, number])


def describe(backend: Backend) -> Description:
    """Return what a backend is, apart from its system."""
    sources = (
        Source(type(source), source.path, source.leaves, source.told, source.missing) for source in backend.state
    )
    return Description(
        backend.name, tuple(backend.translators), tuple(backend.resources), tuple(sources), backend.can_reach
    )


def main() -> None:
    """Make a backend and answer for it until the server has gone."""
    parser = argparse.ArgumentParser(description="Run a backend for a server, which starts this itself.")
    parser.add_argument("parent", type=int, help="the server's process")
    parser.add_argument("lines", type=int, nargs=4, help="descriptors of sockets: calls, lists, state, events")
    arguments = parser.parse_args()
    _end_with(arguments.parent)
    # the server ends it by closing its lines, when a commit under way is finished
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    calls, lists, state, told = (Documents(socket.socket(fileno=line)) for line in arguments.lines)
    backend: Backend | None = None
    for hello in calls:
        name, settings, level = pickle.loads(base64.b64decode(hello))  # noqa: S301 - the server's own, see Child.greet
        logging.basicConfig(level=level, format=FORMAT)
        try:
            backend = plugins.backend(name, settings)
            answer = _pickled(describe(backend))
        except Exception as error:  # noqa: BLE001 - the server raises it
            answer = _pickled_error(error)
        with suppress(OSError):
            calls.say(answer)
        break
    if backend is None:
        return
    worker = Worker(backend, told)
    for line, name in ((lists, "lists"), (state, "state")):
        threading.Thread(target=worker.serve, args=(line,), name=name, daemon=True).start()
    worker.serve(calls)
    backend.close()


def _end_with(parent: int) -> None:
    """Have the kernel end this process when the one that started it has ended, even if it hangs by then."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _pickled(what: object) -> str:
    return base64.b64encode(pickle.dumps(what)).decode()


def _pickled_error(error: Exception) -> str:
    """Return an exception with all its parts, if they can be sent; otherwise what it says."""
    try:
        pickled = _pickled(error)
        pickle.loads(base64.b64decode(pickled))  # noqa: S301 - of the line above
    except Exception:  # noqa: BLE001 - anything can be wrong with somebody else's class
        return _pickled(BackendLost(f"{type(error).__name__}: {error}"))
    return pickled


if __name__ == "__main__":
    main()
