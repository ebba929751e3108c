"""Producers who have money due and cannot be paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from orders.settlement import payees
from orders.settlement.standing import OPEN_SQL
from shop.auth import Actor
from shop.db import db
from shop.i18n import _
from shop.identity import bank_accounts


@dataclass(frozen=True)
class Unpayable:
    """A producer who has money due that cannot be paid, and why."""

    producer_id: UUID
    producer: str
    amount_fen: int
    reason: str


_DUE_SUMS = text(f"""
    SELECT g.id, g.public_id, g.name, sum({OPEN_SQL})::bigint AS fen
    FROM order_settlements s JOIN orders o ON o.id = s.order_id JOIN organisations g ON g.id = o.producer_id
    WHERE s.due_on <= :on AND s.held_at IS NULL AND {OPEN_SQL} > 0
    GROUP BY g.id ORDER BY 4 DESC, g.id""")
#: Producers that cannot be paid, as many as are listed.
_MOST = 100


def list_unpayable(actor: Actor, on: date) -> list[Unpayable]:
    """Return producers with money due and no bank account to pay it to, or one that sent money back; nothing is lost."""
    if actor.organisation_kind != "operator":
        return []
    missing, sent_back = _("没有可用的收款账户"), _("上次付款被银行退回，收款账户尚未更正")
    rows = db.session.execute(_DUE_SUMS, {"on": on}).all()
    payable = payees.find_accounts([row.id for row in rows], on)
    found = [row for row in rows if row.id not in payable][:_MOST]
    in_use = bank_accounts.accounts_in_use([row.id for row in found], on)
    return [
        Unpayable(row.public_id, row.name, row.fen, sent_back if row.id in in_use else missing) for row in found
    ]  # fmt: skip
