"""On which days what counts does so: on each day, the smaller of what had been accepted and paid by then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from itertools import accumulate

from shop.db import db, rows_of

#: Fen by the day they happened, signed.
ByDay = Mapping[date, int]

_POSTED = rows_of(
    """SELECT dimension_id, measure, origin_on, sum(amount_fen) FROM postings
       WHERE dimension_id = ANY(:dimensions) AND measure IN ('accepted', 'paid', 'counted')
       GROUP BY dimension_id, measure, origin_on""",
    "dimension_id measure origin_on amount",
)


def differences(accepted: ByDay, paid: ByDay, counted: ByDay) -> dict[date, int]:
    """Return what is to be posted on which day, so that all that counts by a day is the smaller of the two by then.

    A receipt that is confirmed later than goods were accepted leads back to its own day; what falls again does so
    when it fell. Days without a difference are left out.

    :param accepted: all that was accepted, on its days; ``paid`` likewise.
    :param counted: what was posted so far.
    """
    days = sorted({*accepted, *paid, *counted})
    both = zip(_by_then(accepted, days), _by_then(paid, days), strict=True)
    stands = [max(min(pair), 0) for pair in both]
    rises = (now - before for before, now in zip([0, *stands], stands, strict=False))
    more = {day: rise - counted.get(day, 0) for day, rise in zip(days, rises, strict=True)}
    return {day: fen for day, fen in more.items() if fen}


def _by_then(amounts: ByDay, days: list[date]) -> list[int]:
    return list(accumulate(amounts.get(day, 0) for day in days))


def posted(dimension_ids: Collection[int]) -> dict[int, dict[str, dict[date, int]]]:
    """Return what was posted of ``accepted``, ``paid`` and ``counted`` by dimension, measure and day, in fen."""
    found: dict[int, dict[str, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
    if dimension_ids:
        for row in db.session.execute(_POSTED, {"dimensions": list(dimension_ids)}):
            found[row.dimension_id][row.measure][row.origin_on] = int(row.amount)
    return found
