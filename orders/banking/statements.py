"""Importing a statement: each movement once, whichever files it stands in, and what became of every row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid6 import uuid7

from orders.banking import accounts, bulk, claim_lines, working
from orders.banking.accounts import ImportAccount
from orders.banking.models import BankStatement, BankStatementLine, BankStatementRow, StatementAccount
from orders.banking.reading.entries import BadRow, Entry, Reading, with_serials
from orders.banking.reading.layouts import Mapping
from orders.banking.reading.sources import FileSource
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.files import services as files
from shop.i18n import _
from shop.outbox.services import publish

#: Rows that a refusal names.
_SHOWN = 50


class BadStatementRows(Invalid):
    """Rows of the file cannot be read; nothing was imported. Member ``rows`` names them."""

    code = "bad-statement-rows"


class OtherStatementAccount(Invalid):
    """The file says that it is another account's."""

    code = "other-statement-account"


class EmptyStatement(Invalid):
    """The file has no movement."""

    code = "empty-statement"


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """Which file is imported to which account, and how it is read.

    :param skip_bad: import the rows that can be read and tell of the others one by one, instead of refusing all.
    :param save: keep the mapping for the account's next files.
    """

    account: UUID
    file: UUID
    mapping: Mapping | None = None
    skip_bad: bool = False
    save: bool = False


def read(request: ImportRequest, actor: Actor, on: date) -> Reading:
    """Read a file of the actor's under the mapping named, else the one saved for the account, else by its titles.

    :raises NotFound: for an account or file that is not the actor's.
    :raises UnreadableStatement, UnsafeStatement, StatementTooLong, LayoutUnknown: if it cannot be read.
    :raises OtherStatementAccount: if the file names another account.
    """
    account = accounts.get_import_account(request.account, actor, on)
    data = files.read_bytes(files.get_own(request.file, actor))
    saved = accounts.find_saved(account)
    kept = Mapping.from_json(saved.mapping) if saved and saved.mapping else None
    reading = FileSource(data, request.mapping or kept).read()
    if reading.account and reading.account != account.number:
        raise OtherStatementAccount(_("文件是账户 %(number)s 的对账单，不是所选的账户。", number=reading.account))
    return _without_future(reading, on)


def import_statement(request: ImportRequest, reading: Reading, actor: Actor, at: datetime) -> BankStatement:
    """Keep the movements that are new, match them, and record receipts of what matched for another person to confirm.

    The account's row is locked first, so that of two imports at once the second finds what the first brought.

    :raises EmptyStatement: if there is nothing in the file.
    :raises BadStatementRows: if rows cannot be read and were not to be passed over; nothing is kept then.
    """
    _require_readable(request, reading)
    account = accounts.get_import_account(request.account, actor, clock.business_day(at))
    file = files.get_own(request.file, actor)
    row = accounts.lock_account(account)
    if request.save and request.mapping is not None:
        row.mapping = request.mapping.as_json()
    entries = with_serials(reading.entries)
    days = [entry.value_on for entry in entries]
    statement = BankStatement(
        account_id=row.id, file_id=file.id, layout=reading.layout,
        mapping=request.mapping.as_json() if request.mapping else {}, period_from=min(days), period_to=max(days),
        rows=0, added=0, known=0, refused=0, imported_by=actor.user_id, imported_at=at,
    )  # fmt: skip
    db.session.add(statement)
    db.session.flush()  # obtains the statement's key for its lines
    added = _keep(statement, row, account, entries, reading.bad)
    working.match_lines(row, added, actor, at)
    working.match_again(row, actor, at)  # what is still open is told as it stands now, in whatever order files come
    claim_lines.attach(row)
    audit.record(
        actor, "banking.statement_imported", "bank_statement", statement.id,
        added=[0, statement.added], known=[0, statement.known], refused=[0, statement.refused],
    )  # fmt: skip
    publish(
        "orders.statement_imported", organisations=[account.organisation_id or actor.organisation_id],
        statement_id=str(statement.public_id), added=statement.added, known=statement.known, refused=statement.refused,
    )  # fmt: skip
    return statement


