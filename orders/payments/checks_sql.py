"""The queries of the checks: each gives a subject and pairs of what is there and what should be."""

from __future__ import annotations

#: Every line with its targets from quantities; the largest remainder is done by rank, freight last.
_TARGETS = """
    facts AS (
        SELECT o.id AS order_id, o.number, l.id AS line_id, l.position, l.dimension_id, d.counts,
               o.freight_fen, o.received_fen - o.refunded_fen - o.held_fen AS net,
               l.ordered_fen, l.accepted_fen, l.paid_fen, l.counted_fen,
               round(l.unit_price_fen * (l.quantity - l.cancelled))::bigint AS ordered,
               round(l.unit_price_fen * (l.quantity - l.cancelled - l.rejected))::bigint - l.allowed_fen AS payable,
               round(l.unit_price_fen * l.accepted)::bigint AS accepted
        FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN ledger_dimensions d ON d.id = l.dimension_id
        WHERE cast(:order AS bigint) IS NULL OR o.id = :order
    ),
    weights AS (
        SELECT order_id, line_id, payable::numeric AS weight, net FROM facts
        UNION ALL
        SELECT order_id, NULL, CASE WHEN sum(payable) > 0 THEN max(freight_fen) ELSE 0 END, max(net)
        FROM facts GROUP BY order_id
    ),
    amounts AS (
        SELECT *, sum(weight) OVER w AS total, least(net, sum(weight) OVER w) AS amount
        FROM weights WINDOW w AS (PARTITION BY order_id)
    ),
    parts AS (
        SELECT *, CASE WHEN total = 0 THEN 0 ELSE floor(amount * weight / total) END AS base,
               CASE WHEN total = 0 THEN 0 ELSE mod(amount * weight, total) END AS rest
        FROM amounts
    ),
    shares AS (
        SELECT order_id, line_id, base + CASE WHEN row_number() OVER
                 (PARTITION BY order_id ORDER BY rest DESC, line_id NULLS LAST)
                 <= amount - sum(base) OVER (PARTITION BY order_id) THEN 1 ELSE 0 END AS paid
        FROM parts
    )"""

LINES = f"""
    WITH {_TARGETS},
    posted AS (
        SELECT dimension_id,
               coalesce(sum(amount_fen) FILTER (WHERE measure = 'ordered'), 0) AS ordered,
               coalesce(sum(amount_fen) FILTER (WHERE measure = 'accepted'), 0) AS accepted,
               coalesce(sum(amount_fen) FILTER (WHERE measure = 'paid'), 0) AS paid,
               coalesce(sum(amount_fen) FILTER (WHERE measure = 'counted'), 0) AS counted
        FROM postings WHERE book = 'stats' AND dimension_id IN (SELECT dimension_id FROM facts) GROUP BY dimension_id
    )
    SELECT f.number || ' / ' || f.position AS subject,
           f.ordered_fen AS ordered, f.ordered AS ordered__should,
           f.accepted_fen AS accepted, f.accepted AS accepted__should,
           f.paid_fen AS paid, s.paid AS paid__should,
           f.counted_fen AS counted, CASE WHEN f.counts THEN least(f.accepted, s.paid) ELSE 0 END AS counted__should,
           coalesce(p.ordered, 0) AS posted_ordered, f.ordered AS posted_ordered__should,
           coalesce(p.accepted, 0) AS posted_accepted, f.accepted AS posted_accepted__should,
           coalesce(p.paid, 0) AS posted_paid, s.paid AS posted_paid__should,
           coalesce(p.counted, 0) AS posted_counted,
           CASE WHEN f.counts THEN least(f.accepted, s.paid) ELSE 0 END AS posted_counted__should
    FROM facts f
    JOIN shares s ON s.line_id = f.line_id
    LEFT JOIN posted p ON p.dimension_id = f.dimension_id
    ORDER BY f.line_id"""

