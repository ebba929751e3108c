"""The kinds of refusal a service can raise; none of them knows a status code."""

from __future__ import annotations

from typing import Any, ClassVar

_RESERVED = frozenset({"type", "title", "status", "detail", "instance"})


class DomainError(Exception):
    """A rule said no.

    :param detail: one sentence for people: what is wrong and what to do.
    :param members: extension members of the problem document, JSON values only.
    """

    #: Public and stable: the problem's type is ``/problems/<code>``.
    code: ClassVar[str] = "refused"

    def __init__(self, detail: object = "", **members: Any) -> None:
        clash = _RESERVED & members.keys()
        if clash:
            message = f"Reserved problem members: {sorted(clash)}"
            raise ValueError(message)
        self.detail = str(detail)
        self.members = members
        super().__init__(self.detail)


class NotFound(DomainError):
    """There is no such thing, or the actor may not know that there is."""

    code = "not-found"


class Forbidden(DomainError):
    """The actor sees the thing but may not do this with it."""

    code = "forbidden"


class Conflict(DomainError):
    """The state of things does not allow it now."""

    code = "conflict"


class Invalid(DomainError):
    """The request is well formed but makes no sense.

    :param errors: optional list of ``{"pointer": "#/lines/0/quantity", "detail": ...}``.
    """

    code = "invalid"


class TooMany(DomainError):
    """The caller must slow down; member ``retry_after_s`` says for how long."""

    code = "too-many-requests"


class Unauthenticated(DomainError):
    """Nobody is signed in, or the token is not valid."""

    code = "unauthenticated"
