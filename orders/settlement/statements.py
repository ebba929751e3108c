"""A producer's statement of account for a month, from the postings on its accounts: opening, every movement, closing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, text

from orders.ledger.books import org_owner
from orders.purchase.parties import producers_of
from orders.settlement.labels import account_word, movement_word
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid, NotFound
from shop.i18n import _
from shop.identity.models import Organisation
from shop.sheets import Cell, Fen

#: A producer's accounts in the order of a statement; what it is owed comes first.
ACCOUNTS = ("producer_payable", "bank_supervised", "bank_moving", "stripe_cash", "stripe_disputed", "paid_direct")
#: Accounts whose credit is the producer's.
_CREDIT = frozenset({"producer_payable"})


class BadMonth(Invalid):
    """The month or quarter in the address cannot be read, or has not begun."""

    code = "bad-month"


@dataclass(frozen=True)
class Movement:
    """One posting on an account, signed as it moves the balance, and the balance after it."""

    on: date
    account: str
    counter: str
    fact: str
    document: str
    amount_fen: int
    balance_fen: int

    @property
    def words(self) -> str:
        """Return what it is, in words."""
        return movement_word(self.account, self.counter, self.fact, self.amount_fen)


@dataclass(frozen=True)
class AccountBlock:
    """An account in a month: opening and the sum of its movements make its closing."""

    account: str
    opening_fen: int
    movements: Sequence[Movement]
    closing_fen: int

    @property
    def words(self) -> str:
        """Return the account's name."""
        return account_word(self.account)

    @property
    def kinds(self) -> list[tuple[str, int, int]]:
        """Return what its movements are: words, how many and their sum, in the order in which each came first."""
        found: dict[str, list[int]] = {}
        for each in self.movements:
            found.setdefault(each.words, []).append(each.amount_fen)
        return [(words, len(sums), sum(sums)) for words, sums in found.items()]


@dataclass(frozen=True)
class Statement:
    """A producer's accounts in a month."""

    producer: str
    producer_id: UUID
    month: date
    last_day: date
    blocks: Sequence[AccountBlock]

    @property
    def payable(self) -> AccountBlock:
        """Return what is owed to the producer."""
        return self.blocks[0]


_OPENING = text("""
    WITH mine AS (SELECT id, owner, kind FROM ledger_accounts WHERE book = 'money' AND owner = ANY(:owners))
    SELECT owner, kind, sum(fen)::bigint FROM (
        SELECT m.owner, m.kind, p.amount_fen AS fen FROM mine m JOIN postings p ON p.debit_id = m.id
        WHERE p.book = 'money' AND p.business_on < :first
        UNION ALL
        SELECT m.owner, m.kind, -p.amount_fen FROM mine m JOIN postings p ON p.credit_id = m.id
        WHERE p.book = 'money' AND p.business_on < :first) s GROUP BY owner, kind""")

_MOVEMENTS = text("""
    WITH mine AS (SELECT id, owner, kind FROM ledger_accounts WHERE book = 'money' AND owner = ANY(:owners)),
    moved AS (
        SELECT m.owner, m.kind, p.id, p.entry_id, p.order_id, p.business_on, p.credit_id AS other_id, p.amount_fen AS fen
        FROM mine m JOIN postings p ON p.debit_id = m.id
        WHERE p.book = 'money' AND p.business_on BETWEEN :first AND :last
        UNION ALL
        SELECT m.owner, m.kind, p.id, p.entry_id, p.order_id, p.business_on, p.debit_id, -p.amount_fen
        FROM mine m JOIN postings p ON p.credit_id = m.id
        WHERE p.book = 'money' AND p.business_on BETWEEN :first AND :last
    )
    SELECT v.owner, v.kind, v.business_on, other.kind, e.fact,
           coalesce(o.number, (SELECT y.number FROM payouts y
                               WHERE e.fact LIKE 'payout%' AND y.id = split_part(e.key, ':', 2)::bigint),
                    (SELECT x.number FROM transfer_reversals r JOIN orders x ON x.id = r.order_id
                     WHERE e.fact = 'transfer_reversed' AND r.id = split_part(e.key, ':', 2)::bigint),
                    (SELECT y.number FROM splits y
                     WHERE e.fact LIKE 'split%' AND y.id = split_part(e.key, ':', 2)::bigint),
                    (SELECT y.bank_serial FROM payments y
                     WHERE e.fact IN ('receipt_confirmed', 'receipt_reversed') AND e.key LIKE 'receipt:%'
                       AND y.id = split_part(e.key, ':', 2)::bigint), ''), v.fen
    FROM moved v JOIN journal_entries e ON e.id = v.entry_id JOIN ledger_accounts other ON other.id = v.other_id
    LEFT JOIN orders o ON o.id = v.order_id
    ORDER BY v.owner, v.business_on, v.id, v.kind""")


