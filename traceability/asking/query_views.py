"""Named queries, and their events."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, request

from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from traceability.asking import named
from traceability.asking.answering import QUERIES, answer_events, held_by, link_to_next, paging_only, prefixes_asked
from traceability.asking.bodies import read_body
from traceability.asking.refusals import QueryNotValid
from traceability.repository.protocol import answer, discover, make_blueprint

bp = make_blueprint("epcis_queries", __name__)
discover(bp, "/queries", "GET", "POST")
discover(bp, "/queries/<name>", "GET", "DELETE")
discover(bp, "/queries/<name>/events", "GET")


@bp.post("/queries", provide_automatic_options=False)
@requires("trace:read")
def create_query(actor: Actor) -> Response:
    """Keep a query under a name."""
    body, prefixes = read_body(QueryNotValid), prefixes_asked()
    with transaction():
        name = named.create(body, prefixes, actor, at=clock.now())
    return Response(status=201, headers={"Location": f"{request.url_root}epcis/queries/{quote(name, safe='')}"})


@bp.get("/queries", provide_automatic_options=False)
@requires("trace:read")
def list_queries(actor: Actor) -> Response:
    """List the organisation's queries, oldest first."""
    paging = paging_only()
    held = held_by(paging, QUERIES, "", actor)
    found = named.list_queries(actor, after=0 if held is None else int(held["after"]), limit=paging.per_page + 1)
    page = found[: paging.per_page]
    headers = link_to_next(QUERIES, "", str(page[-1].id), actor) if len(found) > len(page) else {}
    return answer([named.described(query) for query in page], headers=headers)


@bp.get("/queries/<name>", provide_automatic_options=False)
@requires("trace:read")
def show_query(actor: Actor, name: str) -> Response:
    """Show what a query asks."""
    return answer(named.described(named.get(name, actor)))


@bp.delete("/queries/<name>", provide_automatic_options=False)
@requires("trace:read")
def delete_query(actor: Actor, name: str) -> Response:
    """Delete a query."""
    with transaction():
        named.remove(name, actor)
    return Response(status=204)


@bp.get("/queries/<name>/events", provide_automatic_options=False)
@requires("trace:read")
def list_events_of_query(actor: Actor, name: str) -> Response:
    """Answer a query; parameters of the address narrow it."""
    query = named.get(name, actor)
    return answer_events(actor, named.parameters_of(query.definition), query.extensions, query_name=query.name)
