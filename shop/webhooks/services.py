"""Endpoints of webhooks: making, changing, rotating, switching off."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text

from shop import audit, clock, ratelimit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.etag import check_version
from shop.i18n import _
from shop.outbox.services import publish
from shop.webhooks import signing
from shop.webhooks.models import WebhookDelivery, WebhookEndpoint

#: Hears everything of its organisation.
ALL = "*"
PINGED = "webhooks.endpoint_pinged"
DISABLED = "webhooks.endpoint_disabled"
MAX_ENDPOINTS = 20
#: Test events that an organisation may ask for in a minute.
PINGS = 10
#: How long the old secret still signs beside the new one.
ROTATION = timedelta(hours=24)


class UnknownTopic(Invalid):
    """A topic that nothing publishes; member ``topics`` names those that are."""

    code = "unknown-topic"


class TooManyEndpoints(Conflict):
    """An organisation has as many webhook endpoints as it may."""

    code = "too-many-endpoints"


class EndpointDisabled(Conflict):
    """The endpoint is switched off; switch it on first."""

    code = "endpoint-disabled"


class NotDead(Conflict):
    """Only a delivery that has been given up is sent again by hand."""

    code = "delivery-not-dead"


@dataclass(frozen=True)
class EndpointChange:
    """What is to be different; ``None`` leaves a thing as it is."""

    url: str | None = None
    topics: list[str] | None = None
    is_enabled: bool | None = None


def check_topics(topics: list[str], known: Collection[str]) -> list[str]:
    """Return the topics sorted, each once.

    :raises UnknownTopic: for none at all, or one that is neither known nor ``*``.
    """
    strange = sorted(set(topics) - set(known) - {ALL})
    if strange or not topics:
        raise UnknownTopic(_("没有这些主题：%(names)s", names=", ".join(strange) or "—"), topics=sorted(known))
    return sorted(set(topics))


def get_endpoint(endpoint_id: UUID, actor: Actor, *, lock: bool = False) -> WebhookEndpoint:
    """Return an endpoint of the actor's organisation.

    :raises NotFound: if it has none such.
    """
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.public_id == endpoint_id, WebhookEndpoint.organisation_id == actor.organisation_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        raise NotFound(_("没有这个推送地址。"))
    return found


def create_endpoint(
    url: str, topics: list[str], actor: Actor, *, known: Collection[str], at: datetime
) -> WebhookEndpoint:
    """Add an endpoint with a new secret; ``url`` was checked before, outside the transaction.

    :raises UnknownTopic: as :func:`check_topics`.
    :raises TooManyEndpoints: if the organisation has 20.
    """
    # One organisation's endpoints are counted and added by one request at a time.
    db.session.execute(
        text("SELECT 1 FROM organisations WHERE id = :id FOR NO KEY UPDATE"), {"id": actor.organisation_id}
    )
    have = db.session.scalar(select(func.count()).where(WebhookEndpoint.organisation_id == actor.organisation_id))
    if (have or 0) >= MAX_ENDPOINTS:
        raise TooManyEndpoints(_("推送地址最多 %(most)s 个。", most=MAX_ENDPOINTS))
    endpoint = WebhookEndpoint(
        organisation_id=actor.organisation_id,
        url=url,
        topics=check_topics(topics, known),
        secret=signing.make_secret(),
        created_by=actor.user_id,
        created_at=at,
    )
    db.session.add(endpoint)
    db.session.flush()  # the audit entry needs its key
    audit.record(actor, "webhooks.endpoint_created", "webhook_endpoint", endpoint.id)
    return endpoint


def change_endpoint(
    endpoint_id: UUID, change: EndpointChange, actor: Actor, *, version: int, known: Collection[str], at: datetime
) -> WebhookEndpoint:
    """Change address, topics or whether it is on.

    :raises NotFound: if it is not the actor's organisation's.
    :raises VersionChanged: if it is not ``version`` any more.
    :raises UnknownTopic: as :func:`check_topics`.
    """
    endpoint = get_endpoint(endpoint_id, actor, lock=True)
    check_version(version, endpoint.version)
    if change.url is not None:
        endpoint.url = change.url
    if change.topics is not None:
        endpoint.topics = check_topics(change.topics, known)
    if change.is_enabled is not None:
        endpoint.disabled_at = None if change.is_enabled else (endpoint.disabled_at or at)
        endpoint.disabled_reason = ""
    db.session.flush()  # gives the new version
    audit.record(actor, "webhooks.endpoint_changed", "webhook_endpoint", endpoint.id)
    return endpoint


def delete_endpoint(endpoint_id: UUID, actor: Actor) -> None:
    """Remove an endpoint with its log.

    :raises NotFound: if it is not the actor's organisation's.
    """
    endpoint = get_endpoint(endpoint_id, actor, lock=True)
    db.session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id))
    db.session.delete(endpoint)
    audit.record(actor, "webhooks.endpoint_deleted", "webhook_endpoint", endpoint.id)


def rotate_secret(endpoint_id: UUID, actor: Actor, *, at: datetime) -> WebhookEndpoint:
    """Give an endpoint a new secret; the old one signs beside it for 24 hours of real time.

    :raises NotFound: if it is not the actor's organisation's.
    """
    endpoint = get_endpoint(endpoint_id, actor, lock=True)
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, at + ROTATION
    endpoint.secret = signing.make_secret()
    db.session.flush()  # gives the new version
    audit.record(actor, "webhooks.secret_rotated", "webhook_endpoint", endpoint.id)
    return endpoint


def ping(endpoint_id: UUID, actor: Actor) -> None:
    """Send a test event to an endpoint.

    :raises NotFound: if it is not the actor's organisation's.
    :raises EndpointDisabled: if it is switched off.
    :raises TooManyTries: from the eleventh of the organisation in a minute on.
    """
    endpoint = get_endpoint(endpoint_id, actor)
    ratelimit.hit(f"webhooks.ping:{actor.organisation_id}", PINGS, timedelta(minutes=1), clock.real_now())
    if endpoint.disabled_at is not None:
        raise EndpointDisabled(_("推送地址已停用，请先启用。"))
    publish(PINGED, organisations=[actor.organisation_id], endpoint_id=str(endpoint.public_id))


def retry_delivery(endpoint_id: UUID, delivery_id: UUID, actor: Actor, *, at: datetime) -> WebhookDelivery:
    """Send a delivery that was given up once more, from the first interval on.

    :raises NotFound: if endpoint or delivery is not the actor's organisation's.
    :raises EndpointDisabled: if the endpoint is switched off.
    :raises NotDead: if it is still on its way or done.
    """
    endpoint = get_endpoint(endpoint_id, actor)
    delivery = db.session.scalar(
        select(WebhookDelivery)
        .where(WebhookDelivery.public_id == delivery_id, WebhookDelivery.endpoint_id == endpoint.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if delivery is None:
        raise NotFound(_("没有这条推送记录。"))
    if endpoint.disabled_at is not None:
        raise EndpointDisabled(_("推送地址已停用，请先启用。"))
    if delivery.dead_at is None:
        raise NotDead(_("只有已放弃的推送可以重发。"))
    delivery.dead_at, delivery.tries, delivery.next_try_at = None, 0, at
    audit.record(actor, "webhooks.delivery_retried", "webhook_delivery", delivery.id)
    return delivery
