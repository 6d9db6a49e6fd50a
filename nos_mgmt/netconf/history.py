"""The operations of nos-history: earlier configurations, differences, the plan, and the way back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from backends.resource import named
from datastore.deviation import shown
from nos_mgmt.netconf.messages import InvalidParameter
from yang.diff import NETCONF, YANG, changes, difference, summary
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datastore.plan import Plan
    from nos_mgmt.netconf.session import Call

HISTORY = "urn:nos-mgmt:yang:nos-history"


def get_configuration(call: Call) -> str:
    """Answer with the configuration that a commit left."""
    tree = call.device.history.configuration(_which(call))
    return f'<configuration xmlns="{HISTORY}">{print_children(tree)}</configuration>'


def get_difference(call: Call) -> str:
    """Answer with how the configurations of two commits differ, for people and for programs."""
    history = call.device.history
    before = history.configuration(call.input.get("from"))
    after = history.configuration(call.input.get("to"))
    lines = "".join(_element("change", summary(change)) for change in changes(before, after))
    edit = f'<edit xmlns="{HISTORY}" xmlns:nc="{NETCONF}" xmlns:yang="{YANG}">{difference(before, after)}</edit>'
    return lines + edit


def get_plan(call: Call) -> str:
    """Answer with what a commit of the candidate would do."""
    return "".join(_plan(call.device.datastores.plan()))


def rollback(call: Call) -> str:
    """Go back to an earlier configuration, by a new commit."""
    commit_id = _which(call)
    tree = call.device.history.configuration(commit_id)
    comment = call.input.get("comment") or f"rollback to {commit_id}"
    done = call.device.datastores.roll_back(call.session.id, tree, call.session.author, comment)
    return "<ok/>" if done.commit_id is None else _element("commit", done.commit_id)


def _which(call: Call) -> int:
    """Return the number of the commit that a request names."""
    commit_id: int | None = call.input.get("commit")
    if commit_id is not None:
        return commit_id
    as_of: str | None = call.input.get("as-of")
    try:
        seconds = datetime.fromisoformat(as_of).timestamp() if as_of is not None else None
    except (ValueError, OverflowError) as wrong:
        raise InvalidParameter(f"{as_of} is no time: {wrong}", info=(("bad-element", "as-of"),)) from wrong
    return call.device.history.number(label=call.input.get("label"), as_of=seconds, ago=call.input.get("ago") or 0)


def _plan(plan: Plan) -> Iterator[str]:
    yield _element("plan-id", plan.id)
    for number, (backend, operation, path) in enumerate(plan.steps, 1):
        yield f'<operation xmlns="{HISTORY}"><index>{number}</index><backend>{backend.name}</backend>'
        yield f"<action>{operation.action}</action><resource>{escape(named(operation.key))}</resource>"
        if path is not None:
            yield f"<path>{escape(str(path))}</path>"
        for name, (before, after) in operation.changed().items():
            yield f"<attribute><name>{name}</name>"
            if operation.before is not None:
                yield f"<before>{escape(shown(before))}</before>"
            if operation.after is not None:
                yield f"<after>{escape(shown(after))}</after>"
            yield "</attribute>"
        yield "</operation>"
    for key, path, reason in plan.deferred:
        yield f'<deferred xmlns="{HISTORY}"><resource>{escape(named(key))}</resource>'
        if path is not None:
            yield f"<path>{escape(str(path))}</path>"
        yield f"<reason>{escape(reason)}</reason></deferred>"
    yield _element("text", plan)


def _element(name: str, value: object) -> str:
    return f'<{name} xmlns="{HISTORY}">{escape(str(value))}</{name}>'
