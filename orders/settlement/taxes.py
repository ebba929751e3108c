"""What is reported about sellers each quarter (国务院令第810号): identity, sales, returns; kept as it was reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from orders.settlement.statements import BadMonth
from orders.settlement.tax_models import TaxReport
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.files import services as files
from shop.i18n import _
from shop.sheets import Cell, Fen, write_csv


class QuarterNotOver(Conflict):
    """A quarter is reported once it is over."""

    code = "quarter-not-over"


class QuarterReported(Conflict):
    """The quarter was reported before; what has changed since goes into the next as a correction."""

    code = "quarter-reported"


@dataclass(frozen=True)
class SellerRow:
    """A seller in a quarter: who it is, what it sold (freight and direct payments included) and what was given back."""

    quarter: str
    seller: str
    name: str
    credit_code: str
    form: str
    address: str
    gross_fen: int
    returns_fen: int
    fee_fen: int
    sales: int
    returned: int

    @property
    def net_fen(self) -> int:
        """Return sales less returns."""
        return self.gross_fen - self.returns_fen


@dataclass(frozen=True)
class Sheet:
    """A quarter's sheet, and what it corrects of quarters reported before."""

    quarter: date
    last_day: date
    rows: Sequence[SellerRow]
    corrections: Sequence[SellerRow]
    reported: TaxReport | None

    @property
    def gross_fen(self) -> int:
        """Return all sales."""
        return sum(row.gross_fen for row in self.rows)

    @property
    def returns_fen(self) -> int:
        """Return all returns."""
        return sum(row.returns_fen for row in self.rows)


_SELLERS = text("""
    WITH moved AS (
        SELECT c.owner, p.order_id, CASE WHEN e.fact = 'refund_bounced' THEN 0 ELSE p.amount_fen END AS gross,
               CASE WHEN e.fact = 'refund_bounced' THEN -p.amount_fen ELSE 0 END AS back, 0 AS fee
        FROM postings p JOIN journal_entries e ON e.id = p.entry_id
        JOIN ledger_accounts c ON c.id = p.credit_id AND c.kind = 'producer_payable'
        JOIN ledger_accounts d ON d.id = p.debit_id AND d.kind = 'buyer_receivable'
        WHERE p.book = 'money' AND p.business_on BETWEEN :first AND :last
        UNION ALL
        SELECT d.owner, p.order_id, 0, CASE WHEN c.kind = 'buyer_receivable' THEN p.amount_fen ELSE 0 END,
               CASE WHEN c.kind = 'fees' THEN p.amount_fen ELSE 0 END
        FROM postings p JOIN ledger_accounts d ON d.id = p.debit_id AND d.kind = 'producer_payable'
        JOIN ledger_accounts c ON c.id = p.credit_id AND c.kind IN ('buyer_receivable', 'fees')
        WHERE p.book = 'money' AND p.business_on BETWEEN :first AND :last
        UNION ALL
        SELECT c.owner, p.order_id, 0, 0, -p.amount_fen
        FROM postings p JOIN ledger_accounts c ON c.id = p.credit_id AND c.kind = 'producer_payable'
        JOIN ledger_accounts d ON d.id = p.debit_id AND d.kind = 'fees'
        WHERE p.book = 'money' AND p.business_on BETWEEN :first AND :last
    )
    SELECT g.public_id::text, g.name, coalesce(g.credit_code, ''), coalesce(r.form, ''), g.address,
           sum(m.gross)::bigint, sum(m.back)::bigint, sum(m.fee)::bigint,
           count(DISTINCT m.order_id) FILTER (WHERE m.gross > 0), count(DISTINCT m.order_id) FILTER (WHERE m.back > 0)
    FROM moved m JOIN organisations g ON m.owner = 'org:' || g.id LEFT JOIN producers r ON r.organisation_id = g.id
    GROUP BY g.id, r.form ORDER BY g.name, g.id""")


#: The months in which quarters begin.
_QUARTERS = {"1": "01", "2": "04", "3": "07", "4": "10"}


def read_quarter(written: str | None, today: date) -> date:
    """Return the first day of a quarter written ``2026Q3``; unwritten, of the last one that is over.

    :raises BadMonth: if it is none, or lies ahead.
    """
    if not written:
        return first_of_quarter(first_of_quarter(today) - timedelta(days=1))
    year, _sep, number = written.partition("Q")
    try:
        quarter = clock.read_day(f"{year}-{_QUARTERS[number]}-01")
    except (KeyError, ValueError) as error:
        raise BadMonth(_("季度须写作 2026Q3。")) from error
    if quarter > today:
        raise BadMonth(_("这个季度还没有到。"))
    return quarter


def first_of_quarter(day: date) -> date:
    """Return the first day of the quarter of a day."""
    return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)


def name_of(quarter: date) -> str:
    """Return how a quarter is written: ``2026Q3``."""
    return f"{quarter.year}Q{(quarter.month + 2) // 3}"


