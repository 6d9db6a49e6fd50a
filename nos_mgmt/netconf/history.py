"""The operations of nos-history: commits, earlier configurations, differences, blame, the plan, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from backends.resource import named
from datastore.chain import SEALED
from datastore.commits import Wanted
from datastore.comparison import compared
from datastore.deviation import shown
from datastore.plan import Plan
from nos_mgmt.netconf.messages import HISTORY
from nos_mgmt.netconf.reading import subtree_filter
from nos_mgmt.netconf.times import date_and_time, seconds_of
from yang.diff import NETCONF, YANG
from yang.filter import narrowed, select
from yang.tree import Node
from yang.xmlio import print_children

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from datastore.blame import Origin
    from datastore.commits import Commit
    from datastore.comparison import Comparison
    from nos_mgmt.access import Access
    from nos_mgmt.netconf.session import Call
    from yang.path import Path

DEFAULT_LIMIT = 100
"""Commits that get-commits has, if nobody says how many."""


def get_configuration(call: Call) -> str:
    """Answer with the configuration that a commit left."""
    tree = call.access.visible(call.device.history.configuration(_which(call)))
    return f'<configuration xmlns="{HISTORY}">{print_children(tree)}</configuration>'


def get_difference(call: Call) -> str:
    """Answer with how the configurations of two commits differ, for people and for programs."""
    first, second = _which(call, "from"), _which(call, "to")
    lines, edit = _compared(call, first, second)
    return (
        "".join(_element("change", line) for line in lines)
        + f'<edit xmlns="{HISTORY}" xmlns:nc="{NETCONF}" xmlns:yang="{YANG}">{edit}</edit>'
    )


def _compared(call: Call, first: int | None, second: int) -> Comparison:
    """Return how what the user may see of two configurations differs; None is the one before the first commit."""
    history, visible = call.device.history, call.access.visible
    if call.access.sees_all and first is not None:
        return history.compare(first, second)
    after = history.configuration(second)
    before = Node(after.schema, {}) if first is None else history.configuration(first)
    return compared(visible(before), visible(after))


def get_commits(call: Call) -> str:
    """Answer with the commits that a client looks for."""
    history = call.device.history
    given = {name: call.input.get(name) for name in ("user", "protocol", "label", "state", "comment", "before")}
    wanted = Wanted(since=_seconds(call, "since"), until=_seconds(call, "until"), **given)
    limit: int = call.input.get("limit") or DEFAULT_LIMIT
    found = history.newest(wanted, limit + 1)
    changes = _changes(call, found[:limit]) if "with-changes" in call.input.children else {}
    return "".join(
        f'<commit xmlns="{HISTORY}"><id>{commit.id}</id>{_leaves(commit)}'
        f"{''.join(f'<change>{escape(line)}</change>' for line in changes.get(commit.id, ()))}</commit>"
        for commit in found[:limit]
    ) + (f'<more xmlns="{HISTORY}"/>' if len(found) > limit else "")


def _changes(call: Call, found: Sequence[Commit]) -> Mapping[int, Sequence[str]]:
    """Return what commits changed of what the user may see."""
    history = call.device.history
    if call.access.sees_all:
        return history.changes([commit.id for commit in found])
    changes: dict[int, Sequence[str]] = {}
    for commit in found:
        if commit.state != SEALED:
            continue
        earlier = history.newest(Wanted(before=commit.id, state=SEALED), 1)
        # of what was before a commit that is the first one left, nothing is known
        if earlier or len(list(history.commits(1, commit.id - 1))) == commit.id - 1:
            changes[commit.id] = _compared(call, earlier[0].id if earlier else None, commit.id).lines
    return changes


def _leaves(commit: Commit) -> str:
    """Return what is known of a commit, in the order of the model."""
    author = commit.author
    given = {
        "time": date_and_time(commit.time),
        "user": author.user,
        "session-id": author.session_id,
        "protocol": author.protocol,
        "comment": commit.comment or None,
        "label": commit.label or None,
        "state": commit.state,
        "reason": commit.reason or None,
    }
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in given.items() if value is not None)


def get_blame(call: Call) -> str:
    """Answer with which commit set each leaf of what a filter selects."""
    wanted = subtree_filter(call)
    access = call.access

    def seen(tree: Node) -> Node:
        if wanted is None:
            return access.visible(tree)
        # what cannot be selected need not be looked over
        return select(tree if access.sees_all else access.visible(narrowed(tree, wanted)), wanted)

    found = call.device.history.blame(seen)
    makers = {origin.commit_id: "" for origin in found.origins}
    for commit_id in makers:
        makers[commit_id] = _maker(commit_id, found.commits.get(commit_id))
    return "".join(
        f'<leaf xmlns="{HISTORY}"><path>{escape(str(origin.path))}</path>{_value(origin)}'
        f"{makers[origin.commit_id]}</leaf>"
        for origin in found.origins
    )


def _maker(commit_id: int, commit: Commit | None) -> str:
    """Return what is known of the commit that set something."""
    if commit is None:
        return f"<commit>{commit_id}</commit><is-older/>" if commit_id else ""
    given = {"time": date_and_time(commit.time), "user": commit.author.user}
    given |= {name: said for name in ("comment", "label") if (said := getattr(commit, name))}
    said = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in given.items())
    return f"<commit>{commit_id}</commit>{said}"


def _value(origin: Origin) -> str:
    if origin.is_place:
        return "<is-place/>"
    if origin.value is None:
        return ""
    schema = origin.path.schema
    # anydata and anyxml are text
    text = schema.type.text(origin.value) if schema.kind in ("leaf", "leaf-list") else str(origin.value)
    return f"<value>{escape(text)}</value>"


def get_plan(call: Call) -> str:
    """Answer with what a commit of the candidate would do."""
    return "".join(_plan(call.device.datastores.plan(call.session.id), call.access))


def rollback(call: Call) -> str:
    """Go back to an earlier configuration, by a new commit."""
    commit_id = _which(call)
    tree = call.device.history.configuration(commit_id)
    comment = call.input.get("comment") or f"rollback to {commit_id}"
    done = call.device.datastores.roll_back(call.session.id, tree, call.session.author, comment)
    return "<ok/>" if done.commit_id is None else _element("commit", done.commit_id)


def _which(call: Call, side: str = "") -> int:
    """Return the number of the commit that a request names; `side` is from or to where it names two."""
    given = call.input.get
    commit_id: int | None = given(side or "commit")
    if commit_id is not None:
        return commit_id
    before = f"{side}-" if side else ""
    as_of = _seconds(call, f"{before}as-of")
    return call.device.history.number(label=given(f"{before}label"), as_of=as_of, ago=given(f"{before}ago") or 0)


def _seconds(call: Call, name: str) -> float | None:
    """Return a time that a request gives, in seconds since 1970."""
    text: str | None = call.input.get(name)
    return seconds_of(text, name) if text is not None else None


def _plan(plan: Plan, access: Access) -> Iterator[str]:
    def is_seen(path: Path | None) -> bool:
        return access.sees_all or (path is not None and access.may_read_all(path))

    steps = [step for step in plan.steps if is_seen(step.path)]
    deferred = [each for each in plan.deferred if is_seen(each.path)]
    is_whole = len(steps) == len(plan.steps) and len(deferred) == len(plan.deferred)
    if is_whole:
        # the id of all of it could be compared with that of a guess at the rest
        yield _element("plan-id", plan.id)
    for number, (backend, operation, path) in enumerate(steps, 1):
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
    for key, path, reason in deferred:
        yield f'<deferred xmlns="{HISTORY}"><resource>{escape(named(key))}</resource>'
        if path is not None:
            yield f"<path>{escape(str(path))}</path>"
        yield f"<reason>{escape(reason)}</reason></deferred>"
    yield _element("text", plan if is_whole else Plan(steps, deferred))


def _element(name: str, value: object) -> str:
    return f'<{name} xmlns="{HISTORY}">{escape(str(value))}</{name}>'
