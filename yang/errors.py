"""What can be wrong with data and with models, in the terms of RFC 6241 appendix A and RFC 7950 sections 8.3 and 15."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yang.path import Path


class NosError(Exception):
    """An error whose message tells a person what is wrong; nobody needs to see where in the program it was found."""


class ModelError(NosError):
    """YANG modules that cannot be used: the message names module and line."""


class RequestError(NosError):
    """A request that cannot be honoured, as a client is told of it.

    `path` is the data node in question, `info` the elements of RFC 6241's error-info as (name, text) pairs, `value` what
    stands there, and `line` where it stands in the document that was read; None where there is none.
    """

    tag: str = "operation-failed"
    type: str = "application"
    value: str | None = None
    line: int | None = None

    def __init__(
        self,
        message: str,
        path: Path | None = None,
        *,
        app_tag: str | None = None,
        info: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.message = message
        self.path = path
        self.app_tag = app_tag
        self.info = info

    def __str__(self) -> str:
        return self.message if self.path is None else f"{self.path}: {self.message}"


class ConstraintViolation(RequestError):
    """A rule of the model over several nodes does not hold (RFC 7950 section 15)."""


class InvalidValue(RequestError):
    """A value is outside its type (RFC 7950 section 8.3.1)."""

    tag = "invalid-value"


class BadElement(RequestError):
    """An element stands where or as it may not."""

    tag = "bad-element"


class UnknownElement(RequestError):
    """An element that the schema does not have here."""

    tag = "unknown-element"


class UnknownNamespace(RequestError):
    """An element in a namespace that is not served."""

    tag = "unknown-namespace"


class MissingElement(RequestError):
    """An element that must be there is not."""

    tag = "missing-element"


class BadAttribute(RequestError):
    """An attribute's value is not one of those allowed."""

    tag = "bad-attribute"


class MissingAttribute(RequestError):
    """An attribute that must be there is not."""

    tag = "missing-attribute"


class UnknownAttribute(RequestError):
    """An attribute that may not stand on this element."""

    tag = "unknown-attribute"


class DataExists(RequestError):
    """A node to be created is there already."""

    tag = "data-exists"


class DataMissing(RequestError):
    """A node that is deleted or referred to is not there."""

    tag = "data-missing"


class TooBig(RequestError):
    """A document is larger or deeper than this server takes."""

    tag = "too-big"
