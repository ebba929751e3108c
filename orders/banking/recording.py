"""Receipts of matched lines: written for thousands at once, with the moves and trail of a receipt typed in by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from uuid6 import uuid7

from orders.banking import bulk
from orders.banking.bulk import table_of
from orders.banking.facts import Index, Movement, Outcome, Receipt
from orders.banking.models import BankLinePayment, BankStatementLine, StatementAccount
from orders.payments.models import Payment, PaymentAllocation
from shop import clock
from shop.audit import AuditEntry
from shop.auth import Actor
from shop.db import db
from shop.logs import request_id
from shop.moves.models import Move


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A line's receipt for one payee, ready to be written."""

    id: UUID
    line: BankStatementLine
    receipt: Receipt
    #: Which part of the line it is at its payee, and the whole of it there, where the line is for several buyers.
    part_no: int = 1
    transfer_fen: int | None = None


def write(
    account: StatementAccount,
    lines: Mapping[int, BankStatementLine],
    prepared: Index,
    outcomes: Sequence[tuple[Movement, Outcome]],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Record what matched and say of every line where it stands."""
    wanted = [NewReceipt(uuid7(), lines[line.id], one) for line, found in outcomes for one in found.receipts]
    placed = {order.id: order.placed_on for order in prepared.orders.values()}
    made = add_receipts(account.clearing, wanted, placed, actor, at)
    # Somebody typed the same serial in at the same time: theirs stands, and a person sees that this is a repeat.
    lost = {one.line.id for one in wanted if one.id not in made}
    links = [{"line_id": one.line.id, "payment_id": made[one.id]} for one in wanted if one.id in made]
    links += [{"line_id": line.id, "payment_id": key} for line, found in outcomes for key in found.payments]
    bulk.insert_rows(table_of(BankLinePayment), links)
    duplicate = Outcome(state="unmatched", reason="duplicate")
    _tell_lines([(line.id, duplicate if line.id in lost else found) for line, found in outcomes])
    db.session.expire_all()


def add_receipts(
    clearing: str, wanted: Sequence[NewReceipt], placed: Mapping[int, date], actor: Actor, at: datetime
) -> dict[UUID, int]:
    """Write recorded receipts with moves, trail and allocations; return the keys of those that were not there yet."""
    if not wanted:
        return {}
    made = dict(
        bulk.insert_rows(
            table_of(Payment), [_payment(clearing, one, actor, at) for one in wanted], returning=("public_id", "id"),
            on_conflict="(payee_id, bank_serial, part_no) WHERE status NOT IN ('refused','reversed') DO NOTHING",
        )
    )  # fmt: skip
    there = [(made[one.id], one) for one in wanted if one.id in made]
    bulk.insert_rows(table_of(Move), [_move(key, actor, at) for key, _ in there])
    bulk.insert_rows(table_of(AuditEntry), [_trail(key, one, actor) for key, one in there])
    shares = [
        {
            "payment_id": key, "order_id": order_id, "amount_fen": fen,
            "effective_on": max(one.line.value_on, placed[order_id]), "allocated_by": actor.user_id, "allocated_at": at,
        }
        for key, one in there
        for order_id, fen in one.receipt.shares
    ]  # fmt: skip
    bulk.insert_rows(table_of(PaymentAllocation), shares)
    return made


def placed_days(orders: Mapping[int, datetime]) -> dict[int, date]:
    """Return the business days on which orders were placed."""
    return {key: clock.business_day(at) for key, at in orders.items()}


def _payment(clearing: str, one: NewReceipt, actor: Actor, at: datetime) -> dict[str, Any]:
    line = one.line
    return {
        "public_id": one.id, "rail": "bank", "clearing": clearing, "bank_serial": line.serial,
        "payer_name": line.counterparty_name, "payer_account": line.counterparty_account, "remark": line.remark,
        "payee_id": one.receipt.payee_id, "buyer_id": one.receipt.buyer_id, "amount_fen": one.receipt.amount_fen,
        "part_no": one.part_no, "transfer_fen": one.transfer_fen,
        "allocated_fen": sum(fen for _, fen in one.receipt.shares), "value_on": line.value_on, "status": "recorded",
        "recorded_by": actor.user_id, "recorded_at": at, "reason": "", "version": 1,
    }  # fmt: skip


def _move(payment_id: int, actor: Actor, at: datetime) -> dict[str, Any]:
    return {
        "public_id": uuid7(), "machine": "receipt", "subject_id": payment_id, "event": "record", "from_state": "",
        "to_state": "recorded", "user_id": actor.user_id, "organisation_id": actor.organisation_id, "at": at, "why": "",
        "facts": {},
    }  # fmt: skip


def _trail(payment_id: int, one: NewReceipt, actor: Actor) -> dict[str, Any]:
    return {
        "at": clock.now(), "user_id": actor.user_id, "organisation_id": actor.organisation_id,
        "action": "payments.receipt_recorded", "subject_type": "payment", "subject_id": payment_id,
        "changes": {"amount_fen": [None, one.receipt.amount_fen], "line": [None, one.line.id]},
        "request_id": request_id.get(),
    }  # fmt: skip


_TELL = text("""
    UPDATE bank_statement_lines l
       SET state = t.state, rule = t.rule, reason = t.reason, candidates = t.candidates, refund_id = t.refund_id,
           credit_refund_id = t.credit_refund_id, version = l.version + 1
      FROM jsonb_to_recordset(cast(:told AS jsonb))
           AS t(id bigint, state text, rule text, reason text, candidates jsonb, refund_id bigint,
                credit_refund_id bigint)
     WHERE l.id = t.id""")


def _tell_lines(told: Iterable[tuple[int, Outcome]]) -> None:
    """Write state, rule, reason and candidates of all lines in one statement."""
    rows = [
        {
            "id": key, "state": found.state, "rule": found.rule, "reason": found.reason,
            "candidates": _candidates(found), "refund_id": found.refund_id,
            "credit_refund_id": found.credit_refund_id,
        }
        for key, found in told
    ]  # fmt: skip
    db.session.execute(_TELL, {"told": json.dumps(rows)})


def _candidates(found: Outcome) -> dict[str, Any]:
    named = {
        "orders": [list(pair) for pair in found.orders], "refunds": list(found.refunds), "credits": list(found.credits),
        "lines": list(found.lines),
    }  # fmt: skip
    return {name: value for name, value in named.items() if value}


def payments_of(line_id: int) -> list[int]:
    """Return the receipts recorded from a line."""
    query = (
        select(BankLinePayment.payment_id)
        .where(BankLinePayment.line_id == line_id)
        .order_by(BankLinePayment.payment_id)
    )
    return list(db.session.scalars(query))
