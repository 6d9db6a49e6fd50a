"""Resources, operations and the values of state as JSON, for other processes."""

from __future__ import annotations

import base64
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from backends.operation import Operation
from yang.values import Bits, Empty, Identity, InstanceIdentifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backends.resource import Resource
    from backends.state import ObjectKey
    from yang.values import Value

TEXTS: dict[str, type[str]] = {kind.__name__: kind for kind in (Identity, InstanceIdentifier, Bits, Empty)}
"""The kinds of text that JSON does not tell from others."""


def kinds_of(classes: Iterable[type[Resource]]) -> dict[str, type[Resource]]:
    """Return the classes by their kinds."""
    return {class_.kind: class_ for class_ in classes}


def plain(resource: Resource | None) -> list[Any] | None:
    """Return a resource as a list of its kind and the values of its fields."""
    return None if resource is None else [resource.kind, *[getattr(resource, field.name) for field in fields(resource)]]


def restored(values: list[Any] | None, kinds: Mapping[str, type[Resource]]) -> Resource | None:
    """Return the resource that `plain` gave."""
    return None if values is None else kinds[values[0]](*map(tupled, values[1:]))


def plain_operation(operation: Operation) -> list[Any]:
    """Return an operation as the pair of its resources."""
    return [plain(operation.before), plain(operation.after)]


def restored_operation(values: list[Any], kinds: Mapping[str, type[Resource]]) -> Operation:
    """Return the operation that `plain_operation` gave."""
    return Operation(restored(values[0], kinds), restored(values[1], kinds))


def tupled(value: Any) -> Any:
    """Return `value` with lists turned back into tuples."""
    return tuple(map(tupled, value)) if isinstance(value, list) else value


def plain_value(value: Value) -> Any:
    """Return a leaf's value; where JSON has none like it, an object of its kind and its text."""
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, Decimal):
        return {"Decimal": str(value)}
    name = type(value).__name__
    return {name: value} if name in TEXTS else value


def restored_value(given: Any) -> Value:
    """Return the value that `plain_value` gave."""
    if not isinstance(given, dict):
        found: Value = given
        return found
    ((name, text),) = given.items()
    if name == "bytes":
        return base64.b64decode(text)
    return Decimal(text) if name == "Decimal" else TEXTS[name](text)


def plain_object_key(key: ObjectKey) -> list[Any]:
    """Return the key of an object that has state; keys of lists inside others hold keys."""
    return [plain_object_key(part) if isinstance(part, tuple) else plain_value(part) for part in key]


def restored_object_key(given: list[Any]) -> ObjectKey:
    """Return the key that `plain_object_key` gave."""
    return tuple(restored_object_key(part) if isinstance(part, list) else restored_value(part) for part in given)
