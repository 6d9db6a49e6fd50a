"""Instance-identifiers as paths (RFC 7950 section 9.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import module
from yang.errors import RequestError
from yang.instance_path import instance_path
from yang.types import InstanceIdentifierType

if TYPE_CHECKING:
    from collections.abc import Callable

    from yang.path import Path
    from yang.schema import Schema

BODY = """
  container c {
    list l { key "a b"; leaf a { type string; } leaf b { type uint8; } leaf v { type string; } }
    leaf-list n { type uint8; }
    list free { config false; leaf v { type string; } }
  }
  rpc r { input { leaf x { type string; } } }
"""


@pytest.fixture
def path_of(compiled: Callable[..., Schema]) -> Callable[[str], Path]:
    schema = compiled(m=module(BODY))
    return lambda text: instance_path(InstanceIdentifierType().parse(text), schema)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("/m:c", "/m:c"),
        ("/m:c/m:l[m:a='x'][m:b='5']/m:v", "/m:c/l[a='x'][b='5']/v"),
        ("/m:c/m:l[ m:b = '5' ][m:a = \"it's ]/\"]", "/m:c/l[a=\"it's ]/\"][b='5']"),
        ("/m:c/m:n[.='7']", "/m:c/n[.='7']"),
    ],
)
def test_it_is_the_path_of_what_it_names(path_of: Callable[[str], Path], text: str, short: str) -> None:
    assert str(path_of(text)) == short


@pytest.mark.parametrize(
    ("text", "tag", "path", "message"),
    [
        ("/m:d", "unknown-element", None, "the top has no m:d; it has m:c"),
        ("/x:c", "unknown-element", None, "the top has no x:c"),
        ("/m:r/m:input", "unknown-element", None, "the top has no m:r"),
        ("/m:c/m:n[.='7']/m:v", "unknown-element", "/m:c/n[.='7']", "n has no m:v"),
        ("/m:c/m:l/m:v", "invalid-value", "/m:c", "l is named by a, b"),
        ("/m:c/m:l[m:a='x']/m:v", "invalid-value", "/m:c", "l is named by a, b"),
        ("/m:c/m:l[m:a='x'][m:b='5'][m:b='6']", "invalid-value", "/m:c", "l is named by a, b"),
        ("/m:c/m:l[m:a='x'][m:b='256']", "invalid-value", "/m:c", "256 is outside 0..255"),
        ("/m:c[m:a='x']", "invalid-value", None, "c has no keys"),
        ("/m:c/m:n", "invalid-value", "/m:c", "n is named by ."),
        ("/m:c/m:free[1]/m:v", "invalid-value", "/m:c", "free has no keys"),
    ],
)
def test_what_names_nothing_is_refused(
    path_of: Callable[[str], Path], text: str, tag: str, path: str | None, message: str
) -> None:
    with pytest.raises(RequestError) as caught:
        path_of(text)
    assert (caught.value.tag, caught.value.path and str(caught.value.path)) == (tag, path)
    assert message in caught.value.message
