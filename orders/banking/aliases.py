"""Names and accounts under which buyers' money comes: learned from confirmed receipts, entered, changed and ended by persons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from orders.banking.matching import is_treasury
from orders.banking.models import BankLinePayment, BankStatementLine, PayerAlias
from orders.banking.reading.cells import compared_account, compared_name
from orders.payments import access
from orders.payments.models import Payment
from orders.purchase.models import Order
from orders.purchase.parties import producers_of
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid, NotFound
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


class AliasThere(Conflict):
    """The buyer has this name and account already."""

    code = "alias-there"


class NameMissing(Invalid):
    """A payer's name has no letter or digit."""

    code = "name-missing"


@dataclass(frozen=True)
class AliasRow:
    """An alias in force, as lists show it, and whether the reader may end it."""

    key: int
    id: UUID
    name: str
    account: str
    buyer: UUID
    buyer_name: str
    is_shared: bool
    valid_from: date
    may_end: bool


def learn(name: str, account: str, buyer_id: int, actor_id: int, at: datetime, *, payee_id: int | None = None) -> None:
    """Remember under which name and account a buyer's money came; what is known already stays as it is."""
    if not compared_name(name):
        return
    db.session.execute(
        insert(PayerAlias)
        .values(
            public_id=uuid7(), name=compared_name(name), account=compared_account(account), buyer_id=buyer_id,
            is_shared=is_treasury(name), learned_by=actor_id, learned_at=at, valid_from=clock.business_day(at),
            learned_for_id=payee_id,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip


def learn_by_hand(payment_id: UUID, at: datetime) -> None:
    """Remember who paid a receipt that a person matched by hand and another has confirmed now."""
    rows = db.session.execute(
        select(BankStatementLine.counterparty_name, BankStatementLine.counterparty_account, Payment)
        .join(BankLinePayment, BankLinePayment.line_id == BankStatementLine.id)
        .join(Payment, Payment.id == BankLinePayment.payment_id)
        .where(
            Payment.public_id == payment_id, BankStatementLine.rule == "hand", Payment.status == "confirmed",
            Payment.decided_by.is_not(None), Payment.buyer_id.is_not(None),
        )
    )  # fmt: skip
    for name, account, payment in rows:
        learn(name, account, payment.buyer_id or 0, payment.decided_by or 0, at, payee_id=payment.payee_id)


def list_aliases(actor: Actor, on: date, *, limit: int, cursor: str | None = None, q: str = "") -> Page[AliasRow]:
    """Return a page of the aliases in force that concern the actor, the newest first.

    :param q: part of a payer's name or account, or of a buyer's name.
    """
    query = (
        select(PayerAlias, Organisation)
        .join(Organisation, Organisation.id == PayerAlias.buyer_id)
        .where(_in_force(on), _visible(actor, on))
        .order_by(PayerAlias.id.desc())
        .limit(limit + 1)
    )
    if wanted := compared_name(q):
        asked = PayerAlias.name.contains(wanted, autoescape=True), PayerAlias.account.contains(wanted, autoescape=True)
        query = query.where(or_(*asked, Organisation.name.contains(q.strip(), autoescape=True)))
    if key := decode_cursor(cursor, int):
        query = query.where(PayerAlias.id < key[0])
    own = producers_of(actor, on)
    rows = [_row(alias, buyer, actor, own) for alias, buyer in db.session.execute(query)]
    return make_page(rows, limit, lambda row: (row.key,))


def get_alias(alias_id: UUID, actor: Actor, on: date) -> AliasRow:
    """Return an alias in force that concerns the actor.

    :raises NotFound: if there is none.
    """
    return _row(*_get(alias_id, actor, on), actor, producers_of(actor, on))


def add(name: str, account: str, buyer: UUID, actor: Actor, at: datetime, *, is_shared: bool) -> PayerAlias:
    """Say, for the operator, under which name and account a buyer's money comes from today on.

    :raises NotFound: if there is no such buyer.
    :raises NameMissing: if the name tells nothing.
    :raises AliasThere: if it is known.
    """
    if not compared_name(name):
        raise NameMissing(_("请填写付款人名称。"))
    made = PayerAlias(
        name=compared_name(name), account=compared_account(account), buyer_id=access.buyer_key(buyer),
        is_shared=is_shared or is_treasury(name), learned_by=actor.user_id, learned_at=at,
        valid_from=clock.business_day(at),
    )  # fmt: skip
    there = AliasThere(_("该采购单位已有这个付款人名称和账号。"))
    with refusing(ex_payer_aliases_dates=there):
        db.session.add(made)
    audit.record(actor, "banking.alias_added", "payer_alias", made.id, is_shared=[None, made.is_shared])
    return made


def share(alias_id: UUID, actor: Actor, at: datetime, *, is_shared: bool) -> PayerAlias:
    """Say, for the operator, whether many buyers are paid for under an alias: then it never tells the buyer alone.

    :raises NotFound: if there is none in force.
    """
    alias, _buyer = _get(alias_id, actor, clock.business_day(at), lock=True)
    was, alias.is_shared = alias.is_shared, is_shared
    audit.record(actor, "banking.alias_shared", "payer_alias", alias.id, is_shared=[was, is_shared])
    return alias


def end(alias_id: UUID, actor: Actor, at: datetime) -> PayerAlias:
    """Let an alias tell nothing from today on; it was learned wrongly, or the account changed hands.

    :raises NotFound: if there is none in force that concerns the actor.
    :raises Forbidden: if another producer's receipt taught it, and the actor is not of the operator.
    """
    on = clock.business_day(at)
    alias, _buyer = _get(alias_id, actor, on, lock=True)
    if not _may_end(alias, actor, producers_of(actor, on)):
        raise Forbidden(_("这个付款人由平台或其他供应商登记，请联系平台停用。"))
    day_before = on - timedelta(days=1)
    if alias.valid_from > day_before:
        db.session.delete(alias)
    else:
        alias.valid_to = day_before
    audit.record(actor, "banking.alias_ended", "payer_alias", alias.id)
    return alias


def _get(alias_id: UUID, actor: Actor, on: date, *, lock: bool = False) -> tuple[PayerAlias, Organisation]:
    query = (
        select(PayerAlias, Organisation)
        .join(Organisation, Organisation.id == PayerAlias.buyer_id)
        .where(PayerAlias.public_id == alias_id, _in_force(on), _visible(actor, on))
    )
    row = db.session.execute(query.with_for_update(of=PayerAlias) if lock else query).one_or_none()
    if row is None:
        raise NotFound(_("没有这个付款人别名。"))
    return row[0], row[1]


def _in_force(on: date) -> ColumnElement[bool]:
    return (PayerAlias.valid_from <= on) & or_(PayerAlias.valid_to.is_(None), PayerAlias.valid_to >= on)


def _visible(actor: Actor, on: date) -> ColumnElement[bool]:
    """Return the condition of aliases that concern an actor: all for the operator, of its buyers for a producer."""
    if actor.organisation_kind == "operator":
        return true()
    own = producers_of(actor, on)
    if not own:
        return false()
    return PayerAlias.buyer_id.in_(select(Order.buyer_id).where(Order.producer_id.in_(own)))


def _may_end(alias: PayerAlias, actor: Actor, own: frozenset[int]) -> bool:
    if actor.organisation_kind == "operator":
        return actor.may("banking:manage")
    return alias.learned_for_id in own and actor.may("payments:confirm")


def _row(alias: PayerAlias, buyer: Organisation, actor: Actor, own: frozenset[int]) -> AliasRow:
    return AliasRow(
        alias.id, alias.public_id, alias.name, alias.account, buyer.public_id, buyer.name, alias.is_shared,
        alias.valid_from, _may_end(alias, actor, own),
    )  # fmt: skip
