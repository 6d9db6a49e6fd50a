"""Post-conditions: what a commit asserts of the operational state, and whether it is so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from backends.operation import BackendLost
from datastore.errors import BadAssertion, NotObservable
from yang.errors import RequestError
from yang.instance_path import instance_path
from yang.tree import Entries, Node, ordered
from yang.types import InstanceIdentifierType
from yang.values import InstanceIdentifier, shown
from yang.xmlio import parse_document, print_leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from datastore.backend_state import BackendState
    from datastore.operational import Operational
    from yang.path import Path
    from yang.schema import Schema

STATE, REACHABLE, ALIVE = "state", "reachable", "session-alive"


class Assertion(NamedTuple):
    """One thing that has to become true after a commit."""

    name: str
    """What a person calls it."""
    kind: str
    """`state`, `reachable` or `session-alive`."""
    subject: str = ""
    """The instance-identifier of a leaf, with modules' names, or the address."""
    value: str = ""
    """The leaf's value, as canonical text."""

    def __str__(self) -> str:
        if self.kind == STATE:
            return f"{self.subject} is {self.value}"
        return f"{self.subject} answers" if self.kind == REACHABLE else "the session is alive"


class Finding(NamedTuple):
    """How it is with an assertion."""

    assertion: Assertion
    holds: bool
    found: str
    """What was found instead; empty if it holds."""

    def __str__(self) -> str:
        return f"{self.assertion.name}: {self.found}"


class Session(NamedTuple):
    """What is known of the session that made a commit."""

    is_open: bool
    has_spoken: bool
    """Whether it has sent another request since the commit took effect."""


def written(assertions: Sequence[Assertion]) -> str:
    """Return assertions as the text that `read` takes."""
    return json.dumps(assertions) if assertions else ""


def read(text: str) -> tuple[Assertion, ...]:
    """Return the assertions of `written`."""
    return tuple(Assertion(*fields) for fields in json.loads(text)) if text else ()


