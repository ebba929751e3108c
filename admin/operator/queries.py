"""Queues that wait for somebody, with their length and the age of the oldest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from shop.auth import Actor
from shop.db import db
from shop.i18n import lazy


@dataclass(frozen=True)
class Queue:
    """Something that waits: what it is, where it is dealt with, how much of it and since when."""

    label: object
    address: str
    count: int
    oldest_at: datetime | None
    #: The actor recorded some of it, so that another person must confirm these.
    own: int


#: Permission that sees the queue, label, address, and what waits: an instant and who began it.
_QUEUES = (
    ("payments:read", lazy("待复核的收款"), "/operator/payments",
     "SELECT recorded_at AS at, recorded_by AS by FROM payments WHERE status = 'recorded'"),
    ("payments:read", lazy("待登记的退款"), "/operator/refunds",
     "SELECT requested_at, requested_by FROM refunds WHERE status = 'requested'"),
    ("payments:read", lazy("待复核的退款"), "/operator/refunds",
     "SELECT recorded_at, recorded_by FROM refunds WHERE status = 'recorded'"),
    ("exceptions:read", lazy("待处理的异常款"), "/operator/exceptions?status=open",
     "SELECT opened_at, cast(NULL AS bigint) FROM money_exceptions WHERE status = 'open'"),
    ("exceptions:read", lazy("待复核的异常款"), "/operator/exceptions?status=proposed",
     "SELECT proposed_at, proposed_by FROM money_exceptions WHERE status = 'proposed'"),
    ("provider:manage", lazy("支付机构久未办成的调用"), "/operator/stripe",
     "SELECT created_at, cast(NULL AS bigint) FROM provider_calls WHERE status = 'pending' AND tries >= 5"),
    ("payments:read", lazy("未匹配的监管账户流水"), "/operator/bank-lines",
     """SELECT s.imported_at, cast(NULL AS bigint) FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
        JOIN bank_statements s ON s.id = l.statement_id
        WHERE a.clearing = 'supervised' AND l.state IN ('unmatched', 'suggested')"""),
    ("papers:decide", lazy("待审核的认定依据与认证"), "/operator/papers",
     """SELECT p.at, p.by FROM (SELECT a.at, e.recorded_by AS by FROM eligibility_bases e
        LEFT JOIN audit_entries a ON a.subject_type = 'eligibility' AND a.subject_id = e.id WHERE e.status = 'pending'
        UNION ALL SELECT a.at, c.recorded_by FROM certificates c
        LEFT JOIN audit_entries a ON a.subject_type = 'certificate' AND a.subject_id = c.id WHERE c.status = 'pending') p"""),
    ("filings:confirm", lazy("待确认的线下申报"), "/operator/filings?status=submitted",
     "SELECT recorded_at, recorded_by FROM filings WHERE status = 'submitted'"),
    ("filings:confirm", lazy("待复核的申报撤销"), "/operator/filings?status=asked",
     "SELECT withdrawal_at, withdrawal_by FROM filings WHERE status = 'confirmed' AND withdrawal_by IS NOT NULL"),
    ("complaints:read", lazy("待处理的消费者投诉"), "/operator/complaints",
     "SELECT received_at, cast(NULL AS bigint) FROM complaints WHERE status IN ('received', 'investigating')"),
    ("orders:inspect", lazy("待供应商确认的订单"), "/operator/orders?status=awaiting_confirmation",
     "SELECT placed_at, cast(NULL AS bigint) FROM orders WHERE status = 'awaiting_confirmation'"),
    ("organisations:verify", lazy("待核验的单位"), "/operator/organisations",
     "SELECT created_at, cast(NULL AS bigint) FROM organisations WHERE verified_at IS NULL AND suspended_at IS NULL"),
    ("outbox:manage", lazy("未送达的事件（死信）"), "/operator/outbox",
     "SELECT dead_at, cast(NULL AS bigint) FROM outbox_deliveries WHERE dead_at IS NOT NULL"),
)  # fmt: skip


def queues(actor: Actor) -> list[Queue]:
    """Return the queues that the actor may see, each once, the oldest first; empty ones last."""
    found: dict[str, Queue] = {}
    for permission, label, address, sql in _QUEUES:
        if not actor.may(permission):
            continue
        row = db.session.execute(
            text(
                f"SELECT count(*) AS n, min(q.at) AS oldest, count(*) FILTER (WHERE q.by = :user) AS own FROM ({sql}) q(at, by)"
            ),
            {"user": actor.user_id},
        ).one()
        found[str(label)] = Queue(label, address, row.n, row.oldest, row.own)
    return sorted(
        found.values(), key=lambda queue: (queue.count == 0, queue.oldest_at.timestamp() if queue.oldest_at else 0)
    )
