"""Events by query, and the tokens of their pages."""

from __future__ import annotations

from flask import Response

from shop.auth import Actor, requires
from shop.errors import NotFound
from traceability.asking.answering import EVENTS, QUERIES, SUBSCRIPTIONS, VALUES, answer_events
from traceability.repository.protocol import discover, make_blueprint, read_page_token

bp = make_blueprint("epcis_asking", __name__)
discover(bp, "/nextPageToken/<path:token>", "DELETE")
#: Lists whose pages have tokens.
_LISTS = (EVENTS, VALUES, QUERIES, SUBSCRIPTIONS, "capture")


@bp.get("/events", provide_automatic_options=False)
@requires("trace:read")
def list_events(actor: Actor) -> Response:
    """Answer SimpleEventQuery with the parameters of the address."""
    return answer_events(actor)


@bp.delete("/nextPageToken/<path:token>", provide_automatic_options=False)
@requires("trace:read")
def release_token(actor: Actor, token: str) -> Response:
    """Release a page token: all that it stands for is in itself, so nothing is left to be freed."""
    if all(read_page_token(list_, actor, token) is None for list_ in _LISTS):
        raise NotFound("There is no such page token, or no longer.")
    return Response(status=204)
