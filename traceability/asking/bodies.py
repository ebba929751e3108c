"""The body of a request that keeps a query or a subscription."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from traceability.repository.protocol import JSON, JSON_LD
from traceability.repository.refusals import EpcisRefusal, UnsupportedDocument
from traceability.standard.limits import excess
from traceability.standard.reading import read

#: Bytes of a query, or of a subscription.
LARGEST = 100_000


def read_body(refusal: Callable[[str], EpcisRefusal]) -> object:
    """Return the request's body.

    :param refusal: what is raised if it cannot be read, or is larger than any.
    :raises UnsupportedDocument: for anything but JSON.
    """
    if request.mimetype not in (JSON, JSON_LD) or request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedDocument("The body is application/json or application/ld+json, not compressed.")
    request.max_content_length = LARGEST
    try:
        value, fault = read(request.get_data())
    except RequestEntityTooLarge as error:
        raise refusal(f"The body has at most {LARGEST} bytes.") from error
    wrong = fault.detail if fault else excess(value)
    if wrong:
        raise refusal(wrong)
    return value
