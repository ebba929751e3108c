"""Queries of the checks of settlement: what documents say beside what is kept."""

from __future__ import annotations

#: What payouts and reversals have moved, as kind, owner and fen (debit less credit).
DOCUMENTS = """
    WITH gone AS (
        SELECT p.producer_id, coalesce(sum(i.amount_fen) FILTER (WHERE p.status = 'paid'), 0) AS amount,
               coalesce(sum(i.card_fen) FILTER (WHERE p.status = 'paid'), 0) AS card,
               coalesce(sum(i.card_fen) FILTER (WHERE p.status = 'paid' AND p.rail = 'bank'), 0) AS card_by_bank,
               coalesce(sum(i.amount_fen - i.card_fen) FILTER (WHERE p.status = 'paid' AND p.rail = 'stripe'), 0) AS rest_by_card,
               sum(i.fee_card_fen) AS fee_card, sum(i.fee_bank_fen) AS fee_bank
        FROM payouts p JOIN payout_items i ON i.payout_id = p.id WHERE p.status IN ('paid', 'returned', 'failed') GROUP BY 1
    ),
    back AS (
        SELECT o.producer_id, sum(r.amount_fen) AS amount, sum(r.fee_card_fen) AS fee_card
        FROM transfer_reversals r JOIN orders o ON o.id = r.order_id WHERE r.status = 'done' GROUP BY 1
    )
    SELECT 'producer_payable', 'org:' || producer_id, amount FROM gone
    UNION ALL SELECT 'stripe_cash', 'org:' || producer_id, -card - fee_card FROM gone
    UNION ALL SELECT 'bank_supervised', 'org:' || producer_id, -(amount - card) - fee_bank FROM gone
    UNION ALL SELECT 'stripe_cash', 'platform', fee_card + card_by_bank - rest_by_card FROM gone
    UNION ALL SELECT 'bank_supervised', 'platform', rest_by_card - card_by_bank FROM gone
    UNION ALL SELECT 'operator_bank', 'platform', fee_bank FROM gone
    UNION ALL SELECT 'producer_payable', 'org:' || producer_id, -amount FROM back
    UNION ALL SELECT 'stripe_cash', 'org:' || producer_id, amount - fee_card FROM back
    UNION ALL SELECT 'stripe_cash', 'platform', fee_card FROM back"""

#: What splits have on their way between the accounts of the supervised one.
MOVING = """
    WITH moving AS (
        SELECT producer_id, sum(amount_fen * ((left_line_id IS NOT NULL)::int - (arrived_line_id IS NOT NULL)::int
                                              - (returned_line_id IS NOT NULL)::int)) AS fen
        FROM splits WHERE status IN ('sent', 'done', 'failed') GROUP BY 1
    )
    SELECT 'bank_moving', 'org:' || producer_id, fen FROM moving
    UNION ALL SELECT 'bank_supervised', 'org:' || producer_id, -fen FROM moving"""

#: Each split is its receipts' parts, and each of its lines moved exactly its sum on the account that it should.
SPLITS = """
    SELECT s.number AS subject, s.amount_fen AS amount,
           (SELECT coalesce(sum(p.amount_fen), 0)::bigint FROM split_parts p WHERE p.split_id = s.id) AS amount__should,
           coalesce((SELECT l.amount_fen FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
                     WHERE l.id = s.left_line_id AND l.direction = 'out' AND a.number = payer.number), 0) AS left_main,
           CASE WHEN s.left_line_id IS NULL THEN 0 ELSE s.amount_fen END AS left_main__should,
           coalesce((SELECT l.amount_fen FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
                     WHERE l.id = s.arrived_line_id AND l.direction = 'in' AND a.number = payee.number), 0) AS reached_sub,
           CASE WHEN s.arrived_line_id IS NULL THEN 0 ELSE s.amount_fen END AS reached_sub__should
    FROM splits s JOIN supervised_accounts payer ON payer.id = s.payer_id
    JOIN supervised_accounts payee ON payee.id = s.payee_id ORDER BY s.id"""