DOCUMENTS = """
    WITH paid AS (
        SELECT a.order_id, sum(a.amount_fen) AS fen,
               coalesce(sum(a.amount_fen) FILTER (WHERE p.clearing = 'direct'), 0) AS direct,
               coalesce(sum(a.amount_fen) FILTER (WHERE p.clearing = 'stripe'), 0) AS stripe
        FROM payment_allocations a JOIN payments p ON p.id = a.payment_id AND p.status = 'confirmed' GROUP BY a.order_id
    ),
    back AS (
        SELECT order_id,
               coalesce(sum(amount_fen) FILTER (WHERE status = 'confirmed'), 0) AS fen,
               coalesce(sum(amount_fen) FILTER (WHERE status = 'confirmed' AND clearing = 'direct'), 0) AS direct,
               coalesce(sum(amount_fen) FILTER (WHERE status = 'confirmed' AND clearing = 'stripe'), 0) AS stripe,
               coalesce(sum(amount_fen) FILTER (WHERE status IN ('requested', 'recorded', 'sent', 'in_file')), 0) AS open
        FROM refunds GROUP BY order_id
    ),
    goods AS (
        SELECT order_id, sum(round(unit_price_fen * (quantity - cancelled - rejected)) - allowed_fen)::bigint AS payable,
               sum(round(unit_price_fen * accepted) - allowed_fen)::bigint AS accepted, sum(amount_fen) AS amount,
               sum(allowed_fen)::bigint AS allowed
        FROM order_lines GROUP BY order_id
    ),
    given AS (
        SELECT r.order_id, sum(l.amount_fen)::bigint AS allowed FROM refund_lines l JOIN refunds r ON r.id = l.refund_id
        WHERE r.status = 'confirmed' GROUP BY r.order_id
    ),
    earning AS (
        SELECT o.id, g.accepted + CASE WHEN g.accepted > 0 THEN o.freight_fen ELSE 0 END AS earned
        FROM orders o JOIN goods g ON g.order_id = o.id
    ),
    applying AS (
        SELECT o.id, e.earned,
               least(greatest(o.received_fen - o.refunded_fen - o.held_fen - o.refunding_fen, 0), e.earned) AS applied
        FROM orders o JOIN earning e ON e.id = o.id
    )
    SELECT o.number AS subject,
           o.received_fen AS received, coalesce(paid.fen, 0) AS received__should,
           o.direct_fen AS direct, coalesce(paid.direct, 0) - coalesce(back.direct, 0) AS direct__should,
           o.stripe_fen AS stripe, coalesce(paid.stripe, 0) - coalesce(back.stripe, 0) AS stripe__should,
           o.refunded_fen AS refunded, coalesce(back.fen, 0) AS refunded__should,
           o.refunding_fen AS refunding, coalesce(back.open, 0) AS refunding__should,
           o.goods_fen AS goods, goods.amount AS goods__should,
           o.due_fen AS due, goods.payable + CASE WHEN goods.payable > 0 THEN o.freight_fen ELSE 0 END AS due__should,
           goods.allowed AS allowed, coalesce(given.allowed, 0) AS allowed__should,
           o.earned_fen AS earned, a.earned AS earned__should,
           o.applied_fen AS applied, a.applied AS applied__should,
           o.fee_fen AS fee, round(a.applied * o.fee_bp / 10000.0)::bigint AS fee__should
    FROM orders o
    JOIN goods ON goods.order_id = o.id
    JOIN applying a ON a.id = o.id
    LEFT JOIN given ON given.order_id = o.id
    LEFT JOIN paid ON paid.order_id = o.id
    LEFT JOIN back ON back.order_id = o.id
    WHERE cast(:order AS bigint) IS NULL OR o.id = :order
    ORDER BY o.id"""

PAYMENTS = """
    SELECT p.public_id::text AS subject, p.allocated_fen AS allocated,
           coalesce(sum(a.amount_fen), 0) AS allocated__should, p.returned_fen AS returned,
           (SELECT coalesce(sum(c.amount_fen), 0) FROM credit_refunds c
            WHERE c.payment_id = p.id AND c.status <> 'refused') AS returned__should
    FROM payments p LEFT JOIN payment_allocations a ON a.payment_id = p.id
    GROUP BY p.id ORDER BY p.id"""

#: Receipts of one transfer agree on what it brought, and are never more.
TRANSFERS = """
    SELECT o.name || ' / ' || p.bank_serial AS subject, greatest(sum(p.amount_fen) - max(p.transfer_fen), 0)::bigint AS beyond,
           0 AS beyond__should, min(coalesce(p.transfer_fen, 0)) AS told, max(p.transfer_fen) AS told__should
    FROM payments p JOIN organisations o ON o.id = p.payee_id
    WHERE p.status NOT IN ('refused', 'reversed') AND (p.payee_id, p.bank_serial) IN (
        SELECT payee_id, bank_serial FROM payments WHERE transfer_fen IS NOT NULL)
    GROUP BY p.payee_id, o.name, p.bank_serial ORDER BY 1"""

