"""The two sides of each rail as lines: a day, the thing that a line is about, a signed sum, and what it is called there."""

from __future__ import annotations

from orders.reconciliation.movements import CNY, SOURCED

_SOURCED = ", ".join(f"'{name}'" for name in SOURCED)


def _thing(ref: str) -> str:
    """Return SQL that names what of ours the provider's name is about, or repeats the name."""
    return f"""coalesce(
        (SELECT 'refund:' || min(r.id) FROM refunds r WHERE r.clearing = 'stripe' AND r.cause <> 'dispute' AND r.bank_serial = {ref}),
        (SELECT 'refund:' || c.subject_id FROM provider_calls c WHERE c.kind = 'refund' AND c.answer_ref <> '' AND c.answer_ref = {ref} LIMIT 1),
        (SELECT 'payout:' || t.payout_id FROM transfers t WHERE t.transfer_ref = {ref}),
        {ref})"""


def _of_line(line: str) -> str:
    return f"CASE WHEN {line}.type IN ({_SOURCED}) AND {line}.source_ref <> '' OR {line}.type LIKE 'payout%' THEN {line}.source_ref ELSE {line}.transaction_ref END"


_STRIPE_THEIRS = f"""
    SELECT b.occurred_on AS day, {_thing(_of_line("b"))} AS thing, b.net AS fen, b.transaction_ref AS name, b.type AS what,
           b.occurred_at AS at
    FROM balance_transactions b WHERE b.currency = '{CNY}' AND b.occurred_on BETWEEN :first AND :last"""
#: The platform's fee, which leaves the supervised account for the operator's own: the books write it with each payout,
#: the bank moves it when the operator says so, and the transfer's remark tells what it is.
PLATFORM_FEES = "platform_fees"
IS_FEE = "(l.direction = 'out' AND l.remark LIKE '%平台服务费%')"
_BANK_THEIRS = """
    SELECT l.value_on AS day, {thing} AS thing, CASE l.direction WHEN 'in' THEN l.amount_fen ELSE -l.amount_fen END AS fen,
           l.serial AS name, {what} AS what, cast(NULL AS timestamptz) AS at
    FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
    WHERE a.clearing = '{clearing}' AND {counted} AND l.value_on BETWEEN :first AND :last"""

#: A posting on accounts of a kind, once, signed; one between two of them moves nothing.
_POSTED = """
    SELECT p.origin_on AS day, e.key, e.fact, e.id AS entry_id, 'operator_bank' IN (d.kind, c.kind) AS is_fee, e.occurred_at AS at, p.order_id,
           split_part(e.key, ':', 1) AS maker, split_part(e.key, ':', 2) AS made,
           p.amount_fen * ((d.kind = '{kind}')::int - (c.kind = '{kind}')::int) AS fen
    FROM postings p JOIN journal_entries e ON e.id = p.entry_id
    JOIN ledger_accounts d ON d.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
    WHERE p.book = 'money' AND p.origin_on BETWEEN :first AND :last AND (d.kind = '{kind}') <> (c.kind = '{kind}'){only}"""
_STRIPE_THING = f"""CASE x.maker
        WHEN 'receipt' THEN (SELECT c.charge_ref FROM payments y JOIN charges c ON c.id = y.charge_id WHERE y.id = x.made::bigint)
        WHEN 'refund' THEN 'refund:' || coalesce((
            SELECT min(z.id) FROM refunds y JOIN refunds z ON z.bank_serial = y.bank_serial AND z.clearing = 'stripe' AND z.cause <> 'dispute'
            WHERE y.id = x.made::bigint), x.made::bigint)
        WHEN 'dispute' THEN (SELECT y.dispute_ref FROM disputes y WHERE y.id = x.made::bigint)
        WHEN 'payout' THEN 'payout:' || x.made
        WHEN 'reversal' THEN (SELECT y.reversal_ref FROM transfer_reversals y WHERE y.id = x.made::bigint)
        WHEN 'balance_transaction' THEN (SELECT {_thing(_of_line("y"))} FROM balance_transactions y WHERE y.transaction_ref = x.made)
        WHEN 'exception' THEN (SELECT {_thing("y.subject")} FROM money_exceptions y WHERE y.id = x.made::bigint)
    END"""
_BANK_THING = f"""CASE WHEN x.is_fee AND x.maker = 'payout' THEN '{PLATFORM_FEES}' ELSE CASE x.maker
        WHEN 'receipt' THEN (SELECT y.bank_serial FROM payments y WHERE y.id = x.made::bigint)
        WHEN 'refund' THEN (SELECT y.bank_serial FROM refunds y WHERE y.id = x.made::bigint)
        WHEN 'credit_refund' THEN (SELECT y.bank_serial FROM credit_refunds y WHERE y.id = x.made::bigint)
        WHEN 'payout' THEN CASE WHEN x.fact = 'payout_returned'
            THEN (SELECT y.bank_serial FROM payout_returns y WHERE y.payout_id = x.made::bigint AND y.status = 'confirmed')
            ELSE (SELECT coalesce(y.bank_serial, y.number) FROM payouts y WHERE y.id = x.made::bigint) END
        WHEN 'repayment' THEN (SELECT y.bank_serial FROM producer_repayments y WHERE y.id = x.made::bigint)
        WHEN 'split' THEN (SELECT l.serial FROM splits y JOIN bank_statement_lines l ON l.id = CASE x.fact
                               WHEN 'split_left' THEN y.left_line_id WHEN 'split_arrived' THEN y.arrived_line_id
                               ELSE y.returned_line_id END WHERE y.id = x.made::bigint)
        WHEN 'payout_arrival' THEN (SELECT l.serial FROM payout_arrivals y JOIN bank_statement_lines l ON l.id = y.line_id
                                    WHERE y.transaction_id = x.made::bigint)
        WHEN 'exception' THEN (SELECT y.subject FROM money_exceptions y WHERE y.id = x.made::bigint)
    END END"""


