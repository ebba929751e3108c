"""Races of placing on real connections: each returns after it has asserted what must hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import Any

from flask import Flask
from sqlalchemy import text

from orders.purchase.pricing import Wanted
from shop import clock
from shop.db import db, transaction
from shop.identity import services as identity
from tests.purchase.world import World, make_world

THREADS = 16


def token_of(world: World) -> dict[str, str]:
    """Return the header of a token of the world's buyer."""
    with transaction():
        issued = identity.issue_token(world.buyer.membership_id, "race", ("*",), at=clock.real_now())
    return {"Authorization": f"Bearer {issued.secret}"}


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the calls in threads and return their answers in order."""
    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def placing(app: Flask, world: World, wanted: Sequence[Wanted], header: dict[str, str], key: str) -> Callable[[], Any]:
    """Return a call that places an order over the API and returns status and body."""
    body = {
        "unit_id": str(world.unit_id), "fund_source": "union", "place": True,
        "lines": [{"listing_id": str(w.listing_id), "quantity": {"value": str(w.quantity)}} for w in wanted],
    }  # fmt: skip

    def call() -> Any:
        answer = app.test_client().post("/api/v1/procurements", json=body, headers={**header, "Idempotency-Key": key})
        return answer.status_code, answer.get_data()

    return call


def number(sql: str) -> int:
    """Return the one number of a statement, read anew."""
    db.session.rollback()
    return int(db.session.execute(text(sql)).scalar_one() or 0)


def assert_books_agree() -> None:
    """Reservations are what orders hold, and what was ordered is what the lines say."""
    assert number("SELECT sum(reserved) FROM sku_stock") == number("SELECT sum(quantity - cancelled) FROM order_lines")
    assert number("SELECT sum(amount_fen) FROM postings WHERE measure = 'ordered'") == number(
        "SELECT sum(total_fen) FROM orders"
    )
    assert number("SELECT count(*) FROM sku_stock WHERE reserved > on_hand") == 0


def race_for_the_last_one(app: Flask, buyers: int) -> None:
    """One bag, many buyers: one order, and a refusal for everybody else."""
    world = make_world(stock="1")
    header = token_of(world)

    answers = at_once([placing(app, world, world.wanted("1"), header, f"one-{n}") for n in range(buyers)])

    assert Counter(status for status, _body in answers) == {201: 1, 409: buyers - 1}
    assert number("SELECT count(*) FROM orders") == 1
    assert number("SELECT count(*) FROM procurements") == 1
    assert number("SELECT count(*) FROM ledger_dimensions") == 1
    assert_books_agree()


def race_in_both_orders(app: Flask, each: int) -> None:
    """Orders over {A, B} and {B, A} at the same time: nobody sees a deadlock."""
    world = make_world(listings=2, stock=str(10 * each))
    header = token_of(world)
    there = world.wanted("1", "1")
    calls = [
        placing(app, world, there if n % 2 else list(reversed(there)), header, f"both-{n}") for n in range(2 * each)
    ]

    answers = at_once(calls)

    assert Counter(status for status, _body in answers) == {201: 2 * each}
    assert_books_agree()


def race_with_readers(app: Flask, orders: int) -> None:
    """Totals read by others while orders are placed at once: each answer is the sum of orders that were committed.

    No more than what its seal holds, no less than what had been placed before it was asked for; its lines add up to it.
    """
    world = make_world(stock=str(100 * orders))
    header = token_of(world)
    placed: list[int] = []
    answers: list[tuple[int, int, int, int]] = []
    is_over = Event()
    calls = [placing(app, world, world.wanted(str(n + 1)), header, f"read-{n}") for n in range(orders)]

    def buy(n: int) -> None:
        status, body = calls[n]()
        assert status == 201, body
        placed.append(2000 * (n + 1))

    def read() -> None:
        while not is_over.is_set():
            before = sum(placed)
            whole = ask(app, header, "totals?measure=ordered")
            lines = ask(app, header, f"totals/lines?measure=ordered&limit=100&as_of={whole['as_of']['seq']}")
            listed = sum(fen_of(item["amount"]) for item in lines["items"])
            assert lines["total"] == whole["total"]
            answers.append((before, whole["as_of"]["seq"], fen_of(whole["total"]), listed))

    with ThreadPoolExecutor(THREADS) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        buyers = [pool.submit(buy, n) for n in range(orders)]
        wait(buyers)
        is_over.set()
        for each in (*buyers, *readers):
            each.result()

    committed = sums_by_seal()
    assert answers
    for before, seq, whole, listed in answers:
        assert before <= whole == listed == committed[seq]
    assert fen_of(ask(app, header, "totals?measure=ordered")["total"]) == sum(placed)
    assert_books_agree()


def ask(app: Flask, header: dict[str, str], question: str) -> Any:
    """Return the answer of the API to a question about the whole time."""
    answer = app.test_client().get(f"/api/v1/{question}&from=2020-01-01&to=2030-12-31", headers=header)
    assert answer.status_code == 200, answer.text
    return answer.json


def fen_of(money: dict[str, str]) -> int:
    """Return an amount of the API in fen."""
    return round(float(money["amount"]) * 100)


def sums_by_seal() -> dict[int, int]:
    """Return what orders placed so far come to, by the orders' own rows, for every place of the seals."""
    db.session.rollback()
    rows = db.session.execute(
        text(r"""SELECT s.seq, coalesce(o.goods_fen, 0) FROM ledger_seals s JOIN journal_entries e ON e.id = s.entry_id
                LEFT JOIN orders o ON e.key = 'order:' || o.id || '\:placed' ORDER BY s.seq""")
    )
    found, whole = {0: 0}, 0
    for seq, fen in rows:
        whole += fen
        found[seq] = whole
    return found


def race_with_one_key(app: Flask, times: int) -> None:
    """One idempotency key, sent many times at once: one order, and one answer for all."""
    world = make_world()
    header = token_of(world)

    answers = at_once([placing(app, world, world.wanted("1"), header, "the-same") for _ in range(times)])

    assert {status for status, _body in answers} == {201}
    assert len({body for _status, body in answers}) == 1
    assert number("SELECT count(*) FROM orders") == 1
    assert_books_agree()
