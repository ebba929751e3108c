"""Pages of claims: for institutions that make them, for the payee's side that confirms them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.banking import claim_queries, claims, labels
from orders.banking.claims import ClaimFacts
from orders.banking.forms import ClaimForm, ClaimLineForm
from orders.payments import matching
from orders.payments.forms import ReasonForm
from orders.payments.receipts import Share
from orders.purchase import due, party
from orders.purchase.amounts import BadRows
from shop import clock, money
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from shop.files.keeping import keep_files
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint(
    "claim_pages",
    __name__,
    template_folder="templates",
    url_prefix="/<any(desk, producer, operator):desk>/transfer-claims",
)


@bp.get("")
@requires("payments:read")
def list_claims(actor: Actor, desk: str) -> str:
    """Show the claims of the reader's side."""
    status = request.args.get("status")
    page = claim_queries.list_claims(
        actor, clock.today(), limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"),
        statuses=(status,) if status in labels.CLAIM_STATES else (),
    )  # fmt: skip
    return render_template("banking/claims.html", desk=desk, page=page, may_claim=_may_claim(actor), **labels.words())


@bp.route("/new", methods=["GET", "POST"])
@requires("payments:read")
@keep_files
@idempotent
def make(actor: Actor, desk: str) -> Answer:
    """Say that a transfer is for orders, with its voucher."""
    actor.require("payments:announce" if actor.organisation_kind == "institution" else "payments:record")
    form = ClaimForm()
    is_payee = actor.organisation_kind != "institution"
    form.offer(claim_queries.open_lines(actor, clock.today()) if is_payee else ())
    if request.method == "GET":
        form.payer_name.data = "" if is_payee else actor.organisation_name
        form.paid_on.data = clock.today()
        _name_order(form, actor)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                found = matching.match(form.allocations.data, form.amount.data, actor, clock.today())
                if not found.shares:
                    raise BadRows(_("请填写订单。"))
                made = claims.claim(_facts(form, found.shares, actor), actor, clock.now()).public_id
            flash(_("已提交认领，等收款方确认。"), "success")
            return redirect(url_for("claim_pages.show", desk=desk, claim_id=made))
    return form.answer(render_template("banking/make_claim.html", desk=desk, form=form, is_payee=is_payee))


@bp.get("/<uuid:claim_id>")
@requires("payments:read")
def show(actor: Actor, desk: str, claim_id: UUID) -> str:
    """Show a claim, and what the reader may do with it."""
    return _render(desk, claim_id, actor)


@bp.post("/<uuid:claim_id>/confirm")
@requires("payments:confirm")
@idempotent
def confirm(actor: Actor, desk: str, claim_id: UUID) -> Answer:
    """Confirm a claim by its line, or by the one that was chosen."""
    form = ClaimLineForm()
    with form.refusals():
        with transaction():
            claims.confirm(claim_id, actor, clock.now(), _key(form.line.data, _("没有这笔流水。")))
        flash(_("认领已确认，到账已计入订单。"), "success")
        return redirect(url_for("claim_pages.show", desk=desk, claim_id=claim_id))
    return form.answer(_render(desk, claim_id, actor, chosen=form))


@bp.post("/<uuid:claim_id>/refuse")
@requires("payments:confirm")
@idempotent
def refuse(actor: Actor, desk: str, claim_id: UUID) -> Answer:
    """Refuse a claim with a reason."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                claims.refuse(claim_id, form.reason.data, actor, clock.now())
            flash(_("认领已退回。"), "success")
            return redirect(url_for("claim_pages.show", desk=desk, claim_id=claim_id))
    return form.answer(_render(desk, claim_id, actor, form))


@bp.post("/<uuid:claim_id>/withdraw")
@requires("payments:read")
@idempotent
def withdraw(actor: Actor, desk: str, claim_id: UUID) -> Answer:
    """Take a claim back."""
    actor.require("payments:announce" if actor.organisation_kind == "institution" else "payments:record")
    form = ReasonForm()
    with form.refusals():
        with transaction():
            claims.withdraw(claim_id, actor, clock.now())
        flash(_("认领已撤回。"), "success")
        return redirect(url_for("claim_pages.show", desk=desk, claim_id=claim_id))
    return form.answer(_render(desk, claim_id, actor, form))


def _name_order(form: ClaimForm, actor: Actor) -> None:
    """Fill in the order that the address names, and what is unpaid of it."""
    if named := _key(request.args.get("order"), _("没有这个订单。")):
        order = party.get_order(named, actor, clock.today())
        form.amount.data = due.unpaid_fen(order) or None
        form.allocations.data = f"{order.number} {money.show_yuan(due.unpaid_fen(order)).replace(',', '')}"


def _facts(form: ClaimForm, shares: Sequence[Share], actor: Actor) -> ClaimFacts:
    return ClaimFacts(
        shares=shares, amount_fen=form.amount.data or 0, paid_on=form.paid_on.data, payer_name=form.payer_name.data,
        bank_serial=form.bank_serial.data or "", note=form.note.data or "", file=form.stored(),
        line=_key(form.line.data, _("没有这笔流水。")) if actor.organisation_kind != "institution" else None,
    )  # fmt: skip


def _key(written: str | None, refusal: str) -> UUID | None:
    """Return what a form or an address names.

    :raises NotFound: if it names nothing.
    """
    try:
        return UUID(written) if written else None
    except ValueError as error:
        raise NotFound(refusal) from error


def _may_claim(actor: Actor) -> bool:
    return actor.may("payments:announce" if actor.organisation_kind == "institution" else "payments:record")


def _render(
    desk: str, claim_id: UUID, actor: Actor, form: ReasonForm | None = None, chosen: ClaimLineForm | None = None
) -> str:
    today = clock.today()
    found = claims.get_claim(claim_id, actor, today)
    row = claim_queries.get_claim(found.id, actor, today)
    is_payee = actor.organisation_kind != "institution"
    may_decide = row.status == "claimed" and is_payee and actor.may("payments:confirm")
    may_decide = may_decide and row.claimed_by != actor.user_id
    chosen = chosen or ClaimLineForm(formdata=None)
    chosen.offer(claim_queries.lines_for(found, actor, today) if may_decide else (), row.line)
    return render_template(
        "banking/claim.html", desk=desk, row=row, form=form or ReasonForm(formdata=None), chosen=chosen,
        is_payee=is_payee, may_decide=may_decide,
        may_withdraw=row.status == "claimed" and row.claimant_id == actor.organisation_id and _may_claim(actor), **labels.words(),
    )  # fmt: skip
