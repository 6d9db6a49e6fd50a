"""What came of a YANG Patch, as RFC 8072 section 2.3 has it, and its errors as RFC 8040 section 7.1 writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from yang.errors import RequestError

PATCH = "urn:ietf:params:xml:ns:yang:ietf-yang-patch"
RESTCONF = "urn:ietf:params:xml:ns:yang:ietf-restconf"


@dataclass(frozen=True, slots=True)
class PatchStatus:
    """The outcome of a patch."""

    patch_id: str
    done: tuple[str, ...] = ()
    """The edits that were done, though to no effect if another one was not."""
    failed: dict[str, list[RequestError]] = field(default_factory=dict)
    """The errors of the edit that could not be done, by its edit-id."""
    errors: list[RequestError] = field(default_factory=list)
    """The errors of the patch as a whole."""

    @property
    def is_ok(self) -> bool:
        """Whether the patch took effect."""
        return not self.failed and not self.errors

    def print_xml(self) -> str:
        """Return the element `yang-patch-status`."""
        parts = [f'<yang-patch-status xmlns="{PATCH}"><patch-id>{escape(self.patch_id)}</patch-id>']
        if self.is_ok:
            parts.append("<ok/>")
        elif self.errors:
            parts.append(_errors_in_xml(self.errors))
        else:
            edits = [(edit_id, "<ok/>") for edit_id in self.done]
            edits += [(edit_id, _errors_in_xml(errors)) for edit_id, errors in self.failed.items()]
            inside = (f"<edit><edit-id>{escape(edit_id)}</edit-id>{said}</edit>" for edit_id, said in edits)
            parts.append(f"<edit-status>{''.join(inside)}</edit-status>")
        return "".join([*parts, "</yang-patch-status>"])

    def members(self) -> dict[str, Any]:
        """Return the object with `ietf-yang-patch:yang-patch-status`, as `json.dumps` takes it."""
        status: dict[str, Any] = {"patch-id": self.patch_id}
        if self.is_ok:
            status["ok"] = [None]
        elif self.errors:
            status["errors"] = _errors_in_json(self.errors)
        else:
            edits: list[dict[str, Any]] = [{"edit-id": edit_id, "ok": [None]} for edit_id in self.done]
            edits += [
                {"edit-id": edit_id, "errors": _errors_in_json(errors)} for edit_id, errors in self.failed.items()
            ]
            status["edit-status"] = {"edit": edits}
        return {"ietf-yang-patch:yang-patch-status": status}


def _leaves(error: RequestError) -> list[tuple[str, str | None]]:
    return [("error-type", error.type), ("error-tag", error.tag), ("error-app-tag", error.app_tag)]


def _errors_in_xml(errors: list[RequestError]) -> str:
    inside = []
    for error in errors:
        leaves = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in _leaves(error) if value)
        if error.path is not None:
            path = error.path.xpath()
            declared = "".join(f" xmlns:{prefix}={quoteattr(name)}" for prefix, name in path.namespaces.items())
            leaves += f"<error-path{declared}>{escape(path.text)}</error-path>"
        inside.append(f"<error>{leaves}<error-message>{escape(error.message)}</error-message></error>")
    return f'<errors xmlns="{RESTCONF}">{"".join(inside)}</errors>'


def _errors_in_json(errors: list[RequestError]) -> dict[str, Any]:
    inside = []
    for error in errors:
        said: dict[str, Any] = {name: value for name, value in _leaves(error) if value}
        if error.path is not None:
            said["error-path"] = str(error.path)
        inside.append(said | {"error-message": error.message})
    return {"error": inside}
