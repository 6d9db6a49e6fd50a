"""get-data and edit-data (RFC 8526)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from datastore.origin import ORIGIN, OriginMark, in_use, of_origin, without_guesses
from nos_mgmt.access.reading import seen
from nos_mgmt.netconf import txid
from nos_mgmt.netconf.datastores import NMDA, OPERATIONAL, config_at, datastore_of
from nos_mgmt.netconf.editing import change, edited_by
from nos_mgmt.netconf.messages import InvalidParameter
from nos_mgmt.netconf.reading import xpath_filter
from yang.annotated import defaults_of, print_marked
from yang.filter import narrowed
from yang.reporting import SubtreeFilter
from yang.retrieval import of_depth, of_kind, points_of_all, points_of_elements, points_of_paths
from yang.xpath_filter import XPathFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from nos_mgmt.access.reading import Seen
    from nos_mgmt.netconf.session import Call
    from yang.annotated import Mark
    from yang.edit import DefaultOperation
    from yang.reporting import Filter
    from yang.retrieval import Points
    from yang.tree import Node
    from yang.values import Identity
    from yang.with_defaults import Mode


def get_data(call: Call) -> str:
    """Answer with what is in a datastore (section 3.1.1)."""
    name = str(call.input.get("datastore"))
    wanted = filter_in(call)
    if name == OPERATIONAL:
        mode = cast("Mode", call.input.get("with-defaults") or "report-all")
        found, mark = operational(call, wanted, mode)
        selected = _limited(call, _of_origins(call, found.selected, mark), found, wanted)
        marks: list[Mark] = [mark] if "with-origin" in call.input.children else []
        return _data(found.explicit, selected, mode, marks)
    for parameter in ("with-origin", "origin-filter", "negated-origin-filter"):
        if parameter in call.input.children:
            raise InvalidParameter(
                f"{parameter} is for {OPERATIONAL} alone, not for {name}", info=(("bad-element", parameter),)
            )
    tree = call.device.datastores.read(datastore_of(call, call.input.get("datastore")), call.session.id)
    mode = cast("Mode", call.input.get("with-defaults") or "explicit")
    found = seen(call.access, tree, wanted, mode)
    selected = _limited(call, found.selected, found, wanted)
    if not txid.is_asked(call):
        return _data(found.explicit, selected, mode, [])
    call.device.versions.remember(tree)
    marks = defaults_of(found.explicit, mode)
    return txid.data(f'data xmlns="{NMDA}"', call, call.access.visible(tree), selected, marks)


def edit_data(call: Call) -> str | None:
    """Edit a datastore (section 3.1.2); what is in error changes nothing."""
    target = datastore_of(call, call.input.get("datastore"))
    if target != "candidate" and (target != "running" or "writable-running" not in call.device.features):
        raise InvalidParameter(f"{target} cannot be written with edit-data", info=(("bad-element", "datastore"),))
    config = cast("_Element | None", call.input.get("config"))
    if config is None:
        config = config_at(call, call.input.get("url"))
    default_operation = cast("DefaultOperation", call.input.get("default-operation") or "merge")

    def edited(before: Node) -> Node:
        return edited_by(call.access, before, config, default_operation)

    change(call, target, edited, txid.conditions(call, config))
    return txid.ok(call, call.device.datastores.read(target, call.session.id))


def filter_in(call: Call) -> Filter | None:
    """Return the filter of a request that has subtree-filter or xpath-filter, or None if it has neither.

    Raises:
        InvalidParameter: The expression cannot be used.
    """
    subtree = cast("_Element | None", call.input.get("subtree-filter"))
    if subtree is not None:
        return SubtreeFilter(list(subtree))
    expression = call.input.get("xpath-filter")
    if expression is None:
        return None
    element = next(child for child in call.operation if str(child.tag).endswith("}xpath-filter"))
    return xpath_filter(str(expression), element, call)


def operational(call: Call, wanted: Filter | None, mode: Mode) -> tuple[Seen, OriginMark]:
    """Return what of the operational datastore is selected, and where it comes from; of defaults those known to be in use."""
    device = call.device
    running, deferred = device.datastores.running, device.deferred_paths()
    bounds = wanted.bounds() if wanted is not None else None
    tree = in_use(device.operational.gathered(running, deferred, bounds), deferred)
    found = seen(call.access, tree, wanted, mode, config_only=False)
    # a container in which only something is configured that may not be seen is there by itself
    is_whole = bounds is None or call.access.sees_all
    configured = call.access.visible(running if is_whole or bounds is None else narrowed(running, bounds))
    if mode in ("report-all", "report-all-tagged"):
        found = found._replace(selected=without_guesses(found.selected, found.explicit, configured))
    return found, OriginMark(found.explicit, configured, None, None)


def _of_origins(call: Call, selected: Node, mark: OriginMark) -> Node:
    identities = call.device.schema.identities

    def is_one_of(origin: str, given: Sequence[Identity]) -> bool:
        name = f"ietf-origin:{origin}"
        return any(name == one or identities.is_derived(name, str(one)) for one in given)

    wanted, unwanted = (call.input.get(name) for name in ("origin-filter", "negated-origin-filter"))
    if wanted:
        return of_origin(selected, mark, lambda origin: is_one_of(origin, wanted))
    if unwanted:
        return of_origin(selected, mark, lambda origin: not is_one_of(origin, unwanted))
    return selected


def _limited(call: Call, selected: Node, found: Seen, wanted: Filter | None) -> Node:
    """Return what is selected as config-filter and max-depth leave it."""
    config, depth = call.input.get("config-filter"), call.input.get("max-depth")
    if isinstance(depth, int):
        selected = of_depth(selected, _points(found, wanted), depth)
    return selected if config is None else of_kind(selected, config=config)


def _points(found: Seen, wanted: Filter | None) -> Points:
    if wanted is None:
        return points_of_all()
    if isinstance(wanted, XPathFilter):
        return points_of_paths(wanted.paths(found.explicit, found.full))
    return points_of_elements(found.explicit.schema, wanted.bounds())


def _data(tree: Node, selected: Node, mode: Mode, marks: Sequence[Mark]) -> str:
    declared = f' xmlns:or="{ORIGIN}"' if marks else ""
    return f'<data xmlns="{NMDA}"{declared}>{print_marked(selected, [*marks, *defaults_of(tree, mode)])}</data>'
