"""What is told of events: the notifications of RFC 6470, and our own where no standard has any."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from backends.resource import named
from datastore import events
from datastore.commits import SYSTEM
from datastore.deviation import Event as DriftEvent
from nos_mgmt.notifications.records import record
from yang.diff import changes
from yang.path import Path
from yang.tree import Entries, Node
from yang.values import EMPTY, InstanceIdentifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from datastore.commits import Author
    from nos_mgmt.notifications.records import Record
    from yang.diff import Change
    from yang.schema import Schema

EDITS = 1000
"""Edits that are told one by one; of a commit with more, the top-level nodes in which they are."""
STANDARD = "ietf-netconf-notifications"


class Teller:
    """Makes event records of what happens."""

    def __init__(self, schema: Schema) -> None:
        """Tell it in the notifications of `schema`, as far as that has them."""
        self._schema = schema
        self._sessions: dict[int, events.SessionStarted] = {}

    def records(self, event: object) -> Iterator[Record]:
        """Yield what is told of an event; nothing of some."""
        told = self._told(event)
        if told is not None:
            name, leaves = told
            made = record(self._schema, event.time, name, leaves)  # type: ignore[attr-defined]  # all that is told has one
            if made is not None:
                yield made

    def _told(self, event: object) -> tuple[str, Mapping[str, Any]] | None:
        match event:
            case events.Sealed():
                edits = {"edit": self._edits(event.before, event.after)}
                return f"{STANDARD}:netconf-config-change", {
                    "changed-by": self._changed_by(event.author),
                    "datastore": "running",
                    **edits,
                }
            case events.StartupChanged():
                who = self._sessions.get(event.session_id)
                by = self._session(who.user, event.session_id) if who is not None else {"server": EMPTY}
                return f"{STANDARD}:netconf-config-change", {"changed-by": by, "datastore": "startup"}
            case events.ConfirmationEvent():
                is_late = event.kind == "timeout"
                return f"{STANDARD}:netconf-confirmed-commit", {
                    **({} if is_late else self._session(event.user, event.session_id)),
                    "confirm-event": event.kind,
                    "timeout": int(event.timeout) if event.timeout is not None else None,
                }
            case events.SessionStarted():
                self._sessions[event.session_id] = event
                return f"{STANDARD}:netconf-session-start", self._session(event.user, event.session_id)
            case events.SessionEnded():
                self._sessions.pop(event.session_id, None)
                return f"{STANDARD}:netconf-session-end", {
                    "username": event.user,
                    "session-id": event.session_id,
                    "source-host": event.source_host or None,
                    "killed-by": event.killed_by if event.reason == "killed" else None,
                    "termination-reason": event.reason,
                }
            case events.CapabilitiesChanged():
                return f"{STANDARD}:netconf-capability-change", {
                    "changed-by": {"server": EMPTY},
                    "added-capability": event.added or None,
                    "deleted-capability": event.deleted or None,
                    "modified-capability": event.modified or None,
                }
            case DriftEvent():
                return "nos-drift:deviation-event", _drift(event)
            case events.OutOfStep():
                return "nos-drift:out-of-step", {
                    "resource": event.resources or None,
                    "reason": event.reason or None,
                }
            case events.BackInStep():
                return "nos-drift:back-in-step", {}
            case events.PostConditionsOver():
                leaves = {"user": event.user, "held": event.held, "outcome": event.outcome}
                return "nos-post-conditions:post-conditions-event", leaves
            case events.ScheduledOver():
                return "nos-schedule:scheduled-commit-event", {
                    "id": event.id,
                    "state": event.state,
                    "user": event.user,
                    "reason": event.reason or None,
                    "commit-id": event.commit_id,
                }
        return None

    def _session(self, user: str, session_id: int | None) -> dict[str, Any]:
        """Return the leaves that tell of a session; those of none, or of one that is over, have the number 0."""
        known = self._sessions.get(session_id or 0)
        return {
            "username": user,
            "session-id": session_id or 0,
            "source-host": (known.source_host or None) if known is not None else None,
        }

    def _changed_by(self, author: Author) -> dict[str, Any]:
        return (
            {"server": EMPTY} if author.protocol == SYSTEM.protocol else self._session(author.user, author.session_id)
        )

    def _edits(self, before: Node, after: Node) -> Entries | None:
        schema = self._schema.root.children.get(f"{STANDARD}:netconf-config-change")
        if schema is None:
            return None
        definition = schema.children["edit"]
        edits = list(islice(_edits(before, after), EDITS + 1))
        if len(edits) > EDITS:
            edits = [
                (Path(None, top), "merge")
                for name, top in after.schema.children.items()
                if before.children.get(name) is not after.children.get(name)
            ]
        return Entries(
            definition,
            [
                ((number,), Node(definition, {"target": instance_identifier(path), "operation": operation}))
                for number, (path, operation) in enumerate(edits, 1)
            ],
        )


def _edits(before: Node, after: Node) -> Iterator[tuple[Path, str]]:
    """Yield the edits that lead from one tree to another, as far as they are known: what was changed, and how."""
    for change in changes(before, after):
        if change.path.schema.kind == "leaf-list":
            yield from _leaf_list_edits(change)
        elif change.before is None:
            yield change.path, "create"
        elif change.after is None:
            yield change.path, "delete"
        else:
            # an entry that is there before and after has moved, which merge does
            yield change.path, "merge" if isinstance(change.after, Node) else "replace"


def _leaf_list_edits(change: Change) -> Iterator[tuple[Path, str]]:
    old: Any = change.before or ()
    new: Any = change.after or ()
    parent, schema = change.path.parent, change.path.schema
    yield from ((Path(parent, schema, (value,)), "delete") for value in old if value not in new)
    kept = [value for value in old if value in new]
    moved = kept != [value for value in new if value in kept]
    for value in new:
        if value not in old:
            yield Path(parent, schema, (value,)), "create"
        elif moved:
            yield Path(parent, schema, (value,)), "merge"


def instance_identifier(path: Path) -> InstanceIdentifier:
    """Return the instance-identifier of a node, each name with its module's."""
    parts = []
    for step in path.steps():
        module = step.schema.module.name
        parts += [f"/{module}:{step.schema.name}", *step.predicates(f"{module}:")]
    return InstanceIdentifier("".join(parts))


def _drift(event: DriftEvent) -> Mapping[str, Any]:
    one = event.deviation
    return {
        "event": event.kind,
        "id": one.id,
        "backend": one.backend,
        "resource": named(one.key),
        "attribute": one.attribute or None,
        "path": str(one.path) if one.path is not None else None,
        "wanted": one.wanted_text(),
        "found": one.found_text(),
        "policy": one.action,
        "commit-id": event.commit_id,
    }
