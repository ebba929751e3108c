"""What of each order and county is owed and not paid, and how much of it is overdue, within an official's totals."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Boolean, Subquery, Text, column, text

from orders.ledger import questions
from orders.purchase import due
from shop.auth import Actor

#: Goods are owed once they are accepted, or once the days to accept and to pay them are over without a decision, each
#: shipped item by its own day. What is overdue of an order is known by day, not by line, and holds freight: no more of
#: it than goods whose day is over and whose line is not paid is split over the counties by these, by largest remainder.
_OWED = """
    WITH wanted AS (
        SELECT order_id FROM order_lines WHERE accepted_fen > allowed_fen + paid_fen
        UNION
        SELECT l.order_id FROM order_lines l JOIN order_dues x ON x.order_id = l.order_id
        WHERE l.shipped > l.accepted + l.rejected AND x.open_fen > 0 AND x.due_on < :on),
    goods AS (
        SELECT i.id, i.line_id, i.quantity - i.accepted - i.rejected AS undecided,
               cast(timezone('Asia/Shanghai', s.shipped_at) AS date)
                 + coalesce(cast(k.terms #>> '{acceptance,within_days}' AS int), :within) AS accept_by,
               least(coalesce(cast(k.terms #>> '{payment,days}' AS int), :days), :most) AS days
        FROM orders o JOIN shipments s ON s.order_id = o.id JOIN shipment_items i ON i.shipment_id = s.id
        LEFT JOIN contracts k ON k.order_id = o.id
        WHERE o.id IN (SELECT order_id FROM wanted) AND o.payment_mode = 'goods_first'),
    over AS (
        SELECT line_id, sum(quantity) AS quantity, sum(undecided) AS undecided FROM (
            SELECT line_id, undecided AS quantity, undecided FROM goods WHERE undecided > 0 AND accept_by + days < :on
            UNION ALL
            SELECT g.line_id, i.accepted, 0
            FROM goods g JOIN acceptance_items i ON i.shipment_item_id = g.id JOIN acceptances a ON a.id = i.acceptance_id
            WHERE least(cast(timezone('Asia/Shanghai', a.accepted_at) AS date), g.accept_by) + g.days < :on) x
        GROUP BY line_id),
    lines AS (
        SELECT l.order_id, l.county_code, l.dimension_id, o.placed_at, coalesce(g.undecided, 0) > 0 AS is_undecided,
               greatest(round(l.unit_price_fen * (l.accepted + coalesce(g.undecided, 0))) - l.allowed_fen - l.paid_fen, 0)
                 AS fen,
               greatest(round(l.unit_price_fen * CASE o.payment_mode WHEN 'pay_first' THEN l.accepted
                 ELSE least(coalesce(g.quantity, 0), l.accepted + coalesce(g.undecided, 0)) END) - l.allowed_fen - l.paid_fen, 0) AS late_fen
        FROM order_lines l JOIN orders o ON o.id = l.order_id LEFT JOIN over g ON g.line_id = l.id
        WHERE l.order_id IN (SELECT order_id FROM wanted)),
    counties AS (
        SELECT x.order_id, x.county_code, cast(sum(x.fen) AS bigint) AS fen, sum(x.late_fen) AS late_fen,
               bool_or(x.is_undecided) AS is_undecided, bool_or(SEEN) AS is_seen
        FROM lines x JOIN ledger_dimensions d ON d.id = x.dimension_id
        CROSS JOIN LATERAL (SELECT cast(timezone('Asia/Shanghai', x.placed_at) AS date) AS origin_on) p
        WHERE x.fen > 0 GROUP BY x.order_id, x.county_code),
    sums AS (
        SELECT c.order_id, nullif(sum(c.late_fen), 0) AS whole,
               least(sum(c.late_fen), (SELECT coalesce(sum(x.open_fen), 0) FROM order_dues x
                                       WHERE x.order_id = c.order_id AND x.due_on < :on)) AS late
        FROM counties c GROUP BY c.order_id),
    shares AS (
        SELECT c.*, o.late, coalesce(div(o.late * c.late_fen, o.whole), 0) AS share, mod(o.late * c.late_fen, o.whole) AS rest
        FROM counties c JOIN sums o USING (order_id)),
    placed AS (
        SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY rest DESC, county_code) AS place,
               late - sum(share) OVER (PARTITION BY order_id) AS more FROM shares)
    SELECT s.order_id, s.county_code, c.name, s.fen AS left, s.is_undecided,
           cast(s.share + CASE WHEN s.place <= s.more THEN 1 ELSE 0 END AS bigint) AS overdue
    FROM placed s JOIN assisted_counties c ON c.code = s.county_code WHERE s.is_seen"""


def owed(actor: Actor, on: date) -> Subquery:
    """Return what is owed and not paid by order and county, freight left out, of what is in the actor's totals.

    Columns: ``order_id``, ``county_code``, ``name``, ``left`` and ``overdue`` in fen, ``is_undecided``: goods among
    them left, and nobody decided on them until they were due.
    """
    values: dict[str, Any] = {
        "on": on, "within": due.ACCEPT_WITHIN_DAYS, "days": due.GOODS_FIRST_DAYS, "most": due.GOODS_FIRST_MOST_DAYS,
    }  # fmt: skip
    seen = questions.seen_by(actor, values)
    return (
        text(_OWED.replace("SEEN", seen))
        .bindparams(**values)
        .columns(
            column("order_id", BigInteger), column("county_code", Text), column("name", Text), column("left", BigInteger),
            column("is_undecided", Boolean), column("overdue", BigInteger),
        )
        .subquery()
    )  # fmt: skip
