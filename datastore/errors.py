"""What can be wrong with a request on a datastore, besides what is wrong with its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yang.errors import RequestError

if TYPE_CHECKING:
    from yang.path import Path


class LockDenied(RequestError):
    """A lock that is held by somebody else, or cannot be had now (RFC 6241 section 7.5)."""

    tag = "lock-denied"
    type = "protocol"


class InUse(RequestError):
    """A datastore that another session has locked."""

    tag = "in-use"


class ResourceDenied(RequestError):
    """A request for more than the server gives."""

    tag = "resource-denied"


class TxidMismatch(RequestError):
    """A change that was made for another state of running than the one there is (draft-ietf-netconf-transaction-id)."""

    type = "protocol"

    def __init__(self, message: str, path: Path | None, etag: str | None) -> None:
        """Say which node has another etag than was expected, and which; None if it is not there."""
        super().__init__(message, path)
        self.etag = etag


class UnknownLock(RequestError):
    """A partial lock that the session does not have (RFC 5717 section 2.4.2)."""

    tag = "invalid-value"
    type = "protocol"


class NotTranslatable(RequestError):
    """Configuration that a backend cannot put into effect as it stands."""

    tag = "operation-not-supported"


class UnsupportedValue(RequestError):
    """A value that no backend puts into effect."""

    tag = "invalid-value"


class CommitFailed(RequestError):
    """A commit that a backend refused or did not carry out; everything is as it was before, unless the message says not."""

    commit_id: int | None = None
    """Its number, if the history has it."""


class ValidationFailed(RequestError):
    """Data that breaks rules of its model: all that is wrong with it."""

    def __init__(self, errors: list[RequestError]) -> None:
        """Bring the errors together."""
        super().__init__("; ".join(map(str, errors)))
        self.errors = errors


class NotConfirmable(RequestError):
    """A confirmed commit that is asked for and does not wait."""

    tag = "invalid-value"
    type = "protocol"


class Conflicting(RequestError):
    """A change of a private candidate that does not go with what a commit has made of running since."""

    def __init__(self, message: str, path: Path, info: tuple[tuple[str, str], ...] = ()) -> None:
        """Say what is in conflict with what, and which commit it was."""
        super().__init__(message, path, app_tag="conflict", info=info)


class PlanChanged(RequestError):
    """A commit that was to do what a certain plan says, and would do something else by now."""


class BadAssertion(RequestError):
    """A post-condition that can never be, or speaks of what is no state."""

    tag = "invalid-value"


class NotObservable(RequestError):
    """A post-condition that no backend here can tell of."""

    tag = "operation-not-supported"


class TooManyScheduled(RequestError):
    """A commit to be scheduled where as many wait as may."""

    tag = "resource-denied"


class UnknownSchedule(RequestError):
    """A scheduled commit that does not wait."""

    tag = "invalid-value"
    type = "protocol"


class UnknownCommit(RequestError):
    """A commit that is not in the history, or did not take effect."""

    tag = "invalid-value"


class StateUnknown(RequestError):
    """State that a backend was asked for and did not tell."""


class NotRemedied(RequestError):
    """A deviation that could be neither reverted nor adopted, as was asked; it is still there."""


class NotAdoptable(RequestError):
    """Something found in a system that no configuration is known to call for."""

    tag = "operation-not-supported"
