"""The own organisation for people: profile, units, bank accounts."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from shop import clock
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.identity import bank_accounts, change_queries, listings, organisations, places, units
from shop.identity.forms import (
    BUDGET_LEVEL_WORDS,
    KIND_WORDS,
    TYPE_WORDS,
    BankAccountForm,
    OrganisationForm,
    PlaceForm,
    UnitForm,
)
from shop.identity.listings import PlacementRow, UnitRow
from shop.identity.models import Organisation
from shop.identity.pages import Answer
from shop.identity.places import Place
from shop.identity.words import permission_name
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("organisation_pages", __name__, url_prefix="/organisation", template_folder="templates")


@bp.app_context_processor
def words() -> dict[str, Any]:
    """Give templates the words for kinds, types, levels and permissions."""
    return {
        "kind_words": KIND_WORDS,
        "type_words": TYPE_WORDS,
        "level_words": BUDGET_LEVEL_WORDS,
        "permission_name": permission_name,
    }


@bp.route("", methods=["GET", "POST"])
@requires("signed_in")
def profile(actor: Actor) -> Answer:
    """Show the organisation; who may, edits it."""
    organisation = db.session.get_one(Organisation, actor.organisation_id)
    form = OrganisationForm(obj=organisation)
    if form.validate_on_submit():
        actor.require("organisation:manage")
        version = request.form.get("version", 0, type=int)
        with form.refusals():
            with transaction():
                changes = {name: getattr(form, name).data or "" for name in organisations.PROFILE}
                organisations.edit_profile(actor, version, changes)
            flash(_("单位资料已保存。"), "success")
            return redirect(url_for("organisation_pages.profile"))
    division = listings.division_name(organisation.division_code)
    page = render_template("identity/organisation.html", form=form, organisation=organisation, division=division)
    return form.answer(page)


@bp.get("/units")
@requires("signed_in")
def list_units(actor: Actor) -> str:
    """Show the tree of units as it stands today."""
    today = clock.today()
    return render_template("identity/units.html", units=listings.list_units(actor.organisation_id, today), today=today)


def show_place(form: PlaceForm, now: PlacementRow) -> None:
    """Fill the form with a place, whose superior is named by credit code."""
    form.division_code.data, form.finance_division_code.data = now.division_code, now.finance_division_code
    form.budget_level.data = now.budget_level
    form.superior.data = places.credit_code_of(now.superior_id) if now.superior_id else ""


def offer_parents(form: PlaceForm, organisation_id: int, *, but: UUID | None = None) -> None:
    """Offer the open units of an organisation as the one above."""
    today = clock.today()
    found = listings.list_units(organisation_id, today)
    form.parent.choices = [
        SelectChoice(str(unit.id), "— " * unit.depth + unit.name)
        for unit in found
        if unit.id != but and unit.closed_at is None
    ] or [SelectChoice("", _("（本单位）"))]


def read_place(form: PlaceForm) -> Place:
    """Return the place in a form, whose superior is named by credit code."""
    superior = places.superior_by_code(form.superior.data) if form.superior.data else None
    return Place(form.division_code.data, form.finance_division_code.data or "", form.budget_level.data, superior)


def read_parent(form: PlaceForm) -> UUID | None:
    """Return the unit above that was chosen."""
    return UUID(form.parent.data) if form.parent.data else None


@bp.route("/units/new", methods=["GET", "POST"])
@requires("organisation:manage")
@idempotent
def add_unit(actor: Actor) -> Answer:
    """Add a unit."""
    form = UnitForm()
    offer_parents(form, actor.organisation_id)
    if request.method == "GET":
        form.since.data = clock.today()
        root = next((row for row in listings.list_units(actor.organisation_id, clock.today()) if row.is_root), None)
        if root is not None and (now := root.on(clock.today())) is not None:
            show_place(form, now)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                units.add_unit(
                    actor,
                    form.name.data,
                    read_place(form),
                    since=form.since.data,
                    parent=read_parent(form),
                    code=form.code.data,
                )
            flash(_("部门已新增。"), "success")
            return redirect(url_for("organisation_pages.list_units"))
    return form.answer(render_template("identity/unit_form.html", form=form, unit=None))


@bp.route("/units/<uuid:unit_id>", methods=["GET", "POST"])
@requires("organisation:manage")
@idempotent
def place_unit(actor: Actor, unit_id: UUID) -> Answer:
    """Show where a unit stood when, and let it stand elsewhere from a day on."""
    units.get_unit(actor, unit_id)
    today = clock.today()
    row = next(u for u in listings.list_units(actor.organisation_id, today) if u.id == unit_id)
    form = place_form(row, actor.organisation_id, since=today)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                units.place_unit(
                    actor, unit_id, read_place(form), since=form.since.data, today=today, parent=read_parent(form)
                )
            flash(_("归属变更已保存，之前的归属保持不变。"), "success")
            return redirect(url_for("organisation_pages.place_unit", unit_id=unit_id))
    return form.answer(render_template("identity/unit_form.html", form=form, unit=row))


def place_form(row: UnitRow, organisation_id: int, *, since: date) -> PlaceForm:
    """Return the form that places a unit, filled with where it stands today."""
    form, now = PlaceForm(), row.on(clock.today())
    offer_parents(form, organisation_id, but=row.id)
    if row.is_root:
        form.parent.choices = [SelectChoice("", _("（没有上级）"))]
    if request.method == "GET":
        form.since.data, form.parent.data = since, str(now.parent_id) if now and now.parent_id else ""
        if now is not None:
            show_place(form, now)
    return form


@bp.post("/units/<uuid:unit_id>/close")
@requires("organisation:manage")
def close_unit(actor: Actor, unit_id: UUID) -> Response:
    """Close a unit."""
    form = Form()
    with form.refusals(), transaction():
        units.close_unit(actor, unit_id, at=clock.now(), today=clock.today())
    form.tell(_("部门已停用。"))
    return redirect(url_for("organisation_pages.list_units"))


@bp.route("/bank-accounts", methods=["GET", "POST"])
@requires("organisation:manage")
@idempotent
def list_accounts(actor: Actor) -> Answer:
    """List the bank accounts, and register one."""
    form = BankAccountForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                bank_accounts.add_account(
                    actor, form.holder.data, form.bank.data, form.number.data, is_default=form.is_default.data,
                    at=clock.now(),
                )  # fmt: skip
            flash(_("账户已登记。"), "success")
            return redirect(url_for("organisation_pages.list_accounts"))
    accounts = bank_accounts.list_accounts(actor.organisation_id)
    in_use = bank_accounts.account_in_use(actor.organisation_id, clock.today())
    changes = change_queries.list_changes(actor, limit=DEFAULT_LIMIT, own=True).items
    page = render_template(
        "identity/bank_accounts.html", form=form, accounts=accounts, in_use=in_use, changes=changes,
        closed=bank_accounts.list_closed(actor.organisation_id),
        cooling_days=current_app.config["ACCOUNT_COOLING_DAYS"],
    )  # fmt: skip
    return form.answer(page)


@bp.post("/bank-accounts/<uuid:account_id>/default")
@requires("organisation:manage")
def make_default(actor: Actor, account_id: UUID) -> Response:
    """Ask that the organisation is paid to this account."""
    form = Form()
    with form.refusals(), transaction():
        bank_accounts.make_default(actor, account_id, clock.now())
    form.tell(_("已提出变更收款账户，并通知全体成员。请由另一位同事或平台确认。"))
    return redirect(url_for("organisation_pages.list_accounts"))


@bp.post("/bank-accounts/<uuid:account_id>/close")
@requires("organisation:manage")
def close_account(actor: Actor, account_id: UUID) -> Response:
    """Take an account out of use."""
    form = Form()
    with form.refusals(), transaction():
        bank_accounts.close_account(actor, account_id, clock.now())
    form.tell(_("账户已停用，可在本页恢复使用。"))
    return redirect(url_for("organisation_pages.list_accounts"))


@bp.post("/bank-accounts/<uuid:account_id>/reopen")
@requires("organisation:manage")
def reopen_account(actor: Actor, account_id: UUID) -> Response:
    """Take a closed account into use again."""
    with transaction():
        bank_accounts.reopen_account(actor, account_id)
    flash(_("账户已恢复使用。"), "success")
    return redirect(url_for("organisation_pages.list_accounts"))
