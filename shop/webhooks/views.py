"""Outbound webhooks by API: endpoints, their secrets, what was sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import current_app

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, public, requires
from shop.db import transaction
from shop.etag import format_etag, if_match
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery
from shop.webhooks import addresses, queries, schemas, services
from shop.webhooks.models import WebhookEndpoint

bp = Blueprint("webhooks", __name__, url_prefix="/api/v1/webhooks", description="Signed outbound webhooks")
Tagged = tuple[WebhookEndpoint, dict[str, str]]
View = TypeVar("View", bound=Callable[..., Any])


def look_up(url: str) -> None:
    """Refuse an address that may not be reached; it is looked up again for every try, this tells people at once."""
    addresses.resolve(url, allow_private=bool(current_app.config["WEBHOOK_ALLOW_PRIVATE"]))


def checks_address(view: View) -> View:
    """Look up the host that the body names before any transaction is open."""

    @wraps(view)
    def checked(body: Any, *args: Any, **kwargs: Any) -> Any:
        look_up(body["url"])
        return view(body, *args, **kwargs)

    return checked  # type: ignore[return-value]


def known_topics() -> dict[str, str]:
    """Return every topic that some feature publishes, with what it means."""
    topics: dict[str, str] = current_app.extensions["topics"]
    return topics


def _tagged(endpoint: WebhookEndpoint) -> Tagged:
    return endpoint, {"ETag": format_etag(endpoint.version)}


@bp.route("/topics")
@public
@bp.response(200, schemas.TopicListSchema)
def list_topics() -> dict[str, Any]:
    """List what can be heard of."""
    items = [{"topic": topic, "description": words} for topic, words in sorted(known_topics().items())]
    return {"items": items, "next": None}


@bp.route("")
@requires("webhooks:manage")
@bp.arguments(PageQuery, location="query")
@bp.response(200, schemas.EndpointListSchema)
def list_endpoints(query: dict[str, Any], actor: Actor) -> Page[WebhookEndpoint]:
    """List the own organisation's endpoints."""
    return queries.list_endpoints(actor.organisation_id, query["limit"], query["cursor"])


@bp.route("", methods=["POST"])
@requires("webhooks:manage")
@bp.arguments(schemas.CreateEndpointSchema)
@checks_address
@idempotent
@bp.response(201, schemas.EndpointWithSecretSchema)
def create_endpoint(body: dict[str, Any], actor: Actor) -> Tagged:
    """Add an endpoint; the answer shows its secret this once."""
    with transaction():
        return _tagged(
            services.create_endpoint(body["url"], body["topics"], actor, known=known_topics(), at=clock.now())
        )


@bp.route("/<uuid:endpoint_id>")
@requires("webhooks:manage")
@bp.response(200, schemas.EndpointSchema)
def show_endpoint(actor: Actor, endpoint_id: UUID) -> Tagged:
    """Show an endpoint."""
    return _tagged(services.get_endpoint(endpoint_id, actor))


@bp.route("/<uuid:endpoint_id>", methods=["PATCH"])
@requires("webhooks:manage")
@bp.arguments(schemas.ChangeEndpointSchema)
@bp.response(200, schemas.EndpointSchema)
def change_endpoint(change: services.EndpointChange, actor: Actor, endpoint_id: UUID) -> Tagged:
    """Change an endpoint's address or topics, switch it off or on."""
    version = if_match()
    services.get_endpoint(endpoint_id, actor)
    if change.url is not None:
        look_up(change.url)
    with transaction():
        return _tagged(
            services.change_endpoint(endpoint_id, change, actor, version=version, known=known_topics(), at=clock.now())
        )


@bp.route("/<uuid:endpoint_id>", methods=["DELETE"])
@requires("webhooks:manage")
@bp.response(204)
def delete_endpoint(actor: Actor, endpoint_id: UUID) -> None:
    """Remove an endpoint with its log."""
    with transaction():
        services.delete_endpoint(endpoint_id, actor)


@bp.route("/<uuid:endpoint_id>/rotate-secret", methods=["POST"])
@requires("webhooks:manage")
@idempotent
@bp.response(200, schemas.EndpointWithSecretSchema)
def rotate_secret(actor: Actor, endpoint_id: UUID) -> Tagged:
    """Make a new secret; for 24 hours every webhook is signed with the old one too."""
    with transaction():
        return _tagged(services.rotate_secret(endpoint_id, actor, at=clock.real_now()))


@bp.route("/<uuid:endpoint_id>/ping", methods=["POST"])
@requires("webhooks:manage")
@idempotent
@bp.response(202, schemas.EndpointSchema)
def ping(actor: Actor, endpoint_id: UUID) -> Tagged:
    """Send a test event."""
    with transaction():
        services.ping(endpoint_id, actor)
        return _tagged(services.get_endpoint(endpoint_id, actor))


@bp.route("/<uuid:endpoint_id>/deliveries")
@requires("webhooks:manage")
@bp.arguments(schemas.DeliveryQuery, location="query")
@bp.response(200, schemas.DeliveryListSchema)
def list_deliveries(query: dict[str, Any], actor: Actor, endpoint_id: UUID) -> Page[queries.DeliveryRow]:
    """List what was sent to an endpoint."""
    endpoint = services.get_endpoint(endpoint_id, actor)
    return queries.list_deliveries(endpoint, query["limit"], query["cursor"], state=query["state"])


@bp.route("/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/retry", methods=["POST"])
@requires("webhooks:manage")
@idempotent
@bp.response(200, schemas.DeliverySchema)
def retry_delivery(actor: Actor, endpoint_id: UUID, delivery_id: UUID) -> queries.DeliveryRow:
    """Send a delivery that was given up once more."""
    with transaction():
        return queries.show(services.retry_delivery(endpoint_id, delivery_id, actor, at=clock.real_now()))
