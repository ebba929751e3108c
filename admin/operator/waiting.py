"""What waits for the operator's people: one row for each machine, with the filter that lists exactly what is counted."""

from __future__ import annotations

from dataclasses import dataclass

from shop.i18n import lazy

#: From where a refund goes back that nobody has recorded yet; as the list of refunds has it.
_WAY = """coalesce(f.clearing, (SELECT p.clearing FROM refund_receipts c JOIN payments p ON p.id = c.payment_id
          WHERE c.refund_id = f.id LIMIT 1), o.clearing)"""
_NOBODY = "cast(NULL AS bigint)"
_NO_DAY = "cast(NULL AS timestamptz)"


def _papers(table: str, kind: str) -> str:
    return f"""SELECT coalesce(r.proposed_at, e.recorded_at), coalesce(r.proposed_by, e.recorded_by), {_NO_DAY} FROM {table} e
        LEFT JOIN paper_revocations r ON r.{kind}_id = e.id AND r.status = 'proposed'
        WHERE e.status = 'pending' OR r.id IS NOT NULL"""


@dataclass(frozen=True)
class Waiting:
    """One kind of thing that waits."""

    #: Who of these permissions sees it: those whose work it is.
    permissions: tuple[str, ...]
    label: object
    #: The list of exactly what is counted.
    address: str
    #: What waits, as (since when, who began it and so does not end it, until when).
    sql: str


