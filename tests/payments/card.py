"""Charges, as the card provider's word brings them in, in one line each."""

from __future__ import annotations

from datetime import datetime
from itertools import count as counter

from sqlalchemy import text

from orders.payments import charges, checks, refund_sending
from orders.payments.charges import ChargeFacts
from orders.payments.models import Charge, Payment, Refund
from orders.purchase.models import Order
from shop import clock
from shop.db import db

_numbers = counter(1)


def charge(*shares: tuple[Order, int], amount: int | None = None, ref: str = "", at: datetime | None = None) -> Charge:
    """Take a charge for orders and return it."""
    at = at or clock.now()
    ref = ref or f"ch_{next(_numbers):08d}"
    first = shares[0][0]
    facts = ChargeFacts(
        charge_ref=ref, procurement_id=first.procurement_id, buyer_id=first.buyer_id, method="card", succeeded_at=at,
        amount_fen=sum(fen for _order, fen in shares) if amount is None else amount,
    )  # fmt: skip
    charges.take(facts, {order.id: fen for order, fen in shares}, at)
    found = charges.get_charge(ref)
    assert found is not None
    return found


def receipts_of(taken: Charge) -> list[Payment]:
    """Return a charge's receipts."""
    db.session.flush()
    return refund_sending.payments_of(taken.id)


def sent_back(refund: Refund, at: datetime | None = None) -> Refund:
    """Send a refund by card and take the provider's word that it went back."""
    at = at or clock.now()
    if refund.status == "requested":
        refund_sending.send_by_itself(refund.id, at)
    return refund_sending.confirm(refund.id, f"re_{refund.id}_{refund.attempts}", clock.business_day(at), at)


def differences():
    return (
        checks.differing_lines() + checks.differing_sums() + checks.differing_payments() + checks.differing_charges()
        + checks.differing_balances()
    )  # fmt: skip


def balance(kind):
    """Return debit less credit of all accounts of a kind."""
    query = text("""
        SELECT coalesce(sum(CASE WHEN d.kind = :kind THEN p.amount_fen ELSE 0 END)
                        - sum(CASE WHEN c.kind = :kind THEN p.amount_fen ELSE 0 END), 0)
        FROM postings p JOIN ledger_accounts d ON d.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
        WHERE p.book = 'money'""")
    return int(db.session.execute(query, {"kind": kind}).scalar_one())
