"""Resources and operations as JSON, for other processes."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from backends.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backends.resource import Resource


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
