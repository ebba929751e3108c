"""Pages of webhooks: the organisation's endpoints, one endpoint with what was sent to it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav
from shop.paging import DEFAULT_LIMIT
from shop.webhooks import queries, services
from shop.webhooks.forms import EndpointForm
from shop.webhooks.models import WebhookEndpoint
from shop.webhooks.views import known_topics, look_up

bp = Blueprint("webhook_pages", __name__, url_prefix="/account/webhooks", template_folder="templates")


def _back(endpoint_id: UUID) -> Response:
    return redirect(url_for("webhook_pages.show_endpoint", endpoint_id=endpoint_id))


@bp.get("")
@requires("webhooks:manage")
def list_endpoints(actor: Actor) -> str:
    """Show the organisation's endpoints."""
    page = queries.list_endpoints(actor.organisation_id, DEFAULT_LIMIT, request.args.get("cursor"))
    return render_template("webhooks/endpoints.html", page=page)


@bp.route("/new", methods=["GET", "POST"])
@requires("webhooks:manage")
def add_endpoint(actor: Actor) -> str | Response:
    """Add an endpoint; its secret is shown on the next page, once."""
    form = EndpointForm()
    form.offer(known_topics())
    if form.validate_on_submit():
        with form.refusals():
            look_up(form.url.data)
            with transaction():
                endpoint = services.create_endpoint(
                    form.url.data, form.topics.data, actor, known=known_topics(), at=clock.now()
                )
                flash(endpoint.secret, "secret")
                endpoint_id = endpoint.public_id
            return _back(endpoint_id)
    return render_template("webhooks/new.html", form=form)


@bp.get("/<uuid:endpoint_id>")
@requires("webhooks:manage")
def show_endpoint(actor: Actor, endpoint_id: UUID) -> str:
    """Show an endpoint and its deliveries."""
    endpoint = services.get_endpoint(endpoint_id, actor)
    state = request.args.get("state")
    page = queries.list_deliveries(
        endpoint, DEFAULT_LIMIT, request.args.get("cursor"), state=state if state in queries.STATES else None
    )
    return render_template("webhooks/endpoint.html", endpoint=endpoint, page=page, is_rotating=_is_rotating(endpoint))


def _is_rotating(endpoint: WebhookEndpoint) -> bool:
    return endpoint.previous_until is not None and endpoint.previous_until > clock.real_now()


@bp.post("/<uuid:endpoint_id>/rotate")
@requires("webhooks:manage")
@idempotent
def rotate_secret(actor: Actor, endpoint_id: UUID) -> Response:
    """Make a new secret and show it once."""
    with transaction():
        flash(services.rotate_secret(endpoint_id, actor, at=clock.real_now()).secret, "secret")
    return _back(endpoint_id)


@bp.post("/<uuid:endpoint_id>/ping")
@requires("webhooks:manage")
@idempotent
def ping(actor: Actor, endpoint_id: UUID) -> Response:
    """Send a test event."""
    with transaction():
        services.ping(endpoint_id, actor)
    flash(_("测试消息已排队，数秒后可在下方看到结果。"), "success")
    return _back(endpoint_id)


@bp.post("/<uuid:endpoint_id>/switch")
@requires("webhooks:manage")
@idempotent
def switch(actor: Actor, endpoint_id: UUID) -> Response:
    """Switch an endpoint on or off."""
    change = services.EndpointChange(is_enabled=request.form.get("on") == "1")
    with transaction():
        version = services.get_endpoint(endpoint_id, actor).version
        services.change_endpoint(endpoint_id, change, actor, version=version, known=known_topics(), at=clock.now())
    return _back(endpoint_id)


@bp.post("/<uuid:endpoint_id>/delete")
@requires("webhooks:manage")
@idempotent
def delete_endpoint(actor: Actor, endpoint_id: UUID) -> Response:
    """Remove an endpoint with its log."""
    with transaction():
        services.delete_endpoint(endpoint_id, actor)
    flash(_("推送地址已删除。"), "success")
    return redirect(url_for("webhook_pages.list_endpoints"))


@bp.post("/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/retry")
@requires("webhooks:manage")
@idempotent
def retry_delivery(actor: Actor, endpoint_id: UUID, delivery_id: UUID) -> Response:
    """Send a delivery that was given up once more."""
    with transaction():
        services.retry_delivery(endpoint_id, delivery_id, actor, at=clock.real_now())
    flash(_("已重新排队。"), "success")
    return _back(endpoint_id)


def init_app(app: Flask) -> None:
    """Add the pages to the account's navigation."""
    add_nav(app, NavItem("account", lazy("数据推送"), "webhook_pages.list_endpoints", "webhooks:manage", 70))
