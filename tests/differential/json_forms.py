"""Valid instances in JSON: what libyang makes of ours, and we of libyang's (RFC 7951)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yang.errors import RequestError
from yang.jsondata import read_json
from yang.jsonio import print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.differential.oracle import Oracle
    from yang.schema import Schema
    from yang.tree import Node


def differences(schema: Schema, valid: Sequence[tuple[str, Node]], oracle: Oracle) -> Iterator[tuple[str, str, str]]:
    """Yield, for documents with their trees, those of which the two forms in JSON differ, with ours and with libyang's."""
    printed = [print_json(tree) for _, tree in valid]
    pairs = [(document, mine) for (document, _), mine in zip(valid, printed, strict=True)]
    for (document, tree), mine, answer in zip(valid, printed, oracle.in_json(pairs), strict=True):
        if isinstance(answer, str):
            yield document, f"in JSON: {mine}", f"in JSON: {answer}"
            continue
        theirs, theirs_of_mine = answer
        if unordered(json.loads(theirs)) != unordered(json.loads(theirs_of_mine)):
            yield document, f"in JSON: {mine}", f"in JSON: {theirs}, of ours {theirs_of_mine}"
            continue
        try:
            found = read_json(theirs.encode(), schema)
        except RequestError as error:
            yield document, f"in JSON: {mine}, of theirs {error}", f"in JSON: {theirs}"
        else:
            if found != tree:
                yield document, f"in JSON: {mine}, of theirs {print_json(found)}", f"in JSON: {theirs}"


def unordered(value: Any) -> Any:
    """Return a JSON value with its arrays sorted: lists of the system may come in any order."""
    if isinstance(value, dict):
        return {name: unordered(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted(map(unordered, value), key=json.dumps)
    return value
