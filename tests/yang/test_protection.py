"""What compiled models say of who may see and change a node, and paths of NACM's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from yang.errors import InvalidValue
from yang.node_paths import NodeInstanceIdentifierType, steps

if TYPE_CHECKING:
    from yang.schema import Schema

AUTHENTICATION = "/openconfig-system:system/aaa/authentication"


@pytest.mark.parametrize(
    ("path", "denied"),
    [
        ("/ietf-netconf-acm:nacm", "all"),
        ("/ietf-netconf-acm:nacm/groups", ""),
        ("/ietf-factory-default:factory-reset", "all"),
        ("/nos-history:rollback", "all"),
        ("/nos-history:get-blame", ""),
        ("/nos-schedule:cancel-scheduled-commit", "all"),
        ("/nos-schedule:schedule/commit/change", "all"),
        ("/nos-drift:drift/deviation/wanted", "all"),
        ("/openconfig-interfaces:interfaces", ""),
    ],
)
def test_tags_of_models_are_compiled(full_schema: Schema, path: str, denied: str) -> None:
    assert full_schema.find(path).default_deny == denied


@pytest.mark.parametrize(
    ("leaf", "denied"),
    [
        ("users/user/config/password", "all"),
        ("users/user/config/password-hashed", "all"),
        ("users/user/state/password-hashed", "all"),
        ("admin-user/config/admin-password-hashed", "all"),
        ("users/user/config/ssh-key", ""),
        ("users/user/config/username", ""),
    ],
)
def test_secrets_of_openconfig_are_as_if_tagged(full_schema: Schema, leaf: str, denied: str) -> None:
    assert full_schema.find(f"{AUTHENTICATION}/{leaf}").default_deny == denied


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("/", "/"),
        ("/a:b", "/a:b"),
        ('/a:b/a:c[ a:d = "x" ]/a:e', "/a:b/a:c[a:d='x']/a:e"),
        ("/a:b[a:c=$USER]", "/a:b[a:c=$USER]"),
        ("/a:b[.='x']", "/a:b[.='x']"),
    ],
)
def test_a_node_instance_identifier_may_leave_keys_out(text: str, canonical: str) -> None:
    assert NodeInstanceIdentifierType().parse(text) == canonical


@pytest.mark.parametrize(
    "text", ["", "a:b", "/b", "/a:b[1]", "/a:b[a:c=$OTHER]", "//a:b", "/a:*", "/a:b[a:c]", "/a:b/"]
)
def test_what_is_no_node_instance_identifier_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="is not a node-instance-identifier"):
        NodeInstanceIdentifierType().parse(text)


def test_the_steps_of_a_path_have_its_keys() -> None:
    found = list(steps("/a:b[a:x='1'][a:y=$USER]/c:d"))
    assert [(step.module, step.name, step.keys) for step in found] == [
        ("a", "b", {"x": "1", "y": None}),
        ("c", "d", {}),
    ]