#: What of each receipt is split is what live splits have of it.
SPLIT_RECEIPTS = """
    SELECT p.public_id::text AS subject, p.split_fen AS split, coalesce(s.fen, 0) AS split__should
    FROM payments p
    LEFT JOIN (SELECT x.payment_id, sum(x.amount_fen)::bigint AS fen FROM split_parts x JOIN splits y ON y.id = x.split_id
               WHERE y.status NOT IN ('cancelled', 'failed') GROUP BY 1) s ON s.payment_id = p.id
    WHERE p.split_fen <> 0 OR s.fen IS NOT NULL ORDER BY p.id"""

#: How far each order is paid out, by its payouts, reversals and what the producer has paid back.
SETTLEMENTS = """
    WITH items AS (
        SELECT i.order_id,
               sum(CASE WHEN p.status = 'paid' AND p.rail = 'bank' THEN i.amount_fen END) AS bank_settled,
               sum(CASE WHEN p.status = 'paid' AND p.rail = 'stripe' THEN i.amount_fen END) AS stripe_settled,
               sum(CASE WHEN p.status = 'paid' THEN i.card_fen END) AS card_settled,
               sum(CASE WHEN p.status IN ('prepared','released','sent','failing') AND p.rail = 'bank' THEN i.amount_fen END) AS bank_settling,
               sum(CASE WHEN p.status IN ('prepared','released','sent','failing') AND p.rail = 'stripe' THEN i.amount_fen END)
                 AS stripe_settling,
               sum(CASE WHEN p.status IN ('prepared','released','sent','failing') THEN i.card_fen END) AS card_settling,
               sum(i.fee_card_fen) AS fee_card, sum(i.fee_bank_fen) AS fee_bank,
               sum(CASE WHEN p.status IN ('sent','failing') THEN i.fee_sent_fen END) AS fee_settling
        FROM payout_items i JOIN payouts p ON p.id = i.payout_id
        WHERE cast(:order AS bigint) IS NULL OR i.order_id = :order GROUP BY 1
    ),
    back AS (
        SELECT order_id, sum(CASE WHEN status = 'done' THEN amount_fen END) AS done,
               sum(CASE WHEN status = 'pending' THEN amount_fen END) AS pending, sum(fee_card_fen) AS fee_card
        FROM transfer_reversals WHERE cast(:order AS bigint) IS NULL OR order_id = :order GROUP BY 1
    ),
    repaid AS (
        SELECT order_id, sum(amount_fen) AS amount, sum(card_fen) AS card FROM repayment_items
        WHERE cast(:order AS bigint) IS NULL OR order_id = :order GROUP BY 1
    )
    SELECT o.number AS subject,
           s.bank_settled_fen AS bank_settled, coalesce(i.bank_settled, 0) - coalesce(r.amount, 0) AS bank_settled__should,
           s.bank_settling_fen AS bank_settling, coalesce(i.bank_settling, 0) AS bank_settling__should,
           s.stripe_settled_fen AS stripe_settled, coalesce(i.stripe_settled, 0) - coalesce(b.done, 0) AS stripe_settled__should,
           s.stripe_settling_fen AS stripe_settling,
           coalesce(i.stripe_settling, 0) - coalesce(b.pending, 0) AS stripe_settling__should,
           s.card_settled_fen AS card_settled,
           coalesce(i.card_settled, 0) - coalesce(b.done, 0) - coalesce(r.card, 0) AS card_settled__should,
           s.card_settling_fen AS card_settling, coalesce(i.card_settling, 0) - coalesce(b.pending, 0) AS card_settling__should,
           s.fee_card_fen AS fee_card, coalesce(i.fee_card, 0) + coalesce(b.fee_card, 0) AS fee_card__should,
           s.fee_bank_fen AS fee_bank, coalesce(i.fee_bank, 0) AS fee_bank__should,
           s.fee_settling_fen AS fee_settling, coalesce(i.fee_settling, 0) AS fee_settling__should
    FROM order_settlements s JOIN orders o ON o.id = s.order_id
    LEFT JOIN items i ON i.order_id = s.order_id LEFT JOIN back b ON b.order_id = s.order_id
    LEFT JOIN repaid r ON r.order_id = s.order_id
    WHERE cast(:order AS bigint) IS NULL OR s.order_id = :order
    ORDER BY s.order_id"""

