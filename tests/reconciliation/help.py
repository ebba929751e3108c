"""The operator's people, and rows as the provider's account of its balance has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from orders.payments import exceptions
from orders.payments.models import MoneyException
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation
from tests.conftest import NOON
from tests.factories import make_member

DAY = date(2026, 7, 14)


@dataclass(frozen=True)
class People:
    """Members of the operator: one proposes, another agrees, a third reads."""

    clerk: Actor
    checker: Actor
    auditor: Actor


def make_people() -> People:
    clerk = make_member("operator", "operator_finance")
    operator = db.session.get_one(Organisation, clerk.organisation_id)
    return People(
        clerk,
        make_member("operator", "operator_confirmer", organisation=operator),
        make_member("operator", "operator_auditor", organisation=operator),
    )


def make_exception(key: str = "balance_transaction:txn_1", amount_fen: int = -500, **changes: object) -> MoneyException:
    values = {
        "rail": "stripe", "kind": "unknown_source", "subject": "txn_1", "detail": "re_1", "occurred_on": DAY, "at": NOON,
    } | changes  # fmt: skip
    return exceptions.open_exception(key=key, amount_fen=amount_fen, **values)  # type: ignore[arg-type]