def _ours(kind: str, thing: str, only: str = "") -> str:
    return f"""
    SELECT x.day, coalesce({thing}, x.key) AS thing, x.fen, x.key AS name, x.fact AS what, x.at
    FROM ({_POSTED.format(kind=kind, only=only)}) x"""


#: What passes through a producer's own account, not what it has earned of it since.
_MOVED_DIRECTLY = " AND (d.kind IN ('buyer_credit', 'refund_payable') OR c.kind IN ('buyer_credit', 'refund_payable'))"
#: Lines of each rail, theirs and ours, of days from ``:first`` to ``:last``.
THEIRS = {
    "stripe": _STRIPE_THEIRS,
    # What two persons found to be no goods money is not ours to have booked; what gave a wrong receipt back is about that.
    "supervised": _BANK_THEIRS.format(
        clearing="supervised",
        counted=f"(l.state <> 'ignored' OR {IS_FEE})",
        what="l.remark",
        thing=f"""CASE WHEN {IS_FEE} THEN '{PLATFORM_FEES}'
            ELSE coalesce((SELECT w.serial FROM bank_statement_lines w WHERE w.id = l.returns_id), l.serial) END""",
    ),
    # A producer's own account moves much that is not ours; its remarks are nobody else's.
    "direct": _BANK_THEIRS.format(clearing="direct", counted="l.state = 'matched'", what="l.rule", thing="l.serial"),
}
OURS = {
    "stripe": _ours("stripe_cash", _STRIPE_THING),
    "supervised": _ours("bank_supervised", _BANK_THING),
    "direct": _ours("paid_direct", _BANK_THING, _MOVED_DIRECTLY),
}
#: The exceptions of a rail that wait.
EXCEPTIONS = {
    "stripe": "SELECT occurred_on AS day FROM money_exceptions WHERE rail = 'stripe' AND status <> 'closed'",
    "supervised": "SELECT occurred_on AS day FROM money_exceptions WHERE rail = 'bank' AND status <> 'closed'",
    "direct": "SELECT occurred_on AS day FROM money_exceptions WHERE rail = 'direct' AND status <> 'closed'",
}


def days(rail: str) -> str:
    """Return SQL of a rail's days: both sides' sums, and how many exceptions wait."""
    return f"""
    WITH sides AS (
        SELECT t.day, t.fen AS theirs, 0 AS ours, 0 AS waiting FROM ({THEIRS[rail]}) t
        UNION ALL SELECT o.day, 0, o.fen, 0 FROM ({OURS[rail]}) o
        UNION ALL SELECT e.day, 0, 0, 1 FROM ({EXCEPTIONS[rail]}) e WHERE e.day BETWEEN :first AND :last
    )
    SELECT s.day AS day, sum(theirs)::bigint AS theirs_fen, sum(ours)::bigint AS ours_fen, sum(waiting)::bigint AS waiting
    FROM sides s GROUP BY 1 ORDER BY 1"""


def things(rail: str) -> str:
    """Return SQL of the things of a stretch of days: both sides' sums and lines, first and last day."""
    return f"""
    WITH lines AS (
        SELECT 'theirs' AS side, t.* FROM ({THEIRS[rail]}) t UNION ALL SELECT 'ours', o.* FROM ({OURS[rail]}) o
    )
    SELECT thing, coalesce(sum(fen) FILTER (WHERE side = 'theirs'), 0)::bigint AS theirs_fen,
           coalesce(sum(fen) FILTER (WHERE side = 'ours'), 0)::bigint AS ours_fen,
           count(*) FILTER (WHERE side = 'theirs') AS theirs_count, count(*) FILTER (WHERE side = 'ours') AS ours_count,
           min(lines.day) AS first_on, max(lines.day) AS last_on,
           jsonb_agg(jsonb_build_array(side, name, what, fen) ORDER BY side DESC, at NULLS FIRST, name) AS lines
    FROM lines GROUP BY thing"""


#: The accounts on which our books have what lies on a rail.
KINDS = {"stripe": "stripe_cash", "supervised": "bank_supervised", "direct": "paid_direct"}


def before(rail: str) -> str:
    """Return SQL of our sum of all days before ``:first``."""
    only = _MOVED_DIRECTLY if rail == "direct" else ""
    posted = _POSTED.format(kind=KINDS[rail], only=only).replace("BETWEEN :first AND :last", "< :first")
    return f"SELECT coalesce(sum(x.fen), 0)::bigint FROM ({posted}) x"


#: The provider's balance in yuan before a day: all its lines, which are kept from the first on.
STRIPE_BEFORE = (
    f"SELECT coalesce(sum(net), 0)::bigint FROM balance_transactions WHERE currency = '{CNY}' AND occurred_on < :first"
)
#: The last balance that each supervised account's statement tells, by day; also the last one before the stretch.
BANK_BALANCES = """
    SELECT DISTINCT ON (l.account_id, l.value_on) l.account_id, l.value_on AS day, l.balance_fen
    FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
    WHERE a.clearing = 'supervised' AND l.balance_fen IS NOT NULL AND l.value_on <= :last
      AND l.value_on >= coalesce((SELECT max(b.value_on) FROM bank_statement_lines b
                                  WHERE b.account_id = l.account_id AND b.value_on < :first AND b.balance_fen IS NOT NULL), :first)
    ORDER BY l.account_id, l.value_on, l.id DESC"""