def _require_readable(request: ImportRequest, reading: Reading) -> None:
    if reading.bad and not request.skip_bad:
        shown = [{"row": row.row_no, "detail": row.detail} for row in reading.bad[:_SHOWN]]
        first = _("第 %(row)s 行：%(detail)s", row=reading.bad[0].row_no, detail=reading.bad[0].detail)
        detail = _("有 %(count)s 行读不出来，没有导入任何一行。%(first)s", count=len(reading.bad), first=first)
        raise BadStatementRows(detail, rows=shown, count=len(reading.bad))
    if not reading.entries:
        raise EmptyStatement(_("文件中没有一笔交易。"))


def _without_future(reading: Reading, on: date) -> Reading:
    """Take movements of days to come for rows that cannot be read."""
    ahead = [entry for entry in reading.entries if entry.value_on > on]
    if not ahead:
        return reading
    bad = [BadRow(each.row_no, _("日期 %(day)s 还没有到。", day=each.value_on.isoformat())) for each in ahead]
    kept = tuple(entry for entry in reading.entries if entry.value_on <= on)
    return replace(reading, entries=kept, bad=tuple(sorted([*reading.bad, *bad], key=lambda row: row.row_no)))


def _keep(
    statement: BankStatement,
    row: StatementAccount,
    account: ImportAccount,
    entries: Sequence[Entry],
    bad: Iterable[BadRow],
) -> list[int]:
    """Write the lines that are new and what became of each row; return the new lines' keys."""
    there = _there(row.id, [entry.serial for entry in entries])
    fresh = {entry.serial: entry for entry in reversed(entries) if entry.serial not in there}
    keys = _add_lines(statement, row, account, list(fresh.values()))
    outcomes: list[dict[str, Any]] = []
    for entry in entries:
        first = fresh.get(entry.serial)
        facts, line_id = (first.facts(), keys[entry.serial]) if first else there[entry.serial]
        outcome = "added" if entry is first else "known" if facts == entry.facts() else "other_facts"
        detail = _("流水号与已有的一笔相同，但金额、方向或日期不同。") if outcome == "other_facts" else ""
        outcomes.append({"row_no": entry.row_no, "outcome": outcome, "line_id": line_id, "detail": detail})
    outcomes += [{"row_no": one.row_no, "outcome": "unreadable", "line_id": None, "detail": one.detail} for one in bad]
    bulk.insert_rows(bulk.table_of(BankStatementRow), [{**one, "statement_id": statement.id} for one in outcomes])
    told = [one["outcome"] for one in outcomes]
    statement.rows, statement.added, statement.known = len(told), told.count("added"), told.count("known")
    statement.refused = statement.rows - statement.added - statement.known
    return sorted(keys.values())


def _there(account_id: int, serials: list[str]) -> dict[str, tuple[tuple[str, int, date], int]]:
    rows = db.session.execute(
        select(
            BankStatementLine.serial, BankStatementLine.direction, BankStatementLine.amount_fen,
            BankStatementLine.value_on, BankStatementLine.id,
        ).where(BankStatementLine.account_id == account_id, BankStatementLine.serial.in_(serials))
    )  # fmt: skip
    return {row.serial: ((row.direction, row.amount_fen, row.value_on), row.id) for row in rows}


def _add_lines(
    statement: BankStatement, row: StatementAccount, account: ImportAccount, entries: list[Entry]
) -> dict[str, int]:
    """Write lines in few statements; return their keys by serial."""
    if not entries:
        return {}
    payee = _payee_by_day(account, (statement.period_from, statement.period_to))
    made = bulk.insert_rows(
        bulk.table_of(BankStatementLine),
        [
            {
                "public_id": uuid7(), "account_id": row.id, "statement_id": statement.id, "serial": entry.serial,
                "direction": entry.direction, "amount_fen": entry.amount_fen, "value_on": entry.value_on,
                "balance_fen": entry.balance_fen, "counterparty_name": entry.name, "counterparty_account": entry.account,
                "remark": entry.remark, "return_code": entry.return_code, "payee_id": payee(entry.value_on),
                "state": "unmatched",
            }
            for entry in sorted(entries, key=lambda each: (each.value_on, each.row_no))
        ],
        returning=("serial", "id"),
    )  # fmt: skip
    return dict(made)


def _payee_by_day(account: ImportAccount, days: tuple[date, date]) -> Any:
    """Return whose money comes in on a day: the owner's, or the producer's whose sub-account it was then."""
    if account.clearing == "direct":
        return lambda _day: account.organisation_id
    spans = accounts.payees_of(account.number, days)

    def payee(day: date) -> int | None:
        return next((p for start, end, p in spans if start <= day and (end is None or day <= end)), None)

    return payee
