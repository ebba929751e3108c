"""The page on which an institution's administrator sets levels of approval by amount."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response
from wtforms.fields import DateField
from wtforms.validators import InputRequired

from orders.purchase import approval_levels
from orders.purchase.approval_levels import LevelDraft, Levels
from orders.purchase.approval_models import MOST_LEVELS
from shop import clock, money
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.errors import Invalid
from shop.filters import read_id
from shop.forms import Form
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.typed import digits

bp = Blueprint("approval_pages", __name__, template_folder="templates")
Answer = str | Response | tuple[str, int, dict[str, str]]

#: Rows of the form; one more than there are levels.
_ROWS = 3
_APPROVERS = text("""
    SELECT DISTINCT m.public_id, u.name FROM memberships m
    JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
    JOIN membership_roles r ON r.membership_id = m.id AND r.valid_from <= :on AND coalesce(r.valid_to, :on) >= :on
    JOIN role_permissions p ON p.role = r.role AND p.permission = 'procurements:approve'
    WHERE m.organisation_id = :organisation AND m.waits_since IS NULL
      AND m.valid_from <= :on AND coalesce(m.valid_to, :on) >= :on
    ORDER BY u.name, m.public_id""")


class LevelsForm(Form):
    """From which day levels hold; the levels themselves are rows that the page draws."""

    valid_from = DateField(
        lazy("生效日"),
        [InputRequired(lazy("请填写。"))],
        description=lazy("当日起提交的采购单按新层级审批，已提交的不变。"),
    )


@bp.route("/desk/approvals", methods=["GET", "POST"])
@requires("procurements:read")
@idempotent
def show_levels(actor: Actor) -> Answer:
    """Show the levels of all days, and let the administrator set others."""
    at, today = clock.now(), clock.today()
    form = LevelsForm()
    form.names = {"from": "valid_from"}
    for n in range(MOST_LEVELS):
        for name in ("name", "above", "people"):
            form.targets[f"levels/{n}/{name}"] = f"{name}-{n}"
        form.targets |= {f"levels/{n}/people/{m}": f"people-{n}" for m in range(MOST_LEVELS * 10)}
    if form.validate_on_submit():
        actor.require("organisation:manage")
        with form.refusals():
            drafts = _drafts()
            with transaction():
                approval_levels.set_levels(drafts, actor, valid_from=form.valid_from.data or today, at=at)
            flash(_("审批层级已保存。") if drafts else _("已改回一级审批。"), "success")
            return redirect(url_for("approval_pages.show_levels"))
    kept = approval_levels.list_levels(actor, today)
    if not form.is_submitted():
        form.valid_from.data = today
    return form.answer(
        render_template(
            "desk/approvals.html",
            form=form,
            kept=kept,
            today=today,
            rows=_rows(next((one for one in kept if _is_in_force(one, today)), None)),
            approvers=_approvers(actor, today),
        )
    )


def _is_in_force(levels: Levels, on: date) -> bool:
    return levels.valid_from <= on and (levels.valid_to is None or levels.valid_to >= on)


def _drafts() -> list[LevelDraft]:
    """Return the rows that have a name; an amount without one is refused by the service."""
    drafts = []
    for n in range(MOST_LEVELS):
        name, above = (request.form.get(f"{part}-{n}", "").strip()[:40] for part in ("name", "above"))
        people = tuple(key for each in request.form.getlist(f"people-{n}") if (key := read_id(each)))
        if name or people or above.strip("0., "):
            drafts.append(LevelDraft(name, _fen(above, n), people))
    return drafts


def _fen(written: str, row: int) -> int:
    try:
        return money.parse_yuan(digits(written) or "0")
    except ValueError as error:
        detail = _("金额须写作 50000.00。")
        raise Invalid(detail, errors=[{"pointer": f"#/levels/{row}/above", "detail": detail}]) from error


def _rows(now: Levels | None) -> list[tuple[str, str, set[str]]]:
    """Return what each row of the form says: what was typed, or what is in force."""
    if request.method == "POST":
        return [
            (request.form.get(f"name-{n}", ""), request.form.get(f"above-{n}", ""), set(request.form.getlist(f"people-{n}")))
            for n in range(MOST_LEVELS)
        ]  # fmt: skip
    levels = now.levels if now else ()
    found = [(one.name, money.format_yuan(one.above_fen), {str(each.id) for each in one.people}) for one in levels]
    shown = min(MOST_LEVELS, max(_ROWS, len(found) + 1))
    return [*found, *[("", "", set[str]())] * (shown - len(found))]


def _approvers(actor: Actor, on: date) -> list[tuple[UUID, str]]:
    values = {"organisation": actor.organisation_id, "on": on}
    return [(row.public_id, row.name) for row in db.session.execute(_APPROVERS, values)]
