"""What is done about deviations, by path: the configuration of nos-drift."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from yang.tree import Entries, Node

if TYPE_CHECKING:
    from datastore.deviation import Action
    from yang.path import Path

DRIFT = "nos-drift:drift"
STEP = re.compile(r"""/(?:([\w.-]+):)?([\w.-]+)((?:\[[^\[\]=]+=(?:'[^']*'|"[^"]*")\])*)""")
PREDICATE = re.compile(r"""\[\s*(?:[\w.-]+:)?([\w.-]+)\s*=\s*('[^']*'|"[^"]*")\s*\]""")


class _Step(NamedTuple):
    """One step of a policy's path."""

    module: str
    name: str
    keys: tuple[tuple[str, str], ...]


class Policies(NamedTuple):
    """The policies of one configuration, the one that counts for more before others."""

    default: Action
    policies: tuple[tuple[tuple[_Step, ...], Action], ...]

    def action(self, path: Path | None) -> Action:
        """Return what is to be done about a deviation at `path`."""
        if path is None:
            return self.default
        place = [
            (
                step.schema.module.name,
                step.schema.name,
                {
                    name: step.schema.children[name].type.text(value)
                    for name, value in zip(step.schema.keys, step.key or (), strict=False)
                },
            )
            for step in path.steps()
        ]
        for steps, action in self.policies:
            if len(steps) <= len(place) and all(
                (step.module, step.name) == (module, name) and all(keys.get(key) == value for key, value in step.keys)
                for step, (module, name, keys) in zip(steps, place, strict=False)
            ):
                return action
        return self.default


def policies_of(running: Node) -> Policies:
    """Return the policies that a configuration has."""
    drift = running.get(DRIFT)
    if not isinstance(drift, Node):
        return Policies("alarm", ())
    entries = drift.get("policy")
    found = [
        (parsed(cast("str", path)), cast("Action", entry.get("action")))
        for (path,), entry in (entries.items() if isinstance(entries, Entries) else ())
    ]
    found.sort(key=lambda policy: (-len(policy[0]), -sum(len(step.keys) for step in policy[0])))
    return Policies(drift.get("default-action") or "alarm", tuple(found))


@lru_cache(maxsize=1024)
def parsed(text: str) -> tuple[_Step, ...]:
    """Return the steps of a path in the form of RFC 7951 section 6.11; one that has not this form matches nothing."""
    if text == "/":
        return ()
    steps: list[_Step] = []
    module = ""
    end = 0
    for match in STEP.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        module = match[1] or module
        keys = tuple((name, value[1:-1]) for name, value in PREDICATE.findall(match[3]))
        steps.append(_Step(module, match[2], keys))
    return tuple(steps) if end == len(text) else (_Step("", "", ()),)
