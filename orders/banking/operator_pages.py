"""The operator's pages of supervised accounts and treasuries' closing days."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from orders.banking import accounts, labels
from orders.banking.accounts import SupervisedFacts
from orders.banking.closing import importing
from orders.banking.closing import services as closing
from orders.banking.forms import ClosingForm, ClosingSheetForm, EndForm, SupervisedForm
from orders.banking.models import ENTRY_STATUSES
from shop import clock
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.errors import Invalid
from shop.i18n import _
from shop.idempotency import idempotent
from shop.identity.models import Organisation
from shop.paging import DEFAULT_LIMIT

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("banking_operator_pages", __name__, template_folder="templates", url_prefix="/operator")


class ProducerUnnamed(Invalid):
    """No producer has exactly this name."""

    code = "producer-unnamed"


@bp.route("/supervised-accounts", methods=["GET", "POST"])
@requires("banking:manage")
@idempotent
def list_accounts(actor: Actor) -> Answer:
    """Show supervised accounts, and enter one."""
    form = SupervisedForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                facts = SupervisedFacts(
                    number=form.number.data, holder=form.holder.data, bank=form.bank.data,
                    producer=_producer(form.producer.data), valid_from=form.valid_from.data, valid_to=form.valid_to.data,
                )  # fmt: skip
                accounts.enter(facts, actor, clock.now())
            flash(_("已登记，请由另一位同事确认。"), "success")
            return redirect(url_for("banking_operator_pages.list_accounts"))
    status = request.args.get("status", "")
    page, total = accounts.list_supervised(
        limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), status=status if status in ENTRY_STATUSES else None,
        q=request.args.get("q", "").strip()[:100],
    )  # fmt: skip
    return form.answer(
        render_template(
            "banking/accounts.html", form=form, page=page, total=total, waiting=accounts.count_entered(),
            end=EndForm(formdata=None), **labels.words(),
        )
    )  # fmt: skip


@bp.post("/supervised-accounts/<uuid:supervised_account_id>/<any(confirmed, refused):status>")
@requires("banking:manage")
@idempotent
def decide_account(actor: Actor, supervised_account_id: UUID, status: str) -> Response:
    """Confirm or refuse an account that another person entered."""
    with transaction():
        accounts.decide(supervised_account_id, status, actor, clock.now())
    flash(_("已办结。"), "success")
    return redirect(url_for("banking_operator_pages.list_accounts"))


@bp.post("/supervised-accounts/<uuid:supervised_account_id>/end")
@requires("banking:manage")
@idempotent
def end_account(actor: Actor, supervised_account_id: UUID) -> Response:
    """Let an account end on a day."""
    form = EndForm()
    if form.validate_on_submit():
        with transaction():
            accounts.end(supervised_account_id, form.last_on.data, actor)
        flash(_("已设定截止日。"), "success")
    else:
        flash(_("请填写截止日。"), "danger")
    return redirect(url_for("banking_operator_pages.list_accounts"))


@bp.route("/treasury-closing-days", methods=["GET", "POST"])
@requires("banking:manage")
@idempotent
def list_days(actor: Actor) -> Answer:
    """Show closing days, and enter one."""
    form = ClosingForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                closing.add(form.division_code.data, form.last_on.data, actor, clock.now())
            flash(_("截止日已登记。"), "success")
            return redirect(url_for("banking_operator_pages.list_days"))
    return form.answer(_render_days(form, ClosingSheetForm(formdata=None)))


@bp.post("/treasury-closing-days/<uuid:closing_day_id>/change")
@requires("banking:manage")
@idempotent
def change_day(actor: Actor, closing_day_id: UUID) -> Response:
    """Move a closing day within its year."""
    form = EndForm()
    if form.validate_on_submit():
        with transaction():
            closing.change(closing_day_id, form.last_on.data, actor, clock.now())
        flash(_("截止日已修改。"), "success")
    else:
        flash(_("请填写截止日。"), "danger")
    return redirect(url_for("banking_operator_pages.list_days"))


@bp.post("/treasury-closing-days/<uuid:closing_day_id>/remove")
@requires("banking:manage")
@idempotent
def remove_day(actor: Actor, closing_day_id: UUID) -> Response:
    """Take a closing day away."""
    with transaction():
        closing.remove(closing_day_id, actor)
    flash(_("截止日已删除。"), "success")
    return redirect(url_for("banking_operator_pages.list_days"))


@bp.post("/treasury-closing-days/import")
@requires("banking:manage")
@idempotent
def import_days(actor: Actor) -> Answer:
    """Take in a sheet of closing days, wholly or not at all."""
    form = ClosingSheetForm()
    given = form.sheet.data
    if isinstance(given, FileStorage) and given.filename:
        with form.refusals():
            with transaction():
                done = importing.import_days(given.read(), actor, clock.now())
            told = _("新登记 %(added)s 条，修改 %(changed)s 条，不变 %(same)s 条。", **vars(done))
            flash(told, "success")
            return redirect(url_for("banking_operator_pages.list_days"))
    else:
        form.sheet.errors = [_("请选择文件。")]
    return form.answer(_render_days(ClosingForm(formdata=None), form))


def _render_days(form: ClosingForm, sheet: ClosingSheetForm) -> str:
    return render_template("banking/closing_days.html", form=form, sheet=sheet, rows=closing.list_days())


def _producer(name: str | None) -> UUID | None:
    """Return the producer of a name.

    :raises ProducerUnnamed: if none has it.
    """
    if not (name or "").strip():
        return None
    found = db.session.scalars(
        select(Organisation.public_id).where(
            Organisation.name == str(name).strip(), Organisation.kind.in_(("producer", "agent"))
        )
    ).first()
    if found is None:
        raise ProducerUnnamed(_("没有这个名称的供应商，请填写全称。"))
    return found
