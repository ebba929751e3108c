"""Refusals of queries, with the names that the standard gives them."""

from __future__ import annotations

from traceability.repository.refusals import TITLES, EpcisRefusal

TITLES.update(
    {
        "QueryParameterException": "A query parameter is unknown or has a wrong value",
        "QueryValidationException": "The query that is to be kept is not valid",
        "NoSuchNameException": "There is no query with this name",
        "SubscriptionControlsException": "The controls of the subscription are not valid",
        "QueryTooLargeException": "The query has more results than it allows",
        "QueryTooComplexException": "The query takes too much to answer",
    }
)


class BadParameter(EpcisRefusal):
    """A query parameter is unknown, has a wrong value, or does not go together with another."""

    code = "epcis-query-parameter"
    exception = "QueryParameterException"

    def __init__(self, name: str, detail: str) -> None:
        shown = name if len(name) <= 100 else f"{name[:100]}…"  # noqa: PLR2004
        super().__init__(f"{shown}: {detail}", parameter=shown)


class QueryTooLarge(EpcisRefusal):
    """A query has more results than its maxEventCount."""

    code = "epcis-query-too-large"
    http_status = 413
    exception = "QueryTooLargeException"


class QueryTooComplex(EpcisRefusal):
    """A query took longer than the server gives one, or reaches too far."""

    code = "epcis-query-too-complex"
    http_status = 413
    exception = "QueryTooComplexException"


class QueryNotValid(EpcisRefusal):
    """A query that is to be kept under a name is none, or could never be answered."""

    code = "epcis-query-not-valid"
    exception = "QueryValidationException"


class QueryNameTaken(EpcisRefusal):
    """The organisation keeps another query under this name."""

    code = "epcis-query-name-taken"
    http_status = 409
    exception = "ResourceAlreadyExistsException"


class NoSuchQuery(EpcisRefusal):
    """The organisation keeps no query under this name."""

    code = "epcis-no-such-query"
    http_status = 404
    exception = "NoSuchNameException"


class BadControls(EpcisRefusal):
    """A subscription says when or where to send in a way that cannot be done."""

    code = "epcis-subscription-controls"
    exception = "SubscriptionControlsException"