#: Whose work a thing of two persons is: who begins it sees that it waits, too.
_MONEY, _REFUNDS = ("payments:record", "payments:confirm"), ("refunds:record", "refunds:confirm")
_PAYOUTS = ("payouts:prepare", "payouts:release")
WAITING = (
    Waiting(_MONEY, lazy("待复核的收款"), "/operator/payments?status=recorded&clearing=supervised",
            f"""SELECT recorded_at, recorded_by, {_NO_DAY} FROM payments
                WHERE status = 'recorded' AND clearing = 'supervised'"""),
    Waiting(("refunds:record",), lazy("待办理的退款"), "/operator/refunds?status=requested&clearing=supervised",
            f"""SELECT f.requested_at, {_NOBODY}, {_NO_DAY} FROM refunds f JOIN orders o ON o.id = f.order_id
                WHERE f.status = 'requested' AND {_WAY} = 'supervised'"""),
    Waiting(_REFUNDS, lazy("待复核的退款"), "/operator/refunds?status=recorded&clearing=supervised",
            f"""SELECT f.recorded_at, f.recorded_by, {_NO_DAY} FROM refunds f
                WHERE f.status = 'recorded' AND f.clearing = 'supervised'"""),
    Waiting(("refunds:record",), lazy("待办理的退回余额"), "/operator/credit-refunds?status=requested&clearing=supervised",
            f"""SELECT f.requested_at, {_NOBODY}, {_NO_DAY} FROM credit_refunds f JOIN payments p ON p.id = f.payment_id
                WHERE f.status = 'requested' AND p.clearing = 'supervised'"""),
    Waiting(_REFUNDS, lazy("待复核的退回余额"), "/operator/credit-refunds?status=recorded&clearing=supervised",
            f"""SELECT f.recorded_at, f.recorded_by, {_NO_DAY} FROM credit_refunds f JOIN payments p ON p.id = f.payment_id
                WHERE f.status = 'recorded' AND p.clearing = 'supervised'"""),
    Waiting(_REFUNDS, lazy("待复核放款的退款"), "/operator/refund-transfers?status=prepared",
            f"SELECT prepared_at, prepared_by, {_NO_DAY} FROM refund_transfers WHERE status = 'prepared'"),
    Waiting(_REFUNDS, lazy("待复核未付成的退款"), "/operator/refund-transfers?status=failing",
            f"SELECT doubted_at, doubted_by, {_NO_DAY} FROM refund_transfers WHERE status = 'failing'"),
    Waiting(_MONEY, lazy("未匹配的监管账户流水"), "/operator/bank-lines",
            f"""SELECT s.imported_at, {_NOBODY}, {_NO_DAY} FROM bank_statement_lines l
                JOIN statement_accounts a ON a.id = l.account_id JOIN bank_statements s ON s.id = l.statement_id
                WHERE a.clearing = 'supervised' AND l.state IN ('unmatched', 'suggested', 'claimed')"""),
    Waiting(("payments:confirm",), lazy("待核对的转账认领"), "/operator/transfer-claims?status=claimed",
            f"SELECT claimed_at, claimed_by, {_NO_DAY} FROM transfer_claims WHERE status = 'claimed'"),
    Waiting(("exceptions:propose",), lazy("待处理的异常款"), "/operator/exceptions?status=open",
            f"SELECT opened_at, {_NOBODY}, {_NO_DAY} FROM money_exceptions WHERE status = 'open'"),
    Waiting(("exceptions:propose", "exceptions:agree"), lazy("待复核的异常款"), "/operator/exceptions?status=proposed",
            f"SELECT proposed_at, proposed_by, {_NO_DAY} FROM money_exceptions WHERE status = 'proposed'"),
    Waiting(_PAYOUTS, lazy("待核对、放款的付款"), "/operator/payouts?status=prepared",
            f"SELECT prepared_at, prepared_by, {_NO_DAY} FROM payouts WHERE status = 'prepared'"),
    Waiting(_PAYOUTS, lazy("待复核未付成的付款"), "/operator/payouts?status=failing",
            f"SELECT doubted_at, doubted_by, {_NO_DAY} FROM payouts WHERE status = 'failing'"),
    Waiting(_PAYOUTS, lazy("待确认的银行退汇"), "/operator/payouts?status=returning",
            f"SELECT recorded_at, recorded_by, {_NO_DAY} FROM payout_returns WHERE status = 'recorded'"),
    Waiting(_MONEY, lazy("待确认的供应商还款"), "/operator/repayments?status=recorded",
            f"SELECT recorded_at, recorded_by, {_NO_DAY} FROM producer_repayments WHERE status = 'recorded'"),
    Waiting(("fees:edit", "fees:confirm"), lazy("待复核的费率与账期"), "/operator/fees?status=proposed",
            f"SELECT proposed_at, proposed_by, {_NO_DAY} FROM rule_proposals WHERE status = 'proposed'"),
    Waiting(("banking:manage",), lazy("待确认的监管账户"), "/operator/supervised-accounts?status=entered",
            f"SELECT entered_at, entered_by, {_NO_DAY} FROM supervised_accounts WHERE status = 'entered'"),
    Waiting(("organisations:verify",), lazy("待确认的收款账户变更"), "/operator/account-changes?status=asked",
            f"SELECT asked_at, asked_by, {_NO_DAY} FROM bank_account_changes WHERE status = 'asked'"),
    Waiting(("organisations:verify",), lazy("待复核的单位更正"), "/operator/organisation-corrections?status=proposed",
            f"SELECT proposed_at, proposed_by, {_NO_DAY} FROM organisation_corrections WHERE status = 'proposed'"),
    Waiting(("disputes:answer",), lazy("进行中的付款争议"), "/operator/stripe/disputes?status=open",
            f"""SELECT opened_at, {_NOBODY}, CASE WHEN submitted_at IS NULL THEN evidence_due_at END
                FROM disputes WHERE status = 'open'"""),
    Waiting(("provider:manage",), lazy("支付机构久未办成或拒绝的调用"), "/operator/stripe",
            f"""SELECT created_at, {_NOBODY}, {_NO_DAY} FROM provider_calls c WHERE (status = 'pending' AND tries >= 5)
                OR (status = 'failed' AND noted_at IS NULL AND NOT EXISTS (SELECT FROM provider_calls n
                    WHERE n.kind = c.kind AND n.subject_id = c.subject_id AND n.attempt > c.attempt))"""),
    Waiting(("papers:review", "papers:decide"), lazy("待审核的认定依据"), "/operator/papers?kind=eligibility",
            _papers("eligibility_bases", "eligibility")),
    Waiting(("papers:review", "papers:decide"), lazy("待审核的认证"), "/operator/papers?kind=certificate",
            _papers("certificates", "certificate")),
    Waiting(("filings:confirm",), lazy("待确认的线下申报"), "/operator/filings?status=submitted",
            f"SELECT recorded_at, recorded_by, {_NO_DAY} FROM filings WHERE status = 'submitted'"),
    Waiting(("filings:confirm",), lazy("待复核的申报撤销"), "/operator/filings?status=asked",
            f"""SELECT withdrawal_at, withdrawal_by, {_NO_DAY} FROM filings
                WHERE status = 'confirmed' AND withdrawal_by IS NOT NULL"""),
    Waiting(("complaints:handle",), lazy("待处理的消费者投诉"), "/operator/complaints",
            f"SELECT received_at, {_NOBODY}, {_NO_DAY} FROM complaints WHERE status IN ('received', 'investigating')"),
    Waiting(("orders:inspect",), lazy("待供应商确认的订单"), "/operator/orders?status=awaiting_confirmation",
            f"SELECT placed_at, {_NOBODY}, confirm_by FROM orders WHERE status = 'awaiting_confirmation'"),
    Waiting(("organisations:verify",), lazy("待核验的单位"), "/operator/organisations?status=unverified",
            f"SELECT created_at, {_NOBODY}, {_NO_DAY} FROM organisations WHERE verified_at IS NULL AND suspended_at IS NULL"),
    Waiting(("outbox:manage",), lazy("未送达的事件（死信）"), "/operator/outbox",
            f"SELECT dead_at, {_NOBODY}, {_NO_DAY} FROM outbox_deliveries WHERE dead_at IS NOT NULL"),
)  # fmt: skip
