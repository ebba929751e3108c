"""Scans: counted once each, by the database; what is no scan is not; a copied or made-up label is told."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from python_calamine import CalamineWorkbook

from shop import clock
from shop.db import db, transaction
from tests import factories
from tests.conftest import NOON, count
from tests.ledger.filers import officials
from tests.traceability.events import observed, store
from tests.traceability.pieces.help import GTIN, PHONE, Shelf, lot_scans, make_shelf, piece_scans, recorded_scans, scan
from traceability.repository.storing import Writer

LATER = timedelta(minutes=10)
FORGED = "这个序列号从未发出过，包装上的标签可能是伪造的。"


@pytest.fixture
def shelf(session) -> Shelf:
    return make_shelf()


def test_the_first_scan_is_told_as_such_and_a_later_one_is_a_warning(client, shelf):
    [serial] = shelf.number(1)

    first = scan(client, shelf.label(serial))
    with clock.stopped_at(NOON + LATER - timedelta(seconds=1)):
        again = scan(client, shelf.label(serial))
    assert piece_scans() == [(serial, 1)]
    with clock.stopped_at(NOON + LATER):
        copied = scan(client, shelf.label(serial))

    assert [page.request.path for page in (first, again, copied)] == [f"/trace/lots/{shelf.lot.public_id}"] * 3
    assert ["第一次被扫：2026-07-15 12:00" in page.text for page in (first, again, copied)] == [True, True, False]
    assert "这件商品的二维码已被扫过 2 次，首次是 2026-07-15 12:00。" in copied.text
    assert ["已被扫过" in page.text for page in (first, again)] == [False, False]
    assert (piece_scans(), lot_scans()) == ([(serial, 2)], [])
    page = f"/trace/lots/{shelf.lot.public_id}?serial={serial}"
    assert [client.get(page, headers=PHONE).status_code for _ in range(3)] == [200, 200, 200]
    assert piece_scans() == [(serial, 2)]


def test_a_pack_is_found_by_its_number_alone(client, shelf):
    [serial] = shelf.number(1)

    answer = client.get(f"/01/{GTIN}/21/{serial}", headers=PHONE)

    page, _, check = answer.location.partition("&check=")
    assert (answer.status_code, page) == (307, f"/trace/lots/{shelf.lot.public_id}?serial={serial}")
    assert client.get(f"{page}&check={check}").headers["Cache-Control"] == "no-store"
    assert answer.headers["Cache-Control"] == "no-store"
    assert piece_scans() == [(serial, 1)]


def test_labels_of_lots_count_every_time(client, shelf):
    for _ in range(3):
        scan(client, f"/01/{GTIN}/10/L-7")
    scan(client, f"/01/{GTIN}/10/L-8")
    scan(client, f"/01/{GTIN}")

    assert lot_scans() == [(shelf.lot.id, 3), (shelf.other.id, 1)]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}, {"Sec-Fetch-Dest": "image"},
        {"User-Agent": "curl/8.5.0"}, {"User-Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0)"}, {"User-Agent": ""},
    ],
)  # fmt: skip
def test_what_only_looks_is_led_on_and_not_counted(client, shelf, headers):
    [serial] = shelf.number(1)

    answers = [client.get(path, headers={**PHONE, **headers}) for path in (shelf.label(serial), f"/01/{GTIN}/10/L-7")]
    head = client.head(shelf.label(serial), headers=PHONE)
    links = client.get(shelf.label(serial) + "?linkType=linkset", headers=PHONE)

    assert [each.status_code for each in (*answers, head, links)] == [307, 307, 307, 200]
    assert [each.location for each in answers] == [
        f"/trace/lots/{shelf.lot.public_id}{query}" for query in (f"?serial={serial}", "")
    ]
    assert (piece_scans(), lot_scans()) == ([], [])


def test_a_number_that_was_never_issued_is_red_and_not_found(client, shelf):
    [serial] = shelf.number(1)
    made_up = serial[:-1] + ("2" if serial[-1] != "2" else "3")
    paths = [shelf.label(made_up), f"/01/{GTIN}/21/{made_up}", shelf.label(serial, lot="L-8"), shelf.label(serial, "X")]

    answers = [client.get(path, headers=PHONE) for path in paths]
    program = client.get(paths[0], headers={"Accept": "application/linkset+json"})
    typed = client.get(f"/trace/lots/{shelf.lot.public_id}?serial={made_up}")

    for answer in answers:
        assert answer.content_type == "text/html; charset=utf-8"
        assert (answer.status_code, FORGED in answer.text, "tel:12315" in answer.text) == (404, True, True)
    assert (program.status_code, program.json["type"]) == (404, "/problems/serial-never-issued")
    assert (typed.status_code, FORGED in typed.text) == (200, True)
    assert (piece_scans(), lot_scans()) == ([], [])


def test_a_number_that_the_producer_told_of_in_an_event_is_no_forgery(client, shelf):
    store(Writer(shelf.producer.organisation_id, "620421"), observed(f"https://id.gs1.org/01/{GTIN}/21/A7"))

    answer = client.get(shelf.label("A7"), headers=PHONE)

    assert (answer.status_code, FORGED in client.get(answer.location).text) == (307, False)
    assert (recorded_scans(), lot_scans()) == ([("A7", shelf.lot.id, 1)], [])


def test_producer_officials_and_operator_see_what_was_scanned_and_nobody_else(client, shelf, login):
    serials = shelf.number(4)
    for minutes, serial in ((0, serials[0]), (20, serials[0]), (40, serials[0]), (0, serials[1])):
        with clock.stopped_at(NOON + timedelta(minutes=minutes)):
            scan(client, shelf.label(serial))
    scan(client, f"/01/{GTIN}/10/L-8")
    with transaction():
        stranger, operator = factories.make_producer(), factories.make_member("operator")
    readers = {
        "producer": (shelf.producer, 2), "official": (officials()[0], 2), "operator": (operator, 2),
    }  # fmt: skip
    seen = {}

    for desk, (actor, _lots) in readers.items():
        reader = login(actor)
        page, lot = reader.get(f"/{desk}/scans"), reader.get(f"/{desk}/lots/{shelf.lot.public_id}/scans")
        book = CalamineWorkbook.from_filelike(io.BytesIO(reader.get(f"/{desk}/scans.xlsx").get_data()))
        seen[desk] = [row[5:9] for row in book.get_sheet_by_index(0).to_python()[1:]]
        assert (page.status_code, "合计 2 个批次" in page.text) == (200, True)
        assert (serials[0] in lot.text, serials[1] in lot.text) == (True, False)
        assert "L-8" not in reader.get(f"/{desk}/scans?show=repeated").text
    assert seen == {desk: [[0, 0, 0, 1], [4, 2, 1, 4], [4, 2, 1, 5]] for desk in readers}
    for desk, actor in (("producer", stranger), ("official", officials("522301")[0])):
        reader = login(actor)
        assert "L-7" not in reader.get(f"/{desk}/scans").text
        assert reader.get(f"/{desk}/lots/{shelf.lot.public_id}/scans").status_code == 404


@pytest.mark.committed
def test_twenty_phones_at_once_are_one_scan_of_a_pack_and_twenty_of_a_lot(committed_app):
    shelf = make_shelf()
    [serial] = shelf.number(1)
    lot = shelf.lot.id
    db.session.remove()

    def together(address):
        start = Barrier(20)

        def run(_n):
            with committed_app.app_context(), clock.stopped_at(NOON):
                start.wait()
                return committed_app.test_client().get(address, headers=PHONE).status_code

        with ThreadPoolExecutor(20) as pool:
            return list(pool.map(run, range(20)))

    answers = [*together(shelf.label(serial)), *together(f"/01/{GTIN}/10/L-7")]

    assert answers == [307] * 40
    assert (piece_scans(), lot_scans()) == ([(serial, 1)], [(lot, 20)])
    assert count("lot_serials") == 1
