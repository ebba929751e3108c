"""Contracts and delivery notes, to be read, signed, printed and checked."""

from __future__ import annotations

from uuid import UUID

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.wrappers import Response

from orders.contracts import amendments, services, signers
from orders.contracts.answers import contract_answer
from orders.contracts.views import sign_within
from orders.desk.forms import DecideForm
from orders.desk.pages import desk_of
from orders.desk.queries import get_order_page
from orders.desk.words import words
from orders.fulfilment.answers import get_shipment
from orders.purchase.access import get_order
from orders.purchase.answers import order_answer
from orders.purchase.models import Order, Procurement
from shop import clock
from shop.auth import Actor, public, requires
from shop.db import db, transaction
from shop.i18n import _
from shop.idempotency import idempotent
from shop.layout import public_address

bp = Blueprint("document_pages", __name__, template_folder="templates")


@bp.get("/<any(desk, producer, official, operator):desk>/orders/<uuid:order_id>/contract")
@requires("signed_in")
def show_contract(actor: Actor, desk: str, order_id: UUID) -> str | Response:
    """Show the contract of an order, with signing where it is the reader's turn and the rule lets them."""
    at = clock.now()
    page = get_order_page(order_id, actor, at)
    if page.contract is None:
        raise services.NoSuchContract(_("还没有合同。"))
    if desk != desk_of(actor):
        return redirect(url_for("document_pages.show_contract", desk=desk_of(actor), order_id=order_id))
    can_sign = page.can("contract.sign")
    dearer, who = (
        signers.who_signs(get_order(order_id, actor, at), actor, clock.business_day(at))
        if can_sign and page.side == "buyer"
        else (None, ())
    )
    return render_template(
        "desk/contract.html",
        contract=page.contract,
        dearer=dearer,
        signers=who,
        desk=desk,
        form=DecideForm(),
        can_sign=can_sign and not dearer,
        can_decline=page.can("contract.decline"),
        can_answer=desk == "desk" and actor.may("contracts:sign"),
        offerable_tail=amendments.offerable_tail(page.contract.id, actor, at),
        **words(),
    )


@bp.post("/contracts/<uuid:contract_id>/<any(sign, decline):act>")
@requires("contracts:sign")
@idempotent
def move_contract(actor: Actor, contract_id: UUID, act: str) -> Response:
    """Sign or decline a contract."""
    at, form = clock.now(), DecideForm()
    contract = contract_answer(services.get_contract(contract_id, actor, at), actor)
    with form.refusals(), transaction():
        if act == "sign":
            services.sign_contract(contract_id, actor=actor, at=at, sign_within=sign_within())
        else:
            services.decline_contract(contract_id, actor=actor, at=at, why=(form.why.data or "")[:500])
    form.tell(_("合同已签署。") if act == "sign" else _("已拒签，订单已取消。"))
    return redirect(url_for("desk_pages.show_order", desk=desk_of(actor), order_id=contract.order_id))


@bp.post("/contracts/<uuid:contract_id>/account/<any(offer, agree, decline):act>")
@requires("contracts:sign")
@idempotent
def amend_account(actor: Actor, contract_id: UUID, act: str) -> Response:
    """Offer to be paid to another account, or answer that."""
    at, form = clock.now(), DecideForm()
    services.get_contract(contract_id, actor, at)
    with form.refusals(), transaction():
        if act == "offer":
            amendments.offer(contract_id, actor, at)
        else:
            amendments.decide(contract_id, act, actor, at)
    form.tell({
        "offer": _("已请采购单位答复，答复前仍付合同载明的账户。"), "agree": _("已同意，未付款项付到新账户。"),
        "decline": _("已拒绝，收款账户不变。"),
    }[act])  # fmt: skip
    return redirect(url_for("document_pages.find_contract", contract_id=contract_id))


@bp.get("/contracts/<uuid:contract_id>")
@requires("signed_in")
def find_contract(actor: Actor, contract_id: UUID) -> Response:
    """Send the reader to the contract in its own desk."""
    contract = contract_answer(services.get_contract(contract_id, actor, clock.now()), actor)
    return redirect(url_for("document_pages.show_contract", desk=desk_of(actor), order_id=contract.order_id))


@bp.get("/contracts/<uuid:contract_id>/print")
@requires("signed_in")
def print_contract(actor: Actor, contract_id: UUID) -> str:
    """Show a contract to be printed, with the code by which anyone can check it."""
    contract = contract_answer(services.get_contract(contract_id, actor, clock.now()), actor)
    address = public_address("document_pages.check_contract", code=contract.verification_code)
    qr = Markup(segno.make(address, error="m").svg_inline(scale=3, border=2))  # noqa: S704  drawn by us from our address
    return render_template("desk/contract_print.html", contract=contract, qr=qr, address=address, **words())


@bp.get("/verify-contract")
@public
def ask_contract() -> str | Response:
    """Ask for a code, or look up the one that was typed."""
    code = request.args.get("code", "").strip()[:40]
    if code:
        return redirect(url_for("document_pages.check_contract", code=code))
    return render_template("desk/verify_contract.html", code="", found=None, **words())


@bp.get("/verify-contract/<string:code>")
@public
def check_contract(code: str) -> str | tuple[str, int]:
    """Tell anyone whether a printed contract is genuine: parties, amount, dates, hash; no personal data."""
    found = services.find_by_code(code)
    page = render_template("desk/verify_contract.html", code=code[:40], found=found, **words())
    return page if found else (page, 404)


@bp.get("/shipments/<uuid:shipment_id>/note")
@requires("signed_in")
def print_note(actor: Actor, shipment_id: UUID) -> str:
    """Show the delivery note of a shipment, to be printed and signed on delivery."""
    shipment = get_shipment(shipment_id, actor, clock.now())
    row = db.session.execute(
        select(Order.id, Procurement)
        .join(Procurement, Procurement.id == Order.procurement_id)
        .where(Order.public_id == shipment.order_id)
    ).one()
    order = order_answer(row.id)
    return render_template("desk/delivery_note.html", shipment=shipment, order=order, head=row.Procurement, **words())
