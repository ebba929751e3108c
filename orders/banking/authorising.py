"""For which buyers a payer pays: learned names, announced transfers, and the treasury of the units' finance authority."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from flask import Flask
from sqlalchemy import or_, select, text

from orders.banking.matching import is_treasury
from orders.banking.models import PayerAlias
from orders.banking.reading.cells import compared_account, compared_name
from orders.payments import transfers
from orders.payments.models import TransferAnnouncement
from orders.purchase.models import Order
from shop.db import db
from shop.identity.models import Organisation

#: Names of the finance divisions that pay the units of buyers on a day.
_FINANCES = text("""
    SELECT DISTINCT u.organisation_id, d.name FROM unit_placements p JOIN units u ON u.id = p.unit_id
    JOIN divisions d ON d.code = p.finance_division_code
    WHERE u.organisation_id = ANY(:buyers) AND u.is_root AND p.budget_level <> 'none'
      AND p.valid_from <= :on AND coalesce(p.valid_to, :on) >= :on""")


def init_app(_app: Flask) -> None:
    """Say it to whoever records receipts."""
    transfers.offer("banking", authorised)


def authorised(name: str, account: str, buyers: Collection[int], on: date) -> set[int]:
    """Return for which of these buyers a payer may pay, by its name and account as the bank writes them."""
    payer, number = compared_name(name), compared_account(account)
    return (
        _own(payer, buyers) | _aliases(payer, number, buyers, on) | _announced(payer, number, buyers)
        | _treasurys(name, buyers, on)
    )  # fmt: skip


def _own(payer: str, buyers: Collection[int]) -> set[int]:
    rows = db.session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(buyers)))
    return {key for key, name in rows if payer and compared_name(name) == payer}


def _aliases(payer: str, number: str, buyers: Collection[int], on: date) -> set[int]:
    known = [PayerAlias.name == payer] if payer else []
    if number:
        known.append(PayerAlias.account == number)
    if not known:
        return set()
    return set(
        db.session.scalars(
            select(PayerAlias.buyer_id).where(
                PayerAlias.buyer_id.in_(buyers), or_(*known), PayerAlias.valid_from <= on,
                or_(PayerAlias.valid_to.is_(None), PayerAlias.valid_to >= on),
            )
        )
    )  # fmt: skip


def _announced(payer: str, number: str, buyers: Collection[int]) -> set[int]:
    """Return the buyers that have said themselves that this payer pays for them."""
    rows = db.session.execute(
        select(Order.buyer_id, TransferAnnouncement.payer_name, TransferAnnouncement.payer_account)
        .join(Order, Order.id == TransferAnnouncement.order_id)
        .where(Order.buyer_id.in_(buyers), TransferAnnouncement.withdrawn_at.is_(None))
        .distinct()
    )
    return {
        buyer
        for buyer, name, account in rows
        if (payer and compared_name(name) == payer) or (number and compared_account(account) == number)
    }


def _treasurys(name: str, buyers: Collection[int], on: date) -> set[int]:
    """Return the buyers whose budget is paid by the finance authority that a treasury's name carries."""
    if not is_treasury(name):
        return set()
    payer = compared_name(name)
    rows = db.session.execute(_FINANCES, {"buyers": sorted(buyers), "on": on})
    return {buyer for buyer, division in rows if compared_name(division) in payer}
