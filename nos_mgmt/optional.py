"""What of the models a server has only with a setting: features that can be turned off (RFC 7950 section 7.20.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.features import without_feature

if TYPE_CHECKING:
    from collections.abc import Collection

    from yang.tables import Tables

OPTIONAL = {
    "startup": (
        "get-config/input/source/startup",
        "copy-config/input/source/startup",
        "copy-config/input/target/startup",
        "delete-config/input/target/startup",
        "lock/input/target/startup",
        "unlock/input/target/startup",
        "validate/input/source/startup",
    ),
    "writable-running": (
        "edit-config/input/target/running",
        "copy-config/input/target/running",
    ),
    "url": (
        "edit-config/input/url",
        "copy-config/input/source/url",
        "copy-config/input/target/url",
        "delete-config/input/target/url",
        "validate/input/source/url",
    ),
}
"""The features of ietf-netconf that can be turned off, each with the nodes that depend on it."""

ELSEWHERE = {"url": ("ietf-netconf-nmda", ("edit-data/input/url",))}
"""Nodes of other modules that depend on a feature of ietf-netconf."""


def with_features(tables: Tables, wanted: Collection[str]) -> Tables:
    """Return `tables` with only those optional features of ietf-netconf that are `wanted`."""
    for feature, paths in OPTIONAL.items():
        if feature not in wanted:
            tables = without_feature(tables, "ietf-netconf", feature, paths)
            module, others = ELSEWHERE.get(feature, ("", ()))
            tables = without_feature(tables, module, feature, others)
    return tables
