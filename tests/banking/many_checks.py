"""What must hold of a long statement that is imported, and imported once more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text

from orders.banking import statements
from orders.banking.labels import REASONS
from orders.banking.models import BankStatement, BankStatementLine
from orders.banking.statements import ImportRequest
from orders.payments.models import Payment
from shop import clock
from shop.db import db, transaction
from tests.banking.many import Scene, prepare
from tests.conftest import NOON


def check_import(seed: int, lines: int, matching: int) -> None:
    """Import a file of so many lines, of which so many match; then the same file again."""
    scene = prepare(seed, lines, matching)

    first = _bring(scene)

    counted = dict(_counts())
    others = lines - matching
    assert (first.rows, first.added, first.known, first.refused) == (lines, lines, 0, 0)
    assert counted.pop("matched") == matching
    assert sum(counted.values()) == others
    unexplained = select(func.count()).where(
        BankStatementLine.state.in_(("unmatched", "suggested")), BankStatementLine.reason.not_in(list(REASONS))
    )
    assert db.session.scalar(unexplained) == 0
    assert db.session.scalar(select(func.count()).select_from(Payment)) == matching
    before = _digest()

    again = _bring(scene)

    assert (again.rows, again.added, again.known, again.refused) == (lines, 0, lines, 0)
    assert _digest() == before


def _bring(scene: Scene) -> BankStatement:
    request = ImportRequest(account=scene.account, file=scene.file)
    reading = statements.read(request, scene.trade.clerk, clock.business_day(NOON))
    with transaction():
        return statements.import_statement(request, reading, scene.trade.clerk, NOON)


def _counts() -> list[tuple[str, int]]:
    query = select(BankStatementLine.state, func.count()).group_by(BankStatementLine.state)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def _digest() -> list[Any]:
    """What the lines, receipts and allocations say."""
    lines = "id, serial, state, rule, reason, candidates, refund_id"
    receipts = "id, bank_serial, amount_fen, allocated_fen, status"
    digest = "SELECT md5(string_agg(concat_ws('|', {columns}), ',' ORDER BY id)) FROM {table}"
    queries = (
        digest.format(columns=lines, table="bank_statement_lines"), digest.format(columns=receipts, table="payments"),
        "SELECT count(*) FROM payment_allocations", "SELECT count(*) FROM bank_line_payments",
    )  # fmt: skip
    return [db.session.execute(text(query)).scalar_one() for query in queries]
