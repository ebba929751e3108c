"""Which producers have statements of account: a page at a time with the sums of all, and everybody's of a month in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, text

from orders.purchase.parties import producers_of
from orders.settlement import statements
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page
from shop.sheets import Cell

#: Producers whose statements are read together.
_TOGETHER = 200


@dataclass(frozen=True)
class ProducerRow:
    """A producer with what it is owed now."""

    key: int
    id: UUID
    name: str
    payable_fen: int


@dataclass(frozen=True)
class ProducerTotals:
    """How many producers a list has in all, and what they are owed together."""

    count: int
    payable_fen: int


_FOUND = """
    FROM ledger_accounts a JOIN organisations g ON a.owner = 'org:' || g.id
    WHERE a.book = 'money' AND a.kind = 'producer_payable' AND (:all OR g.id = ANY(:producers))
      AND (:name = '' OR position(:name IN g.name) > 0)"""
_PAGE = text(f"""
    SELECT g.id, g.public_id, g.name,
           coalesce((SELECT sum(p.amount_fen) FROM postings p WHERE p.book = 'money' AND p.credit_id = a.id), 0)::bigint
           - coalesce((SELECT sum(p.amount_fen) FROM postings p WHERE p.book = 'money' AND p.debit_id = a.id), 0)::bigint
    {_FOUND} AND (cast(:after_name AS text) IS NULL OR (g.name, g.id) > (cast(:after_name AS text), cast(:after_id AS bigint)))
    ORDER BY g.name, g.id LIMIT :limit""")
_TOTALS = text(f"""
    WITH found AS (SELECT a.id {_FOUND})
    SELECT (SELECT count(*) FROM found),
           coalesce((SELECT sum(p.amount_fen) FROM postings p JOIN found f ON p.credit_id = f.id WHERE p.book = 'money'), 0)::bigint
           - coalesce((SELECT sum(p.amount_fen) FROM postings p JOIN found f ON p.debit_id = f.id WHERE p.book = 'money'), 0)::bigint""")


def list_producers(
    actor: Actor, on: date, *, limit: int, cursor: str | None = None, name: str = ""
) -> tuple[Page[ProducerRow], ProducerTotals]:
    """Return a page of the producers whose statements an actor may see, by name, and the sums of all of them."""
    values = {
        "all": actor.organisation_kind == "operator", "producers": sorted(producers_of(actor, on)), "name": name,
    }  # fmt: skip
    after = decode_cursor(cursor, str, int) or [None, None]
    page = {**values, "limit": limit + 1, "after_name": after[0], "after_id": after[1]}
    rows = [ProducerRow(*row) for row in db.session.execute(_PAGE, page)]
    totals = ProducerTotals(*db.session.execute(_TOTALS, values).one())
    return make_page(rows, limit, lambda row: (row.name, row.key)), totals


_EVERYBODY = (
    select(Organisation)
    .where(
        text("EXISTS (SELECT FROM ledger_accounts a WHERE a.book = 'money' AND a.kind = 'producer_payable'"
             " AND a.owner = 'org:' || organisations.id)")
    )
    .order_by(Organisation.name, Organisation.id)
)  # fmt: skip


def table_of_all(month: date, actor: Actor) -> tuple[list[str], Iterator[list[Cell]]]:
    """Return titles and rows of all producers' statements of a month, one after another by name.

    :raises NotFound: for anybody but the operator.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
    everybody = db.session.scalars(_EVERYBODY).all()
    titles = [_("供应商"), *statements.titles()]
    return titles, _rows_of(everybody, month)


def _rows_of(everybody: Sequence[Organisation], month: date) -> Iterator[list[Cell]]:
    for start in range(0, len(everybody), _TOGETHER):
        for each in statements.make_statements(everybody[start : start + _TOGETHER], month):
            for row in statements.table(each)[1]:
                yield [each.producer, *row]