PAYOUTS = """
    SELECT p.number AS subject, p.amount_fen AS amount, coalesce(i.fen, 0) AS amount__should,
           CASE WHEN p.rail = 'stripe' THEN coalesce(t.fen, 0) ELSE 0 END AS transfers,
           CASE WHEN p.rail = 'stripe' THEN p.amount_fen ELSE 0 END AS transfers__should
    FROM payouts p
    LEFT JOIN (SELECT payout_id, sum(amount_fen) AS fen FROM payout_items GROUP BY 1) i ON i.payout_id = p.id
    LEFT JOIN (SELECT x.payout_id, sum(x.amount_fen) AS fen FROM transfers x JOIN payouts y ON y.id = x.payout_id
               WHERE x.status <> 'failed' OR y.status = 'failed' OR y.status = 'sent' GROUP BY 1) t ON t.payout_id = p.id
    ORDER BY p.id"""

CHARGES = """
    SELECT c.charge_ref AS subject, c.transferred_fen AS transferred,
           coalesce((SELECT sum(t.amount_fen) FROM transfers t WHERE t.charge_id = c.id AND t.status <> 'failed'), 0)
           - coalesce((SELECT sum(r.amount_fen) FROM transfer_reversals r JOIN transfers t ON t.id = r.transfer_id
                       WHERE t.charge_id = c.id AND r.status = 'done'), 0) AS transferred__should
    FROM charges c ORDER BY c.id"""

TRANSFERS = """
    SELECT t.public_id::text AS subject, t.reversed_fen AS reversed,
           coalesce(sum(r.amount_fen) FILTER (WHERE r.status <> 'failed'), 0) AS reversed__should
    FROM transfers t LEFT JOIN transfer_reversals r ON r.transfer_id = t.id GROUP BY t.id ORDER BY t.id"""

#: No order was ever paid out above what it had earned before something came back or was taken, or the bank made a
#: payout that two persons had said it had not.
EARNED = """
    SELECT o.number AS subject,
           greatest(s.bank_settled_fen + s.bank_settling_fen + s.stripe_settled_fen + s.stripe_settling_fen
                    - (o.applied_fen - least(o.applied_fen, o.direct_fen) - o.fee_fen), 0) AS beyond,
           least(greatest(s.bank_settled_fen + s.bank_settling_fen + s.stripe_settled_fen + s.stripe_settling_fen
                    - (o.applied_fen - least(o.applied_fen, o.direct_fen) - o.fee_fen), 0),
                 o.refunded_fen + o.refunding_fen + o.held_fen + o.direct_fen + coalesce((
                     SELECT sum(i.amount_fen) FROM payout_items i JOIN payouts p ON p.id = i.payout_id
                     WHERE i.order_id = o.id AND p.found_at IS NOT NULL AND p.status = 'paid'), 0)
                 + (SELECT coalesce(sum(-a.amount_fen), 0)::bigint FROM payment_allocations a
                    JOIN payments p ON p.id = a.payment_id AND p.status = 'reversed'
                    WHERE a.order_id = o.id AND a.amount_fen < 0)) AS beyond__should
    FROM order_settlements s JOIN orders o ON o.id = s.order_id
    WHERE cast(:order AS bigint) IS NULL OR s.order_id = :order
    ORDER BY s.order_id"""
