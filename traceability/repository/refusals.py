"""Refusals of the EPCIS interface: problems with the types that the standard gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from flask import Flask

from shop.errors import DomainError
from shop.problems import name_problems
from traceability.standard.faults import Fault

#: House code -> the standard's exception; filled by the classes.
_BY_CODE: dict[str, str] = {}
_BY_STATUS: Mapping[int, str] = MappingProxyType(
    {
        400: "ValidationException", 401: "SecurityException", 403: "SecurityException",
        404: "NoSuchResourceException", 406: "NotAcceptableException", 409: "ResourceAlreadyExistsException",
        413: "CaptureLimitExceededException", 414: "URITooLongException", 415: "UnsupportedMediaTypeException",
        422: "ValidationException", 500: "ImplementationException", 501: "ImplementationException",
        503: "ImplementationException",
    }
)  # fmt: skip
#: The exceptions of the standard, as sentences; a part that refuses in further ways adds its own.
TITLES = {
    "ValidationException": "The document is not valid",
    "SecurityException": "Access is not allowed",
    "NoSuchResourceException": "There is no such resource",
    "NotAcceptableException": "What the headers ask for cannot be answered",
    "ResourceAlreadyExistsException": "A resource with this identifier exists already",
    "CaptureLimitExceededException": "The capture is larger than the limit",
    "URITooLongException": "The address is too long",
    "QueryParameterException": "A query parameter is unknown or has a wrong value",
    "UnsupportedMediaTypeException": "The media type is not supported",
    "ImplementationException": "The server failed",
}
#: Statuses that the standard has no exception for.
_OTHERS = MappingProxyType({405: "Method Not Allowed", 429: "Too Many Requests"})


class EpcisRefusal(DomainError):
    """The EPCIS interface says no."""

    code = "epcis-refused"
    http_status: ClassVar[int] = 400
    #: The standard's name of it.
    exception: ClassVar[str] = "ValidationException"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _BY_CODE[cls.code] = cls.exception


class NotValid(EpcisRefusal):
    """A document or event is not as the standard or the platform's rules have it; nothing of it was stored."""

    code = "epcis-not-valid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        told = [{"pointer": f"#{fault.pointer}", "detail": fault.detail} for fault in faults]
        more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
        super().__init__(f"{told[0]['detail']}{more}", errors=told)


class BadParameter(EpcisRefusal):
    """A query parameter is unknown, has a wrong value, or does not go together with another."""

    code = "epcis-query-parameter"
    exception = "QueryParameterException"

    def __init__(self, name: str, detail: str) -> None:
        shown = name if len(name) <= 100 else f"{name[:100]}…"  # noqa: PLR2004
        super().__init__(f"{shown}: {detail}", parameter=shown)


class AddressTooLong(EpcisRefusal):
    """The address is longer than anybody needs to ask; a named query takes more."""

    code = "epcis-address-too-long"
    http_status = 414
    exception = "URITooLongException"


class CaptureTooLarge(EpcisRefusal):
    """A document has more bytes or more events than one capture may have."""

    code = "epcis-capture-too-large"
    http_status = 413
    exception = "CaptureLimitExceededException"


class UnsupportedDocument(EpcisRefusal):
    """The body is neither JSON nor JSON-LD; XML is not taken."""

    code = "epcis-unsupported-document"
    http_status = 415
    exception = "UnsupportedMediaTypeException"


class NotAcceptableHere(EpcisRefusal):
    """The answer, or the version, that the headers ask for is not to be had."""

    code = "epcis-not-acceptable"
    http_status = 406
    exception = "NotAcceptableException"


class EventIdTaken(EpcisRefusal):
    """Another event has this identifier."""

    code = "epcis-event-id-taken"
    http_status = 409
    exception = "ResourceAlreadyExistsException"


class ForeignKey(EpcisRefusal):
    """An event names goods whose number is registered to another organisation, which has not handed them over."""

    code = "epcis-foreign-key"
    http_status = 403
    exception = "SecurityException"


class NotYoursToTakeBack(EpcisRefusal):
    """An error declaration is of an event that the market wrote of what it knows itself: who did the act undoes it there."""

    code = "epcis-event-of-the-market"
    http_status = 403
    exception = "SecurityException"


def name_problem(status: int, code: str) -> tuple[int, str, str]:
    """Return status, type and title as the standard has them."""
    exception = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if exception is None:
        return status, "about:blank", _OTHERS.get(status, "Error")
    status = 400 if status == 422 else status  # noqa: PLR2004  the standard has no 422
    return status, f"epcisException:{exception}", TITLES[exception]


def as_error(refusal: EpcisRefusal, **members: Any) -> dict[str, Any]:
    """Return a refusal as capture jobs list it."""
    return {
        "type": f"epcisException:{refusal.exception}",
        "title": TITLES[refusal.exception],
        "status": refusal.http_status,
        "detail": refusal.detail,
        **refusal.members,
        **members,
    }


def init_app(_app: Flask) -> None:
    """Let every refusal under ``/epcis`` be as the standard has it."""
    name_problems("/epcis", name_problem)