class Observer:
    """Looks at the operational state of a device, at no more of it than an assertion speaks of."""

    def __init__(
        self,
        schema: Schema,
        operational: Operational,
        state: BackendState,
        running: Callable[[], Node],
        deferred: Callable[[], Collection[Path]],
    ) -> None:
        """Look at `operational`, with what is `running` and what is `deferred` of it, and ask backends through `state`."""
        self._schema = schema
        self._operational = operational
        self._backends = state
        self._running = running
        self._deferred = deferred

    def judge(self, assertion: Assertion) -> Assertion:
        """Return an assertion in canonical form.

        Raises:
            RequestError: It speaks of what this device cannot observe, or can never be.
        """
        if assertion.kind == REACHABLE:
            return self._judged_address(assertion)
        if assertion.kind != STATE:
            return assertion
        value = InstanceIdentifierType().parse(assertion.subject)
        path = instance_path(value, self._schema)
        leaf = path.schema
        if leaf.kind != "leaf" or leaf.config:
            what = "configuration, not state" if leaf.config else f"a {leaf.kind}, not a leaf"
            message = f"the assertion {shown(assertion.name)}: {shown(value, 200)} is {what}"
            raise BadAssertion(message, path, info=(("bad-element", leaf.name),))
        try:
            wanted = leaf.type.parse(assertion.value)
        except RequestError as error:
            message = f"the assertion {shown(assertion.name)}: {leaf.name}: {error.message}"
            raise BadAssertion(message, path, app_tag=error.app_tag, info=(("bad-element", leaf.name),)) from None
        return assertion._replace(subject=_identifier(path), value=leaf.type.text(wanted))

    def _judged_address(self, assertion: Assertion) -> Assertion:
        if not self._backends.can_reach:
            message = f"no backend here can tell whether {assertion.subject} is reachable"
            raise NotObservable(f"the assertion {shown(assertion.name)}: {message}", info=(("bad-element", REACHABLE),))
        address, zone, _ = assertion.subject.partition("%")
        if zone and ":" not in address:
            message = f"{shown(assertion.subject)} has a zone, and only IPv6 addresses have zones here"
            raise BadAssertion(f"the assertion {shown(assertion.name)}: {message}", info=(("bad-element", REACHABLE),))
        return assertion

    def look(self, assertions: Sequence[Assertion], session: Session) -> list[Finding]:
        """Return how it is with assertions that `judge` gave; what cannot be observed now does not hold."""
        addresses = {assertion.subject for assertion in assertions if assertion.kind == REACHABLE}
        answering = self._backends.reached(addresses) if addresses else {}
        findings = []
        for assertion in assertions:
            if assertion.kind == REACHABLE:
                found = answering.get(assertion.subject, f"{assertion.subject} does not answer")
            elif assertion.kind == STATE:
                found = self._state(assertion)
            elif not session.is_open:
                found = "the session has ended"
            else:
                found = "" if session.has_spoken else "the session has not sent anything since"
            findings.append(Finding(assertion, not found, found))
        return findings

    def _state(self, assertion: Assertion) -> str:
        """Return what is found instead of what an assertion says; empty if it is so."""
        try:
            path = instance_path(InstanceIdentifier(assertion.subject), self._schema)
            found = self._value(path)
        except (BackendLost, RequestError) as error:
            # after a start with other models or backends, a leaf may not be there any more
            return f"{assertion.subject} cannot be read: {error}"
        if found == assertion.value:
            return ""
        if found is None:
            return f"{assertion.subject} has no value, and should be {assertion.value}"
        return f"{assertion.subject} is {found}, not {assertion.value}"

    def _value(self, path: Path) -> str | None:
        """Return the text of an operational leaf, or None if it has no value."""
        steps = path.steps()
        tree = self._operational.view(
            _on_the_way(self._running(), steps), self._deferred(), [parse_document(_filter(steps).encode())]
        )
        node: Any = tree
        for step in steps:
            node = node.get(step.schema.qname) if isinstance(node, Node) else None
            if isinstance(node, Entries):
                node = node.get(step.key or ())
        return None if node is None else path.schema.type.text(node)


def _identifier(path: Path) -> str:
    """Return the instance-identifier of a path, every name with its module's."""
    text = []
    for step in path.steps():
        module = f"{step.schema.module.name}:"
        text.append(f"/{module}{step.schema.name}")
        text.extend(step.predicates(module))
    return "".join(text)


def _on_the_way(node: Node, steps: Sequence[Path]) -> Node:
    """Return `node` with no more than leads to the end of `steps`, and the `config` that a `state` on the way mirrors."""
    children: dict[str, Any] = {name: node.children[name] for name in node.schema.keys if name in node.children}
    if steps:
        step, rest = steps[0], steps[1:]
        name = step.schema.qname
        child: Any = node.children.get(name)
        if isinstance(child, Entries):
            key = step.key or ()
            entry = child.get(key)
            if entry is not None:
                children[name] = Entries(child.schema, {key: _on_the_way(entry, rest)})
        elif isinstance(child, Node):
            children[name] = _on_the_way(child, rest)
        config = name.replace("state", "config")
        if step.schema.name == "state" and config in node.children:
            children[config] = node.children[config]
    return Node(node.schema, ordered(node.schema, children))


def _filter(steps: Sequence[Path]) -> str:
    """Return the subtree filter that selects the end of `steps` (RFC 6241 section 6)."""
    step, rest = steps[0], steps[1:]
    schema = step.schema
    inner = "".join(
        print_leaf(schema.children[name], value) for name, value in zip(schema.keys, step.key or (), strict=True)
    )
    if rest:
        inner += _filter(rest)
    return f"{schema.open_tag}>{inner}{schema.close_tag}"


def unheld(findings: Sequence[Finding]) -> str:
    """Return what was found instead of the assertions that do not hold."""
    return "; ".join(str(finding) for finding in findings if not finding.holds)
