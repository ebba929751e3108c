"""The account that buyers pay an order to: the producer's own, or the supervised one, as the order's clearing mode says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from shop.db import db
from shop.errors import Conflict
from shop.identity import bank_accounts

#: The producer's own sub-account goes before the main one.
_SUPERVISED = text("""
    SELECT holder, bank, number FROM supervised_accounts
    WHERE status = 'confirmed' AND valid_from <= :on AND (valid_to IS NULL OR valid_to >= :on)
      AND (producer_id = :producer OR producer_id IS NULL)
    ORDER BY producer_id NULLS LAST, valid_from DESC, id LIMIT 1""")


class NoSupervisedAccount(Conflict):
    """Money is to go to the supervised account, and none that two persons have confirmed is in force."""

    code = "no-supervised-account"


@dataclass(frozen=True)
class Account:
    """An account as papers name it."""

    holder: str
    bank: str
    number: str


def account_of(clearing: str, producer_id: int, on: date) -> Account | None:
    """Return the account that buyers of a producer pay to on a day; none if there is no such account."""
    if clearing == "supervised":
        row = db.session.execute(_SUPERVISED, {"producer": producer_id, "on": on}).one_or_none()
        return Account(*row) if row else None
    found = bank_accounts.account_in_use(producer_id, on)
    return Account(found.holder, found.bank, found.number) if found else None
