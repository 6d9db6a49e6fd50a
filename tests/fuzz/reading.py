"""What has to hold for any bytes: they are read, and then printed and read again, or refused with an error for a client."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.documents import damaged
from tests.yang.playground import playground
from yang.edit import edit_config
from yang.errors import RequestError
from yang.jsondata import read_json
from yang.jsonio import print_json
from yang.tree import Node
from yang.validate import validate_whole
from yang.xmldata import read_data
from yang.xmlio import MalformedXml, parse_document, print_children
from yang.xmlread import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 20
"""How many seconds one document may take."""


class Hang(Exception):
    """A reader that takes too long."""


def read_xml(content: bytes) -> None:
    """Read, edit and validate by an XML document."""
    schema = playground()
    try:
        element = parse_document(content)
    except MalformedXml:
        assert read_regular(content, schema) is None, "taken, though it is malformed"
        return
    try:
        tree = read_data(element, schema)
    except RequestError as error:
        assert read_regular(content, schema) is None, "taken, though it is refused"
        told(error)
    else:
        assert read_regular(content, schema) in (None, tree), "read in two ways"
        for error in validate_whole(tree):
            told(error)
        again = read_data(parse_document(f"<config>{print_children(tree)}</config>".encode()), schema)
        assert again == tree, "what is printed is read as something else"
    try:
        edit_config(Node(schema.root, {}), element)
    except RequestError as error:
        told(error)


def read_members(content: bytes) -> None:
    """Read and validate a JSON document."""
    schema = playground()
    errors: list[RequestError] = []
    try:
        read_json(content, schema, errors=errors)
    except RequestError as error:
        errors.append(error)
    for error in errors:
        told(error)
    try:
        tree = read_json(content, schema)
    except RequestError:
        assert errors, "refused, though nothing is told"
        return
    assert not errors, errors
    for error in validate_whole(tree):
        told(error)
    assert read_json(print_json(tree).encode(), schema) == tree, "what is printed is read as something else"


def told(error: RequestError) -> None:
    """Ask an error for all that a client is told."""
    assert error.tag
    str(error)


FORMS: dict[str, Callable[[bytes], None]] = {"xml": read_xml, "json": read_members}


@contextmanager
def patience() -> Iterator[None]:
    """Raise `Hang` in what takes too long."""

    def hang(*_: object) -> NoReturn:
        raise Hang(f"longer than {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fuzz(form: str, number: int, count: int) -> None:
    """Give the reader of a form `count` documents, made of the seed `number`; the shortest that it fails over is shown."""
    reader = FORMS[form]

    @seed(number)
    @given(content=damaged(form))
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    def check(content: bytes) -> None:
        with patience():
            reader(content)

    check()
