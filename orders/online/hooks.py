"""Where the provider tells us what happened: signed, kept once, answered at once; applied by a job."""

from __future__ import annotations

from flask import Blueprint, abort, request

from orders.online import configuration, events, gateway_stripe
from orders.online.gateway_stripe import BadSignature
from shop import clock
from shop.auth import public
from shop.db import transaction
from shop.logs import log

bp = Blueprint("stripe_hooks", __name__, url_prefix="/stripe")
#: Bytes of the largest event that is read.
MOST_BYTES = 256 * 1024


@bp.post("/webhooks")
@public  # its guard: the signature over the raw body
def take_event() -> tuple[str, int]:
    """Take an event of version 1."""
    return _take("v1", configuration.card_settings().webhook_secrets)


@bp.post("/events")
@public  # its guard: the signature over the raw body
def take_thin_event() -> tuple[str, int]:
    """Take a thin event of version 2."""
    return _take("v2", configuration.card_settings().thin_secrets)


def _take(endpoint: str, secrets: tuple[str, ...]) -> tuple[str, int]:
    """Keep the event and answer 200, also for a repeat; 400 and nothing kept if it is not signed rightly and lately."""
    if not configuration.is_on():
        abort(404)
    request.max_content_length = MOST_BYTES
    body = request.get_data()
    try:
        raw = gateway_stripe.read_event(body, request.headers.get("Stripe-Signature", ""), secrets)
    except BadSignature:
        log.warning("event refused", endpoint=endpoint)
        abort(400)
    with transaction():
        events.receive(raw, endpoint, clock.now())
    return "", 200
