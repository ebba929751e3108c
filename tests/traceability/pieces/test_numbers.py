"""Serial numbers of packs: issued once, never more than there are packs, printed and read back."""

from __future__ import annotations

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from catalog.lots import recalls
from catalog.lots.services import LotNotOpen
from catalog.lots.shipping import NoSuchLot
from shop.db import db, transaction
from shop.errors import DomainError
from tests import factories
from tests.conftest import NOON, count
from tests.traceability.pieces.help import GTIN, Shelf, make_shelf
from tests.traceability.resolver.test_labels import BASE, decoded
from traceability.pieces import services
from traceability.pieces.services import ALPHABET, BadPieceCount, TooManyPieces, issue, make_serial


@pytest.fixture
def shelf(session) -> Shelf:
    return make_shelf()


def test_numbers_are_drawn_at_random_from_all_their_letters():
    made = [make_serial() for _ in range(2000)]

    assert len(set(made)) == 2000
    assert {len(serial) for serial in made} == {12}
    assert {letter for serial in made for letter in serial} == set(ALPHABET)
    assert len({serial[0] for serial in made}) == len({serial[-1] for serial in made}) == 32


@pytest.mark.parametrize(("pieces", "refusal"), [(0, BadPieceCount), (10_001, BadPieceCount), (7, TooManyPieces)])
def test_a_lot_never_has_more_numbers_than_it_was_born_with_packs(shelf, pieces, refusal):
    assert len(set(shelf.number(4))) == 4

    with pytest.raises(refusal) as refused, transaction():
        issue(shelf.lot.public_id, pieces, shelf.producer, at=NOON)

    assert type(refused.value) is refusal
    assert [count(table) for table in ("serial_runs", "lot_serials")] == [1, 4]
    assert len(shelf.number(6)) == 6


def test_only_whose_lot_it_is_numbers_it_and_only_while_it_is_stock(shelf):
    with transaction():
        other = factories.make_producer()
        recalls.recall([shelf.other.id], reason="异物", actor=shelf.producer, at=NOON)

    for lot, actor, refusal in ((shelf.lot, other, NoSuchLot), (shelf.other, shelf.producer, LotNotOpen)):
        with pytest.raises(refusal), transaction():
            issue(lot.public_id, 1, actor, at=NOON)

    assert [count(table) for table in ("serial_runs", "lot_serials")] == [0, 0]


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        (
            """INSERT INTO serial_runs (public_id, lot_id, pieces, issued_by, issued_at)
               SELECT gen_random_uuid(), lot_id, 7, issued_by, issued_at FROM serial_runs""",
            "lot_pieces",
        ),
        ("INSERT INTO lot_serials SELECT 'AAAAAAAAAAAA', run_id, lot_id, 5 FROM lot_serials LIMIT 1", "run_pieces"),
        ("INSERT INTO lot_serials SELECT 'A', run_id, lot_id, 5 FROM lot_serials LIMIT 1", "ck_lot_serials_serial"),
        ("UPDATE lot_serials SET serial = 'AAAAAAAAAAAA'", None),
        ("DELETE FROM serial_runs", None),
        ("TRUNCATE lot_serials CASCADE", None),
    ],
)
def test_the_database_refuses_whoever_writes(shelf, sql, constraint):
    shelf.number(4)

    with pytest.raises(DBAPIError) as refused, db.session.begin_nested():
        db.session.execute(text(sql))

    assert getattr(refused.value.orig, "diag").constraint_name == constraint  # noqa: B009
    assert isinstance(refused.value, IntegrityError) == bool(constraint)


def test_a_run_is_printed_and_given_to_a_printing_house(shelf, login):
    client = login(shelf.producer)
    form = f"/producer/labels/lots/{shelf.lot.public_id}"
    too_many = client.post(form, data={"pieces": "11"})
    answer = client.post(form, data={"pieces": "3"})
    page = client.get(answer.location)
    sheet = client.get(f"{answer.location}/sheet?size=a4")
    file = list(csv.DictReader(io.StringIO(client.get(f"{answer.location}.csv").get_data().decode("utf-8-sig"))))

    addresses = [BASE + shelf.label(row["序列号"]) for row in file]
    assert (too_many.status_code, "这个批次还可以编 10 件" in too_many.text) == (409, True)
    assert (answer.status_code, page.status_code, sheet.status_code) == (302, 200, 200)
    assert [row["网址"] for row in file] == addresses
    assert [row["编号"] for row in file] == [GTIN] * 3
    assert [decoded(symbol) for symbol in re.findall(r"<symbol.*?</symbol>", sheet.text, re.DOTALL)] == [
        [address] for address in addresses
    ]
    assert [sheet.text.count(f"序列号 {row['序列号']}") for row in file] == [1, 1, 1]
    assert "还可编号" in client.get(form).text


def test_runs_of_others_are_not_there(shelf, login):
    shelf.number(2)
    [(run,)] = db.session.execute(text("SELECT public_id FROM serial_runs"))
    with transaction():
        other = factories.make_producer()
    stranger = login(other)

    paths = [f"/producer/labels/runs/{run}{end}" for end in ("", "/sheet", ".csv")]
    assert [stranger.get(path).status_code for path in paths] == [404, 404, 404]
    assert stranger.post(f"/producer/labels/lots/{shelf.lot.public_id}", data={"pieces": "1"}).status_code == 404
    assert count("serial_runs") == 1


@pytest.mark.committed
def test_of_twenty_who_number_a_lot_at_once_only_those_succeed_for_whom_there_are_packs(committed_app):
    shelf, start = make_shelf(), Barrier(20)
    lot, producer = shelf.lot.public_id, shelf.producer
    db.session.remove()

    def run(_n):
        with committed_app.app_context():
            start.wait()
            try:
                with transaction():
                    services.issue(lot, 3, producer, at=NOON)
            except DomainError as refused:
                return type(refused)
            return None

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(run, range(20)))

    assert sorted(str(each) for each in outcomes) == sorted(["None"] * 3 + [str(TooManyPieces)] * 17)
    assert [count(table) for table in ("serial_runs", "lot_serials")] == [3, 9]
