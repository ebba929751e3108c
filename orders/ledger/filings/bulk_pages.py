"""Confirming several filings at once, at the officials' desk and the operator's."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from orders.ledger.filings import decisions, queries
from shop import clock, picking
from shop.auth import Actor, requires
from shop.i18n import _
from shop.idempotency import idempotent
from shop.picking import Pick, Picking

bp = Blueprint("filing_bulk_pages", __name__, template_folder="templates")
_LISTS = {"official": "filing_pages.official_filings", "operator": "filing_pages.operator_filings"}


@bp.route("/<any(official,operator):desk>/filings/confirm-selected", methods=["GET", "POST"])
@requires("filings:confirm")
@idempotent
def confirm_selected(actor: Actor, desk: str) -> str | Response:
    """Confirm several filings that others entered, each by itself."""
    what = Picking(
        _("确认所选申报"),
        lambda n, total: _("确认 %(n)s 份申报，合计 %(sum)s 元，计入各县帮扶额；请先逐份核对凭证。", n=n, sum=total),
        _("确认申报"),
        lambda key: decisions.confirm_filing(key, actor, at=clock.now()),
        url_for(_LISTS[desk], status="submitted"),
    )
    return picking.answer(picking.picked(lambda key: _pick(key, actor, desk)), what)


def _pick(key: UUID, actor: Actor, desk: str) -> Pick:
    filing = queries.find_filing(key, actor, clock.today())
    address = url_for("filing_pages.show", desk=desk, filing_id=key)
    return Pick(key, filing.number, f"{filing.seller_name} → {filing.buyer_name}", filing.amount_fen, address)
