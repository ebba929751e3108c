"""What is sold between two pages of a list changes neither: a cursor is asked as of the seal of the first page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from orders.ledger.lines import pin_of
from shop import clock
from shop.db import db, transaction
from shop.paging import encode_cursor
from tests.conftest import NOON
from tests.factories import make_member
from tests.ledger.world import make_world, post

PATH = "/api/v1/totals/lines"


@pytest.fixture
def ask(session, client, bearer) -> Any:
    make_world()
    db.session.commit()
    with transaction():
        for n in range(5):
            post(100 + n, on=date(2026, 7, 1 + n))
    header = bearer(make_member("operator"))
    return lambda **query: client.get(PATH, query_string={"limit": "3", **query}, headers=header)


def test_all_pages_add_up_to_the_first_total_though_something_is_sold_between_them(ask):
    first = ask().json
    with transaction():
        post(7_00, on=clock.today())
    with clock.stopped_at(NOON + timedelta(days=1)):  # today's last day is tomorrow's last day but one
        second = ask(cursor=first["next"]).json

    assert first["total"]["amount"] == second["total"]["amount"] == "5.10"
    told = ("measure", "from", "to", "as_of", "control_total")
    assert [second[name] for name in told] == [first[name] for name in told]
    listed = [item["amount"]["amount"] for item in first["items"] + second["items"]]
    assert (listed, second["next"]) == (["1.04", "1.03", "1.02", "1.01", "1.00"], None)
    assert ask().json["total"]["amount"] == "12.10"


def test_an_instant_stays_the_seal_that_it_was_on_the_first_page(ask):
    ahead = "2026-08-01T00:00:00+08:00"
    first = ask(as_of=ahead).json
    with transaction():
        post(7_00)
    second = ask(as_of=ahead, cursor=first["next"]).json

    assert (second["as_of"]["seq"], second["total"]["amount"]) == (5, "5.10")


def test_a_cursor_of_another_question_is_refused(ask):
    cursor = ask().json["next"]
    pin = pin_of(cursor)
    assert pin is not None
    row = ("2026-07-02", 1)
    forged = [
        encode_cursor(99, pin.from_on, pin.to_on, *row),
        encode_cursor(pin.as_of, "0001-01-01", "9999-12-31", *row),
        encode_cursor(*row),
    ]

    wrong = [ask(cursor=cursor, **other) for other in ({"as_of": "3"}, {"from": "2026-02-01"}, {"to": "2026-07-03"})]
    answers = wrong + [ask(cursor=one) for one in forged]

    assert [answer.json["type"].rsplit("/", 1)[1] for answer in answers] == [
        "bad-cursor", "bad-cursor", "bad-cursor", "as-of-unknown", "bad-cursor", "bad-cursor",
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {422}
