"""Pages of fees, days and holds, for the operator."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import or_, select
from werkzeug.wrappers import Response

from orders.banking.operator_pages import ProducerUnnamed
from orders.settlement import holding, proposals, rule_queries
from orders.settlement.forms import ActForm, ReasonForm, RuleForm
from orders.settlement.labels import RULE_STATES, words
from orders.settlement.proposals import RuleFacts
from shop import clock
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.i18n import _
from shop.idempotency import idempotent
from shop.identity.models import Organisation
from shop.paging import DEFAULT_LIMIT

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("fee_pages", __name__, template_folder="templates", url_prefix="/operator")


@bp.get("/fees")
@requires("payouts:read")
def list_rules(actor: Actor) -> str:
    """Show fees and days, what waits for a second person first to be seen."""
    return _render(actor, _form())


@bp.post("/fees")
@requires("fees:edit")
@idempotent
def propose(actor: Actor) -> Answer:
    """Enter a fee or a number of days."""
    form = _form(posted=True)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                facts = RuleFacts(
                    kind=form.kind.data, value=form.value.data or 0, valid_from=form.valid_from.data,
                    valid_to=form.valid_to.data, note=form.note.data or "",
                    producer=_producer(form.producer.data or ""),
                )  # fmt: skip
                proposals.propose(facts, actor, clock.now())
            flash(_("已录入，请由另一位同事复核。"), "success")
            return redirect(url_for("fee_pages.list_rules"))
    return form.answer(_render(actor, form))


@bp.post("/fees/<uuid:rule_id>/confirm")
@requires("fees:confirm")
@idempotent
def confirm(actor: Actor, rule_id: UUID) -> Answer:
    """Agree to a rule that another person entered."""
    form = ActForm()
    with form.refusals(), transaction():
        proposals.confirm(rule_id, actor, clock.now())
    form.tell(_("规则已生效。"))
    return redirect(url_for("fee_pages.list_rules"))


@bp.post("/fees/<uuid:rule_id>/refuse")
@requires("fees:confirm")
@idempotent
def refuse(actor: Actor, rule_id: UUID) -> Answer:
    """Refuse a rule that another person entered."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals(), transaction():
            proposals.refuse(rule_id, form.reason.data or "", actor, clock.now())
        form.tell(_("规则已拒绝。"))
    else:
        flash(_("请填写原因。"), "error")
    return redirect(url_for("fee_pages.list_rules"))


@bp.post("/orders/<uuid:order_id>/hold-payout")
@requires("payouts:prepare")
@idempotent
def hold(actor: Actor, order_id: UUID) -> Answer:
    """Hold an order's payout."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusals(), transaction():
            holding.hold(order_id, form.reason.data or "", actor, clock.now())
        form.tell(_("已暂缓结算。"))
    else:
        flash(_("请填写原因。"), "error")
    return redirect(url_for("fee_pages.list_holds"))


@bp.post("/orders/<uuid:order_id>/let-payout-go")
@requires("payouts:prepare")
@idempotent
def let_go(actor: Actor, order_id: UUID) -> Answer:
    """Let a held order's payout go."""
    form = ActForm()
    with form.refusals(), transaction():
        holding.let_go(order_id, actor, clock.now())
    form.tell(_("已恢复结算。"))
    return redirect(url_for("fee_pages.list_holds"))


@bp.get("/holds")
@requires("payouts:read")
def list_holds(actor: Actor) -> str:
    """Show held orders, and orders that could be held."""
    page, totals = rule_queries.list_holds(
        actor, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), q=request.args.get("q", "").strip()[:100]
    )
    return render_template("settlement/holds.html", page=page, totals=totals, form=ReasonForm(formdata=None), **words())


def _producer(written: str) -> UUID | None:
    """Return the producer that a form names by its full name or credit code; none for all.

    :raises ProducerUnnamed: if no producer, or several, are called so.
    """
    if not written.strip():
        return None
    name = written.strip()
    query = select(Organisation.public_id).where(
        Organisation.kind == "producer", or_(Organisation.name == name, Organisation.credit_code == name.upper())
    )
    found = db.session.scalars(query.limit(2)).all()
    if len(found) != 1:
        raise ProducerUnnamed(_("没有这个名称或统一社会信用代码的供应商，或有重名，请填统一社会信用代码。"))
    return found[0]


def _form(*, posted: bool = False) -> RuleForm:
    form = RuleForm() if posted else RuleForm(formdata=None)
    if not posted:
        form.valid_from.data = clock.today()
    return form


def _render(actor: Actor, form: RuleForm) -> str:
    return render_template(
        "settlement/fees.html", rows=rule_queries.list_rules(actor, status=_status()), form=form, **words()
    )


def _status() -> str:
    """Return the state that the address asks for."""
    status = request.args.get("status", "")
    return status if status in RULE_STATES else ""
