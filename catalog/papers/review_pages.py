"""The review of papers at the officials' and the operator's desk: queue with age, decision, revocation by two."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for

from catalog.papers import queries, revocations, services
from catalog.papers.forms import ConfirmRevocationForm, DecideForm, RevokeForm
from catalog.papers.labels import STATUS_WORDS
from catalog.papers.pages import WORDS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from shop.filters import several
from shop.forms import Form
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav
from shop.paging import decode_cursor, make_page

bp = Blueprint("review_pages", __name__, template_folder="templates")

_DESKS = "<any(official,operator):desk>"
_PAPER = f"/{_DESKS}/papers/<any(eligibility,certificate):kind>/<uuid:paper_id>"


def init_app(app: Flask) -> None:
    """Add the links of both desks."""
    for desk in ("official", "operator"):
        # Who may decide may not hold the right to review, and the other way round: one of the links is shown.
        for permission in ("papers:review", "papers:decide"):
            order, group = (16, lazy("审核")) if desk == "operator" else (40, "")
            add_nav(app, NavItem(desk, lazy("材料审核"), f"review_pages.{desk}_papers", permission, order, {}, group))


@bp.get("/official/papers", endpoint="official_papers")
@requires("signed_in")
def official_papers(actor: Actor) -> str:
    """Show the officials' queue."""
    return _queue("official", actor)


@bp.get("/operator/papers", endpoint="operator_papers")
@requires("signed_in")
def operator_papers(actor: Actor) -> str:
    """Show the operator's queue."""
    return _queue("operator", actor)


@bp.get(_PAPER)
@requires("signed_in")
def show_paper(actor: Actor, desk: str, kind: str, paper_id: UUID) -> str:
    """Show a paper to a reviewer."""
    _require_reviewer(actor, desk)
    return _render(actor, desk, kind, paper_id)


@bp.post(f"{_PAPER}/decide")
@requires("papers:decide")
@idempotent
def decide(actor: Actor, desk: str, kind: str, paper_id: UUID) -> Any:
    """Put a paper in force or send it back."""
    _require_reviewer(actor, desk)
    form = DecideForm()
    if form.validate_on_submit():
        with form.refusals():
            is_approved = form.decision.data == "approve"
            with transaction():
                services.decide_paper(
                    kind, paper_id, actor, is_approved=is_approved, reason=form.reason.data or "", at=clock.now()
                )
            flash(_("已通过。") if is_approved else _("已退回。"), "success")
            return redirect(url_for(f".{desk}_papers"))
    return form.answer(_render(actor, desk, kind, paper_id, decide=form))


@bp.post(f"{_PAPER}/revoke")
@requires("signed_in")
@idempotent
def propose(actor: Actor, desk: str, kind: str, paper_id: UUID) -> Any:
    """Propose to revoke a paper."""
    _require_reviewer(actor, desk)
    form = RevokeForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                revocations.propose_revocation(
                    kind, paper_id, actor, from_on=form.from_on.data, reason=form.why.data or "", at=clock.now()
                )
            flash(_("撤销申请已提交，等待另一人复核。"), "success")
            return redirect(url_for(".show_paper", desk=desk, kind=kind, paper_id=paper_id))
    return form.answer(_render(actor, desk, kind, paper_id, revoke=form))


@bp.post(f"{_PAPER}/revocation")
@requires("papers:decide")
@idempotent
def decide_revocation(actor: Actor, desk: str, kind: str, paper_id: UUID) -> Any:
    """Confirm or refuse a proposed revocation."""
    _require_reviewer(actor, desk)
    form = ConfirmRevocationForm()
    if form.validate_on_submit():
        with form.refusals():
            is_confirmed = form.outcome.data == "confirm"
            with transaction():
                revocations.decide_revocation(
                    kind, paper_id, actor, is_confirmed=is_confirmed, reason=form.remark.data or "", at=clock.now()
                )
            flash(_("已确认撤销。") if is_confirmed else _("已退回撤销申请。"), "success")
            return redirect(url_for(".show_paper", desk=desk, kind=kind, paper_id=paper_id))
    return form.answer(_render(actor, desk, kind, paper_id, confirm=form))


def _require_reviewer(actor: Actor, desk: str) -> None:
    """Refuse whoever has no such desk, or may neither review nor decide."""
    if {"official": "authority", "operator": "operator"}[desk] != actor.organisation_kind:
        raise NotFound
    if not actor.may("papers:decide"):
        actor.require("papers:review")


def _queue(desk: str, actor: Actor) -> str:
    _require_reviewer(actor, desk)
    kind = request.args.get("kind", "eligibility")
    kind = kind if kind in queries.TABLES else "eligibility"
    status = ",".join(several(request.args.getlist("status"))) or "to_decide"
    after = decode_cursor(request.args.get("cursor"), int)
    now = clock.now()
    rows = queries.list_papers(
        kind, actor, clock.business_day(now), statuses=() if status == "all" else status.split(","),
        after=after[0] if after else None, limit=50,
    )  # fmt: skip
    return render_template(
        "papers/queue.html", desk=desk, kind=kind, status=status, now=now, today=clock.business_day(now),
        page=make_page(rows, 50, lambda row: (row.paper.id,)), words={**WORDS, "status": STATUS_WORDS},
        state_on=queries.state_on,
    )  # fmt: skip


def _render(actor: Actor, desk: str, kind: str, paper_id: UUID, **forms: Form) -> str:
    today = clock.today()
    row = queries.get_paper(kind, paper_id, actor, today)
    given = {
        "decide": DecideForm(formdata=None), "revoke": RevokeForm(formdata=None),
        "confirm": ConfirmRevocationForm(formdata=None), **forms,
    }  # fmt: skip
    return render_template(
        "papers/review.html", row=row, desk=desk, kind=kind, words=WORDS, state=queries.state_on(row.paper, today),
        warnings=services.paper_warnings(row), history=revocations.list_revocations(row.paper), given=given,
    )  # fmt: skip
