"""Pages on which an institution pays by card."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as Answer

from orders.online import configuration, intents, labels, paying, queries
from orders.online.configuration import MOST_FEN
from orders.online.forms import PayForm
from orders.online.intents import Wish
from orders.purchase import party
from orders.purchase.models import Procurement
from shop import clock
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.i18n import _, language
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT

Shown = str | Answer | tuple[str, int, dict[str, str]]
bp = Blueprint("card_pages", __name__, template_folder="templates", url_prefix="/desk")


@bp.get("/payments/<uuid:order_id>/card")
@requires("payments:pay")
def of_order(actor: Actor, order_id: UUID) -> Answer:
    """Lead from an order's money to the payment of its procurement."""
    order = party.get_order(order_id, actor, clock.today())
    procurement = db.session.get_one(Procurement, order.procurement_id)
    return redirect(url_for("card_pages.pay", procurement_id=procurement.public_id))


@bp.get("/procurements/<uuid:procurement_id>/pay")
@requires("payments:pay")
def pay(actor: Actor, procurement_id: UUID) -> str:
    """Show what a procurement owes, the ways to pay it by card, and the payments there were."""
    paying.require_on()
    return _render(procurement_id, actor, PayForm())


@bp.post("/procurements/<uuid:procurement_id>/pay")
@requires("payments:pay")
@idempotent
def ask(actor: Actor, procurement_id: UUID) -> Shown:
    """Ask for a payment; the page after it waits for the provider."""
    paying.require_on()
    form = PayForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                wish = Wish(mode=form.mode.data, amount_fen=form.amount.data)
                intent = intents.ask(procurement_id, wish, actor, clock.now())
                key = intent.public_id
            return redirect(url_for("card_pages.show", procurement_id=procurement_id, intent_id=key))
    return form.answer(_render(procurement_id, actor, form))


@bp.get("/procurements/<uuid:procurement_id>/pay/<uuid:intent_id>")
@requires("payments:pay")
def show(actor: Actor, procurement_id: UUID, intent_id: UUID) -> Answer:
    """Show a payment: its form or its link while it is open; calls that it waits for are made first."""
    with transaction():
        intent = intents.get_intent(intent_id, actor)
        key = intent.procurement_id
    if configuration.is_on():
        paying.finish(key)
    with transaction():
        newest = paying.newest(key) or intent_id
        row = queries.get_intent_row(intent_id)
    if row.status == "cancelled" and newest != intent_id:
        return redirect(url_for("card_pages.show", procurement_id=procurement_id, intent_id=newest))
    back = configuration.address(url_for("card_pages.come_back", procurement_id=row.procurement, intent_id=intent_id))
    page = render_template(
        "online/intent.html", row=row, back=back, js_url=configuration.card_settings().js_url,
        locale="zh" if language() != "en" else "en", **labels.words(),
    )  # fmt: skip
    return _with_script(make_response(page)) if row.client_secret and row.publishable_key else make_response(page)


@bp.get("/procurements/<uuid:procurement_id>/pay/<uuid:intent_id>/return")
@requires("payments:pay")
def come_back(actor: Actor, procurement_id: UUID, intent_id: UUID) -> Answer:
    """Take in what the payer has just done at the provider, and show the payment."""
    paying.refresh(intent_id, actor)
    return redirect(url_for("card_pages.show", procurement_id=procurement_id, intent_id=intent_id))


@bp.post("/procurements/<uuid:procurement_id>/pay/<uuid:intent_id>/cancel")
@requires("payments:pay")
@idempotent
def cancel(actor: Actor, procurement_id: UUID, intent_id: UUID) -> Answer:
    """Give a payment up."""
    with transaction():
        intents.cancel(intent_id, actor, clock.now())
    flash(_("已请支付机构撤销这笔付款。"), "success")
    return redirect(url_for("card_pages.show", procurement_id=procurement_id, intent_id=intent_id))


def _render(procurement_id: UUID, actor: Actor, form: PayForm) -> str:
    procurement = intents.get_procurement(procurement_id, actor)
    owed = intents.owed_by(procurement.id)
    total = sum(fen for _order, fen in owed)
    past = queries.list_intents(actor.organisation_id, procurement_id=procurement.id, limit=DEFAULT_LIMIT)
    return render_template(
        "online/pay.html", procurement=procurement, owed=owed, total=total,
        paid=sum(order.due_fen - fen for order, fen in owed), most=MOST_FEN, form=form, past=past,
        may_element=bool(configuration.card_settings().publishable_key), **labels.words(),
    )  # fmt: skip


def _with_script(answer: Response) -> Response:
    """Let this one page load the provider's script, its frames and its calls, and nothing else."""
    settings = configuration.card_settings()
    script, api = _origin(settings.js_url), _origin(settings.api_base)
    frames = f"{script} https://hooks.stripe.com" if script == "https://js.stripe.com" else script
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self' {script}; frame-src {frames}; "
        f"connect-src 'self' {api}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return answer


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
