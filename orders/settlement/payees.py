"""To which account producers are paid: the one in use, unless the bank has sent money back from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import select

from orders.settlement.models import Payout, PayoutReturn
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.identity import bank_accounts
from shop.identity.models import BankAccount


class PayeeAccountChanged(Conflict):
    """A payout goes to an account that is not its producer's any more, or sent money back; member ``payouts`` names them."""

    code = "payee-account-changed"


def find_account(producer_id: int, on: date) -> BankAccount | None:
    """Return the bank account that a producer is paid to on a day; none if the bank sent the last payout to it back."""
    return find_accounts([producer_id], on).get(producer_id)


def find_accounts(producer_ids: Collection[int], on: date) -> dict[int, BankAccount]:
    """Return the accounts of many producers; who cannot be paid is not among them."""
    blocked = blocked_accounts(producer_ids)
    found = bank_accounts.accounts_in_use(producer_ids, on)
    return {key: account for key, account in found.items() if (key, account.number) not in blocked}


def blocked_accounts(producer_ids: Collection[int]) -> set[tuple[int, str]]:
    """Return the accounts from which a payout came back and that nobody has found right since, by producer and number."""
    rows = db.session.execute(
        select(Payout.producer_id, Payout.account_number)
        .join(PayoutReturn, PayoutReturn.payout_id == Payout.id)
        .where(
            PayoutReturn.status == "confirmed", PayoutReturn.same_account.is_(False),
            Payout.producer_id.in_(producer_ids),
        )
    )  # fmt: skip
    return {(row.producer_id, row.account_number) for row in rows}


def require_same(payouts: Iterable[Payout], on: date) -> None:
    """Ask that payouts by bank still go to the account on which their producers are paid.

    :raises PayeeAccountChanged: if it was closed, replaced or sent money back since they were prepared.
    """
    by_bank = [payout for payout in payouts if payout.rail == "bank"]
    accounts = find_accounts({payout.producer_id for payout in by_bank}, on)
    wrong = [
        payout.number
        for payout in by_bank
        if (account := accounts.get(payout.producer_id)) is None or account.number != payout.account_number
    ]
    if wrong:
        detail = _(
            "付款 %(numbers)s 的收款账户已停用、更换或被退汇，请撤销这些付款，按新账户重新制单。",
            numbers="、".join(wrong),
        )
        raise PayeeAccountChanged(detail, payouts=wrong)
