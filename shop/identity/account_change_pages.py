"""Deciding on other accounts: for another member of the organisation, and for the operator."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.identity import account_changes, change_queries
from shop.identity.account_change_models import CHANGE_STATUSES
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("account_change_pages", __name__, template_folder="templates")


@bp.get("/operator/account-changes")
@requires("organisations:verify")
def list_changes(actor: Actor) -> str:
    """Show changes of all organisations; those that wait are shown first."""
    wanted = request.args.get("status", "asked")
    page = change_queries.list_changes(
        actor, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"),
        status=wanted if wanted in CHANGE_STATUSES else None,
    )  # fmt: skip
    return render_template(
        "identity/account_changes.html", page=page, waiting=change_queries.count_asked(), wanted=wanted,
        cooling_days=current_app.config["ACCOUNT_COOLING_DAYS"],
    )  # fmt: skip


@bp.post("/account-changes/<uuid:change_id>/<any(confirm, refuse):act>")
@requires("signed_in")
@idempotent
def decide(actor: Actor, change_id: UUID, act: str) -> Response:
    """Agree to another account, refuse it, or take one's own wish back."""
    form, back = Form(), url_for("organisation_pages.list_accounts")
    if actor.organisation_kind == "operator" and actor.may("organisations:verify"):
        back = url_for("account_change_pages.list_changes")
    reason = request.form.get("reason", "").strip()[:500]
    if act == "refuse" and not reason:
        flash(_("请填写原因。"), "error")
        return redirect(back)
    with form.refusals(), transaction():
        if act == "confirm":
            days = current_app.config["ACCOUNT_COOLING_DAYS"]
            account_changes.confirm(change_id, actor, clock.now(), cooling_days=days)
        else:
            account_changes.refuse(change_id, reason, actor, clock.now())
    form.tell(_("收款账户变更已确认，冷静期满后启用。") if act == "confirm" else _("收款账户变更已退回，账户不变。"))
    return redirect(back)
