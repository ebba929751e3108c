"""Units of any organisation for the operator: where they stand and whose budget they are."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.i18n import _
from shop.idempotency import idempotent
from shop.identity import listings, organisations, units
from shop.identity.organisation_pages import place_form, read_parent, read_place
from shop.identity.pages import Answer

bp = Blueprint(
    "placement_pages", __name__, url_prefix="/operator/organisations/<uuid:organisation_id>/units",
    template_folder="templates",
)  # fmt: skip


@bp.get("")
@requires("organisations:verify")
def list_units(actor: Actor, organisation_id: UUID) -> str:  # noqa: ARG001
    """Show an organisation's tree of units as it stands today."""
    organisation, today = organisations.get_organisation(organisation_id), clock.today()
    found = listings.list_units(organisation.id, today)
    return render_template("identity/operator_units.html", organisation=organisation, units=found, today=today)


@bp.route("/<uuid:unit_id>", methods=["GET", "POST"])
@requires("organisations:verify")
@idempotent
def place_unit(actor: Actor, organisation_id: UUID, unit_id: UUID) -> Answer:
    """Show where a unit stood when, and let it stand elsewhere from tomorrow or a later day on."""
    organisation, today = organisations.get_organisation(organisation_id), clock.today()
    row = next((unit for unit in listings.list_units(organisation.id, today) if unit.id == unit_id), None)
    if row is None:
        abort(404)
    form = place_form(row, organisation.id, since=today + timedelta(days=1))
    back = url_for("placement_pages.list_units", organisation_id=organisation_id)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                units.place_unit(
                    actor, unit_id, read_place(form), since=form.since.data, today=today, parent=read_parent(form),
                    organisation_id=organisation.id,
                )  # fmt: skip
            flash(_("归属变更已保存，之前的归属保持不变。"), "success")
            return redirect(back)
    return form.answer(render_template("identity/unit_form.html", form=form, unit=row, back=back))
