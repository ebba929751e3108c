"""The totals are what the documents say: orders, acceptances, receipts and filings, read from their own tables."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from orders.ledger import questions, reporting, totals
from orders.ledger.questions import Condition, Question
from shop.db import db
from tests.counting import documents
from tests.counting.trade_story import Trade

FIRST, LAST = date(2025, 1, 1), date(2027, 12, 31)
MEASURES = ("ordered", "accepted", "paid", "counted")


@pytest.mark.parametrize(
    ("purchases", "filings", "times"), [(12, 8, 25), pytest.param(60, 30, 200, marks=pytest.mark.soak)]
)
def test_totals_equal_the_sums_of_the_documents_for_random_questions(session, purchases, filings, times):
    Trade(20261128).tell(purchases, filings)
    reporting.seal_everything()
    found = documents.facts()
    chance = random.Random(8)  # noqa: S311  repeatable
    values = {name: sorted({keys[name] for *_rest, keys in found}) for name in questions.DIMENSIONS}
    assert all(len(values[name]) > 1 for name in ("pairing", "finance_division", "mode", "channel", "partner", "unit"))
    assert {measure for measure, *_rest in found} == set(MEASURES)

    for n in range(times):
        # Every dimension is asked by and filtered by in turn; the rest of the question is random.
        by = {
            questions.DIMENSIONS[n % len(questions.DIMENSIONS)],
            *chance.sample([*questions.DIMENSIONS, *questions.TIMES], 1),
        }
        names = {("pairing", "finance_division")[n % 2], *chance.sample(questions.DIMENSIONS, chance.randint(0, 1))}
        asked = {name: tuple(chance.sample(values[name], chance.randint(1, len(values[name])))) for name in names}
        start = FIRST + timedelta(days=chance.choice((0, 0, chance.randint(0, 600))))
        days = (start, chance.choice((LAST, start + timedelta(days=chance.randint(0, 500)))))
        measure = chance.choice(MEASURES)
        question = Question(
            measure, *days, tuple(sorted(by)), tuple(Condition(name, some) for name, some in asked.items()),
            as_of=questions.resolve_as_of(None),
        )  # fmt: skip
        got = sorted((*row.keys, row.amount_fen) for row in totals.breakdown(question))
        assert got == documents.answer(found, measure, days, question.by, asked), question
    for measure in MEASURES:
        whole = Question(measure, FIRST, LAST, as_of=questions.resolve_as_of(None))
        assert totals.answer(whole).total_fen == sum(fen for one, _day, fen, _keys in found if one == measure)
    db.session.rollback()