def last_of_quarter(quarter: date) -> date:
    """Return the last day of a quarter."""
    return first_of_quarter(quarter + timedelta(days=100)) - timedelta(days=1)


def make_sheet(quarter: date, actor: Actor) -> Sheet:
    """Return a quarter's sheet: as it was reported, or as it would be now.

    :raises NotFound: for anybody but the operator.
    """
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
    kept = db.session.scalars(select(TaxReport).where(TaxReport.quarter == quarter)).one_or_none()
    if kept is not None:
        rows, corrections = _read(kept.rows), _read(kept.corrections)
        return Sheet(quarter, last_of_quarter(quarter), rows, corrections, kept)
    return Sheet(quarter, last_of_quarter(quarter), _rows(quarter), _corrections(quarter), None)


def report(quarter: date, actor: Actor, at: datetime) -> TaxReport:
    """Mark a quarter as reported: its sheet is kept with the hash of its CSV, and never changes.

    :raises NotFound: for anybody but the operator.
    :raises QuarterNotOver: if it is not over.
    :raises QuarterReported: if it was reported before.
    """
    sheet = make_sheet(quarter, actor)
    if sheet.last_day >= clock.business_day(at):
        raise QuarterNotOver(_("季度结束后才能报送。"))
    if sheet.reported is not None:
        raise QuarterReported(_("该季度已经报送，之后的变动作为更正列入下一期。"))
    titles, rows = table(sheet)
    stored = files.store(write_csv(titles, rows), f"sellers-{name_of(quarter)}.csv", actor)
    made = TaxReport(
        quarter=quarter, reported_by=actor.user_id, reported_at=at, rows=[asdict(row) for row in sheet.rows],
        corrections=[asdict(row) for row in sheet.corrections], sha256=stored.sha256, file_id=stored.id,
    )  # fmt: skip
    with refusing(uq_tax_reports_quarter=QuarterReported(_("该季度刚刚由他人报送。"))):
        db.session.add(made)
        db.session.flush()  # the constraint speaks now
    audit.record(actor, "settlement.quarter_reported", "tax_report", made.id, sha256=["", stored.sha256])
    return made


def table(sheet: Sheet) -> tuple[list[str], list[list[Cell]]]:
    """Return titles and rows for CSV and XLSX, corrections of earlier quarters after the quarter's own."""
    titles = [
        _("类别"), _("所属季度"), _("名称"), _("统一社会信用代码"), _("主体类型"), _("地址"), _("收入总额（元）"), _("退款金额（元）"),
        _("收入净额（元）"), _("平台服务费（元）"), _("交易笔数"), _("退款笔数"),
    ]  # fmt: skip
    found: list[list[Cell]] = []
    for word, rows in ((_("本期"), sheet.rows), (_("更正"), sheet.corrections)):
        found += [
            [
                word, row.quarter, row.name, row.credit_code, row.form, row.address, Fen(row.gross_fen), Fen(row.returns_fen),
                Fen(row.net_fen), Fen(row.fee_fen), row.sales, row.returned,
            ]
            for row in rows
        ]  # fmt: skip
    return titles, found


def _rows(quarter: date) -> list[SellerRow]:
    values = {"first": quarter, "last": last_of_quarter(quarter)}
    return [SellerRow(name_of(quarter), *row) for row in db.session.execute(_SELLERS, values)]


def _corrections(quarter: date) -> list[SellerRow]:
    """Return what has changed of quarters reported before, less what was corrected since."""
    reports = db.session.scalars(select(TaxReport).where(TaxReport.quarter < quarter).order_by(TaxReport.quarter)).all()
    corrected = [row for each in reports for row in _read(each.corrections)]
    found = []
    for each in reports:
        told = _read(each.rows) + [row for row in corrected if row.quarter == name_of(each.quarter)]
        now = {row.seller: row for row in _rows(each.quarter)}
        for seller in sorted({row.seller for row in told} | now.keys()):
            before = [row for row in told if row.seller == seller]
            changed = _minus(now.get(seller), before)
            if changed is not None:
                found.append(changed)
    return found


def _minus(now: SellerRow | None, told: Sequence[SellerRow]) -> SellerRow | None:
    """Return what a seller's row differs by from what was told of it, or ``None``."""
    base = now or replace(told[0], gross_fen=0, returns_fen=0, fee_fen=0, sales=0, returned=0)
    changed: dict[str, Any] = {name: getattr(base, name) - sum(getattr(row, name) for row in told) for name in _FIGURES}
    return replace(base, **changed) if any(changed.values()) else None


_FIGURES = ("gross_fen", "returns_fen", "fee_fen", "sales", "returned")


def _read(kept: Sequence[dict[str, Any]]) -> list[SellerRow]:
    return [SellerRow(**row) for row in kept]
