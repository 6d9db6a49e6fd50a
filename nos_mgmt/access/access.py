"""What one user may see and do."""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING

from nos_mgmt.access.changing import first_denied
from nos_mgmt.access.deviations import without_deviations
from nos_mgmt.access.visible import Visible
from yang.diff import NETCONF
from yang.errors import RequestError
from yang.path import Path, XPath

if TYPE_CHECKING:
    from nos_mgmt.access.rules import Operation, Rules
    from yang.schema import SchemaNode
    from yang.tree import Node


WRITING: tuple[Operation, ...] = ("create", "update", "delete")


class AccessDenied(RequestError):
    """Something that a user may not do (RFC 8341 section 3.1.3)."""

    tag = "access-denied"


class OperationPath(Path):
    """Where a protocol operation is, as the error-path of an error that is about it."""

    __slots__ = ()

    def xpath(self) -> XPath:
        """Return the operation in its rpc element."""
        text, namespaces = super().xpath()
        return XPath(f"/rpc:rpc{text}", {"rpc": NETCONF, **namespaces})


class Denials:
    """How often something was denied since the server started."""

    def __init__(self) -> None:
        """Count from 0."""
        self._lock = threading.Lock()
        self.operations = 0
        self.data_writes = 0
        self.notifications = 0

    def count(self, name: str) -> None:
        """Count one more."""
        with self._lock:
            # zero-based-counter32 starts again where it ends
            setattr(self, name, (getattr(self, name) + 1) % (1 << 32))


class Access:
    """What one user may see and do by the configuration that is running."""

    def __init__(self, user: str = "", rules: Rules | None = None, denials: Denials | None = None) -> None:
        """Judge `user` by `rules`; without them everything is permitted, as it is to the recovery session."""
        self._user = user
        self._rules = rules
        self._denials = denials or Denials()
        self._visible = Visible(rules) if rules is not None else None

    @property
    def sees_all(self) -> bool:
        """Whether nothing is kept from the user, so that what is told of configurations needs no second look."""
        return self._rules is None

    def visible(self, tree: Node) -> Node:
        """Return what the user may see of a data tree, itself where that is all of it."""
        if self._visible is None:
            return tree
        return without_deviations(self._visible.of(tree), self.may_read_all)

    def may_read(self, path: Path) -> bool:
        """Return whether the user may see a node, if it is there, and all that leads to it."""
        return self._rules is None or self._rules.reached(path) is not None

    def may_read_all(self, path: Path) -> bool:
        """Return whether the user may see a node and everything that can be below it."""
        if self._rules is None:
            return True
        state = self._rules.reached(path)
        return state is not None and self._rules.whole(path.schema, state, "read") is True

    def refuse_read(self, path: Path) -> None:
        """Raise an error of the kind access-denied if the user may not see what is, or would be, at `path`."""
        if not self.may_read(path):
            raise AccessDenied(f"{self._user} may not read {path.schema.name}", self._shown(path))

    def refuse_change(self, before: Node, after: Node) -> None:
        """Raise an error of the kind access-denied for the first node in which the two differ that the user may not change."""
        if self._rules is None or before is after:
            return
        denied = first_denied(self._rules, before, after)
        if denied is not None:
            self._denials.count("data_writes")
            operation, path = denied
            hidden = self._hidden(path)
            if hidden is not None:
                raise self._kept(hidden)
            raise AccessDenied(f"{self._user} may not {operation} {path.schema.name}", path)

    def of_edit(self, error: RequestError) -> RequestError:
        """Return the error over a node in an edit: of the kind access-denied if the user may neither see nor change it."""
        hidden = self._hidden(error.path) if error.path is not None else None
        if self._rules is None or error.path is None or hidden is None or isinstance(error, AccessDenied):
            return error
        state = self._rules.top
        is_below = False
        for step in error.path.steps():
            state = self._rules.below(state, step.schema, step.key)
            is_below = is_below or step == hidden
            if is_below and any(self._rules.permits(step.schema, state, operation) for operation in WRITING):
                return error
        self._denials.count("data_writes")
        return self._kept(hidden)

    def _kept(self, hidden: Path) -> AccessDenied:
        """Return what is told, whatever it is, of a change at or below a node that the user may not see."""
        return AccessDenied(f"{self._user} may not change {hidden.schema.name}", self._shown(hidden))

    def _hidden(self, path: Path) -> Path | None:
        """Return the first node on the way to `path` that the user may not see; None if it and they may be seen.

        A container without presence is not one that is there or is not, unless nothing else is named.
        """
        if self.may_read(path):
            return None
        hidden = [step for step in path.steps() if not self.may_read(step)]
        return next((one for one in hidden if one.schema.kind != "container" or one.schema.presence), hidden[-1])

    def refuse_guess(self, path: Path, operation: Operation) -> None:
        """Raise an error of the kind access-denied if the user may neither see a node nor do `operation` to it, there or not.

        So whether it is there, which data-exists and data-missing would tell, is no more to be had than its contents (sections
        3.2.5 and 3.4.5): what is denied is denied before anything is looked for.
        """
        if self._rules is None or self.may_read(path):
            return
        state = self._rules.top
        for step in path.steps():
            state = self._rules.below(state, step.schema, step.key)
        if not self._rules.permits(path.schema, state, operation):
            self._denials.count("data_writes")
            raise self._kept(path)

    def refuse_operation(self, operation: SchemaNode) -> None:
        """Raise an error of the kind access-denied if the user may not call an operation."""
        if self._rules is not None and not self._rules.may_call(operation):
            raise self._refused(operation, OperationPath(None, operation))

    def refuse_action(self, path: Path) -> None:
        """Raise an error of the kind access-denied if the user may not call the action at `path` (section 3.4.4).

        All that leads to it has to be readable.
        """
        if self._rules is None:
            return
        state = self._rules.reached(path.parent) if path.parent is not None else self._rules.top
        if state is None or not self._rules.permits(path.schema, self._rules.below(state, path.schema), "exec"):
            raise self._refused(path.schema, self._shown(path))

    def _refused(self, operation: SchemaNode, path: Path | None) -> AccessDenied:
        self._denials.count("operations")
        refused = AccessDenied(f"{self._user} may not call {operation.name}", path)
        refused.type = "protocol"
        return refused

    def may_receive(self, notification: SchemaNode, path: Path | None = None) -> bool:
        """Return whether the user may receive a notification; for one of a data node, with the `path` of that node."""
        if self._rules is None:
            return True
        may = self._rules.may_receive(notification)
        if path is not None:
            state = self._rules.reached(path)
            may = state is not None and self._rules.permits(
                notification, self._rules.below(state, notification), "read"
            )
        if not may:
            self._denials.count("notifications")
        return may

    def told(self, error: RequestError) -> RequestError:
        """Return an error as the user may be told of it: without the contents of what may not be seen (section 3.2.5)."""
        path = error.path
        if self._rules is None or path is None or isinstance(error, AccessDenied) or self.may_read_all(path):
            return error
        shown = copy.copy(error)
        shown.path = self._shown(path)
        shown.message = f"{path.schema.name}: {error.tag}, of which no more may be told to {self._user}"
        shown.info = ()
        shown.value = None
        return shown

    def _shown(self, path: Path) -> Path | None:
        """Return a path as far as it names no entry that may not be seen; the names of schema nodes are no secret."""
        found: Path | None = None
        for step in path.steps():
            if step.key is not None and not self.may_read(step):
                return found
            found = step
        return found