CHARGES = """
    SELECT c.charge_ref AS subject, c.amount_fen AS amount, p.fen AS amount__should,
           c.refunded_fen AS refunded, coalesce(r.fen, 0) AS refunded__should
    FROM charges c
    LEFT JOIN (SELECT charge_id, sum(amount_fen) AS fen FROM payments GROUP BY 1) p ON p.charge_id = c.id
    LEFT JOIN (SELECT charge_id, sum(amount_fen) AS fen FROM refunds
               WHERE status IN ('requested', 'sent', 'confirmed') AND cause <> 'dispute' GROUP BY 1) r ON r.charge_id = c.id
    ORDER BY c.id"""

#: What each account should stand at (debit less credit) by documents, beside what is posted; ``{more}`` are the
#: documents of packages above, each a SELECT of kind, owner and fen.
BALANCES = """
    WITH goods AS (
        SELECT order_id, sum(round(unit_price_fen * accepted) - allowed_fen)::bigint AS accepted FROM order_lines
        GROUP BY order_id
    ),
    earning AS (
        SELECT o.*, g.accepted + CASE WHEN g.accepted > 0 THEN o.freight_fen ELSE 0 END AS earned
        FROM orders o JOIN goods g ON g.order_id = o.id
    ),
    applying AS (
        SELECT *, least(greatest(received_fen - refunded_fen - held_fen - refunding_fen, 0), earned) AS applied FROM earning
    ),
    documents (kind, owner_id, fen) AS (
        SELECT 'buyer_receivable', buyer_id, earned - applied FROM applying
        UNION ALL SELECT 'producer_payable', producer_id,
                         least(applied, direct_fen) - earned + round(applied * fee_bp / 10000.0)::bigint FROM applying
        UNION ALL SELECT 'paid_direct', producer_id, -least(applied, direct_fen) FROM applying
        UNION ALL SELECT 'buyer_credit', buyer_id, applied + refunded_fen + refunding_fen + held_fen FROM applying
        UNION ALL SELECT 'dispute_hold', buyer_id, -held_fen FROM applying
        UNION ALL
        SELECT CASE clearing WHEN 'direct' THEN 'paid_direct' WHEN 'stripe' THEN 'stripe_cash' ELSE 'bank_supervised' END,
               payee_id, amount_fen
        FROM payments WHERE status = 'confirmed'
        UNION ALL SELECT 'buyer_credit', buyer_id, -amount_fen FROM payments WHERE status = 'confirmed'
        UNION ALL
        SELECT 'refund_payable', o.buyer_id, -r.amount_fen FROM refunds r JOIN orders o ON o.id = r.order_id
        WHERE r.status IN ('requested', 'recorded', 'sent', 'in_file')
        UNION ALL
        SELECT CASE r.clearing WHEN 'direct' THEN 'paid_direct' WHEN 'stripe' THEN 'stripe_cash' ELSE 'bank_supervised' END,
               o.producer_id, -r.amount_fen
        FROM refunds r JOIN orders o ON o.id = r.order_id WHERE r.status = 'confirmed'
        UNION ALL SELECT 'stripe_disputed', producer_id, held_fen FROM orders WHERE held_fen > 0
        UNION ALL SELECT 'stripe_cash', producer_id, -held_fen FROM orders WHERE held_fen > 0
    ),
    owned (kind, owner, fen) AS (
        SELECT kind, 'org:' || owner_id, fen FROM documents
        UNION ALL SELECT 'fees', 'platform', -round(applied * fee_bp / 10000.0)::bigint FROM applying
        {more}
    ),
    should AS (
        SELECT kind, owner, sum(fen) AS fen FROM owned GROUP BY kind, owner
    ),
    moved AS (
        SELECT debit_id AS account_id, amount_fen AS fen FROM postings WHERE book = 'money'
        UNION ALL SELECT credit_id, -amount_fen FROM postings WHERE book = 'money'
    ),
    standing AS (
        SELECT a.kind, a.owner, sum(m.fen) AS fen FROM moved m JOIN ledger_accounts a ON a.id = m.account_id
        GROUP BY a.kind, a.owner
    )
    SELECT kind || ' ' || owner AS subject, coalesce(n.fen, 0) AS balance, coalesce(s.fen, 0) AS balance__should
    FROM should s FULL JOIN standing n USING (kind, owner)
    ORDER BY kind, owner"""
