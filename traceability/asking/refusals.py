"""Refusals of queries, with the names that the standard gives them."""

from __future__ import annotations

from traceability.repository.refusals import TITLES, BadParameter, EpcisRefusal

__all__ = [
    "BadControls",
    "BadParameter",
    "NoSuchQuery",
    "QueryNameTaken",
    "QueryNotValid",
    "QueryTooComplex",
    "QueryTooLarge",
]

TITLES.update(
    {
        "QueryValidationException": "The query that is to be kept is not valid",
        "NoSuchNameException": "There is no query with this name",
        "SubscriptionControlsException": "The controls of the subscription are not valid",
        "QueryTooLargeException": "The query has more results than it allows",
        "QueryTooComplexException": "The query takes too much to answer",
    }
)


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
