"""Paths of NACM's rules: instance-identifiers in which keys may be missing or be the user's name (RFC 8341 section 4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from yang.errors import InvalidValue
from yang.types import InstanceIdentifierType, Resolve, by_module_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yang.values import InstanceIdentifier

EVERYTHING = "/"
"""The path of all that a datastore can hold."""
USER = "$USER"
STEP = re.compile(r"""/([\w.-]+):([\w.-]+)((?:\[(?:"[^"]*"|'[^']*'|[^]])*\])*)""")
PREDICATE = re.compile(r"""\[(?:(\.)|([\w.-]+):([\w.-]+))=(?:"([^"]*)"|'([^']*)'|(\$USER))\]""")


class NodeInstanceIdentifierType(InstanceIdentifierType):
    """node-instance-identifier, kept as an instance-identifier is, so that its prefixes mean the same wherever it is shown."""

    name = "node-instance-identifier"
    SHAPE: ClassVar[re.Pattern[str]] = re.compile(
        r"""/|(/[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*"""
        r"""(\[\s*(\.|[\w.-]+:[\w.-]+)\s*=\s*("[^"]*"|'[^']*'|\$USER)\s*\])*)+"""
    )

    def __init__(self) -> None:
        """Take paths to what may be there or not."""
        super().__init__(require_instance=False)

    def parse(self, text: str, resolve: Resolve = by_module_name) -> InstanceIdentifier:
        """Return the path with modules' names for prefixes, single quotes where they can be, and no spaces."""
        try:
            return super().parse(text.strip(), resolve)
        except InvalidValue as error:
            raise InvalidValue(error.message.replace("an instance-identifier", f"a {self.name}")) from None


class Step(NamedTuple):
    """One step of a rule's path."""

    module: str
    name: str
    keys: dict[str, str | None]
    """What keys have to be, by their names; None is the user's name, and `.` stands for the value of a leaf-list."""


def steps(path: str) -> Iterator[Step]:
    """Yield the steps of a path, of which `/` has none."""
    for module, name, predicates in STEP.findall(path):
        keys = {
            dot or key: None if user else double or single
            for dot, _, key, double, single, user in PREDICATE.findall(predicates)
        }
        yield Step(module, name, keys)