def make_statement(producer: Organisation, month: date) -> Statement:
    """Return a producer's statement of the month that begins on a day; the caller has checked who may see it."""
    return make_statements([producer], month)[0]


def make_statements(producers: Sequence[Organisation], month: date) -> list[Statement]:
    """Return the statements of several producers, in two queries for all together."""
    last = last_of_month(month)
    values = {"owners": [org_owner(each.id) for each in producers], "first": month, "last": last}
    openings: dict[str, dict[str, int]] = {}
    for owner, kind, fen in db.session.execute(_OPENING, values):
        openings.setdefault(owner, {})[kind] = fen * _sign(kind)
    balances = {owner: dict(found) for owner, found in openings.items()}
    movements: dict[str, dict[str, list[Movement]]] = {}
    for owner, kind, on, counter, fact, document, fen in db.session.execute(_MOVEMENTS, values):
        amount, balance = fen * _sign(kind), balances.setdefault(owner, {})
        balance[kind] = balance.get(kind, 0) + amount
        moved = Movement(on, kind, counter, fact, document or "", amount, balance[kind])
        movements.setdefault(owner, {}).setdefault(kind, []).append(moved)
    made = []
    for each in producers:
        owner = org_owner(each.id)
        blocks = _blocks(openings.get(owner, {}), balances.get(owner, {}), movements.get(owner, {}))
        made.append(Statement(each.name, each.public_id, month, last, blocks))
    return made


def _blocks(
    openings: Mapping[str, int], balances: Mapping[str, int], movements: Mapping[str, Sequence[Movement]]
) -> list[AccountBlock]:
    shown = [kind for kind in ACCOUNTS if kind == ACCOUNTS[0] or kind in balances]
    return [AccountBlock(kind, openings.get(kind, 0), movements.get(kind, []), balances.get(kind, 0)) for kind in shown]


def find_producer(public_id: UUID | None, actor: Actor, on: date) -> Organisation | None:
    """Return the producer whose statement an actor asks for; unnamed, the only one it acts for, or ``None``.

    :raises NotFound: if there is none, or it is another's.
    """
    query = select(Organisation).where(Organisation.kind == "producer")
    if actor.organisation_kind != "operator":
        query = query.where(Organisation.id.in_(producers_of(actor, on)))
        if public_id is None:
            mine = db.session.scalars(query.limit(2)).all()
            return mine[0] if len(mine) == 1 else None
    if public_id is None:
        return None
    found = db.session.scalars(query.where(Organisation.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound(_("没有这个供应商。"))
    return found


def read_month(written: str | None, today: date) -> date:
    """Return the first day of a month written ``2026-07``; unwritten, of this month.

    :raises BadMonth: if it is none, or lies ahead.
    """
    if not written:
        return today.replace(day=1)
    try:
        month = clock.read_day(f"{written}-01")
    except ValueError as error:
        raise BadMonth(_("月份须写作 2026-07。")) from error
    if month > today:
        raise BadMonth(_("这个月还没有到。"))
    return month


def last_of_month(month: date) -> date:
    """Return the last day of the month that begins on a day."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def table(statement: Statement) -> tuple[list[str], list[list[Cell]]]:
    """Return titles and rows for CSV and XLSX: each account with its opening, its movements and its closing."""
    return titles(), [row for block in statement.blocks for row in _block_rows(block, statement)]


def titles() -> list[str]:
    """Return the titles of a statement's columns."""
    return [_("账户"), _("日期"), _("事项"), _("单据"), _("金额（元）"), _("余额（元）")]


def _block_rows(block: AccountBlock, statement: Statement) -> Iterator[list[Cell]]:
    yield [block.words, statement.month, _("期初余额"), "", None, Fen(block.opening_fen)]
    for each in block.movements:
        yield [block.words, each.on, each.words, each.document, Fen(each.amount_fen), Fen(each.balance_fen)]
    total = sum(each.amount_fen for each in block.movements)
    yield [block.words, statement.last_day, _("期末余额"), "", Fen(total), Fen(block.closing_fen)]


def _sign(kind: str) -> int:
    return -1 if kind in _CREDIT else 1
