"""Subscriptions to named queries."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from flask import Response, current_app, request

from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.webhooks import addresses
from traceability.asking import named, subscriptions
from traceability.asking.answering import SUBSCRIPTIONS, held_by, link_to_next, paging_only
from traceability.asking.bodies import read_body
from traceability.asking.refusals import BadControls
from traceability.repository.protocol import answer, discover, make_blueprint

bp = make_blueprint("epcis_subscriptions", __name__)
_ALL, _ONE = "/queries/<name>/subscriptions", "/queries/<name>/subscriptions/<uuid:subscription_id>"
discover(bp, _ALL, "GET", "POST")
discover(bp, _ONE, "GET", "DELETE")


@bp.post(_ALL, provide_automatic_options=False)
@requires("trace:read")
def create_subscription(actor: Actor, name: str) -> Response:
    """Send the events of a query to an address from now on."""
    named.get(name, actor)
    controls = subscriptions.read_controls(read_body(BadControls))
    _look_up(controls.dest)
    with transaction():
        query = named.get(name, actor)
        made = subscriptions.create(query, controls, actor, at=clock.now(), now=clock.real_now())
        path = f"epcis/queries/{quote(name, safe='')}/subscriptions/{made.public_id}"
        return answer(subscriptions.described(made, query), 201, {"Location": f"{request.url_root}{path}"})


def _look_up(dest: str) -> None:
    """Refuse an address that may not be reached; it is looked up again for every try, this tells people at once."""
    try:
        addresses.resolve(dest, allow_private=bool(current_app.config["WEBHOOK_ALLOW_PRIVATE"]))
    except addresses.BadWebhookAddress as error:
        raise BadControls(f"dest is no address that events may be sent to: {error.detail}") from error


@bp.get(_ALL, provide_automatic_options=False)
@requires("trace:read")
def list_subscriptions(actor: Actor, name: str) -> Response:
    """List the subscriptions to a query, oldest first."""
    query, paging = named.get(name, actor), paging_only()
    held = held_by(paging, SUBSCRIPTIONS, str(query.id), actor)
    after = 0 if held is None else int(held["after"])
    found = subscriptions.list_subscriptions(query, after=after, limit=paging.per_page + 1)
    page = found[: paging.per_page]
    headers = link_to_next(SUBSCRIPTIONS, str(query.id), str(page[-1].id), actor) if len(found) > len(page) else {}
    return answer([subscriptions.described(each, query) for each in page], headers=headers)


@bp.get(_ONE, provide_automatic_options=False)
@requires("trace:read")
def show_subscription(actor: Actor, name: str, subscription_id: UUID) -> Response:
    """Show a subscription, and when something was last sent."""
    query = named.get(name, actor)
    return answer(subscriptions.described(subscriptions.get(query, subscription_id), query))


@bp.delete(_ONE, provide_automatic_options=False)
@requires("trace:read")
def delete_subscription(actor: Actor, name: str, subscription_id: UUID) -> Response:
    """End a subscription."""
    with transaction():
        subscriptions.remove(named.get(name, actor), subscription_id)
    return Response(status=204)
