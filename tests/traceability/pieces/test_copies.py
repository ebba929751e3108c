"""A copied or altered label: no address but the pack's own shows its serial number as checked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shop import clock
from shop.db import transaction
from tests import factories
from tests.conftest import NOON
from tests.traceability.events import observed, store
from tests.traceability.pieces.help import (
    GTIN,
    PHONE,
    Shelf,
    lot_scans,
    make_shelf,
    piece_scans,
    recorded_scans,
    scan,
)
from traceability.repository.storing import Writer

ELSEWHERE = "这个序列号属于另一个批次"
FIRST, UNCHECKED, REPEATED = "第一次被扫", "这个序列号还没有核对。", "二维码已被扫过"


@pytest.fixture
def shelf(session) -> Shelf:
    return make_shelf()


def piece(serial: str) -> str:
    """Return what events call a pack."""
    return f"https://id.gs1.org/01/{GTIN}/21/{serial}"


def told(page) -> list[bool]:
    """Return whether a page says: scanned for the first time, not checked, scanned before."""
    return [word in page.text for word in (FIRST, UNCHECKED, REPEATED)]


def test_a_browser_is_counted_whatever_kind_of_link_the_label_asks_for(client, shelf):
    serials = shelf.number(3)
    kinds = ("gs1:traceability", "https://gs1.org/voc/recallStatus", "gs1:nothing")

    answers = [
        client.get(f"{shelf.label(serial)}?linkType={kind}", headers=PHONE)
        for serial, kind in zip(serials, kinds, strict=True)
    ]
    with clock.stopped_at(NOON + timedelta(hours=1)):
        copied = scan(client, f"{shelf.label(serials[0])}?linkType=gs1:traceability")

    assert [each.status_code for each in answers] == [307, 307, 404]
    assert told(client.get(answers[0].location)) == [False, False, True]
    assert told(copied) == [False, False, True]
    assert piece_scans() == sorted([(serials[0], 2), (serials[1], 1), (serials[2], 1)])
    assert scan(client, f"/01/{GTIN}/10/L-7?linkType=gs1:traceability").status_code == 200
    assert lot_scans() == [(shelf.lot.id, 1)]


def test_a_serial_number_in_the_query_is_never_shown_as_checked(client, shelf):
    [serial] = shelf.number(1)
    page = f"/trace/lots/{shelf.lot.public_id}?serial={serial}"
    proof = client.get(shelf.label(serial), headers=PHONE).location.partition("&check=")[2]

    typed, invented = scan(client, page), scan(client, f"{page}&check=x.y.z")
    beside_lot = scan(client, f"/01/{GTIN}/10/L-7?serial={serial}&check={proof}&from=ad")
    looked_ahead = scan(client, shelf.label(serial), **{"Sec-Purpose": "prefetch"})
    robot = client.get(shelf.label(serial), headers={"User-Agent": "curl/8.5.0"}, follow_redirects=True)

    for answer in (typed, invented, looked_ahead, robot):
        assert (told(answer), f"{serial}（未核对）" in answer.text) == ([False, True, False], True)
    assert (told(beside_lot), serial in beside_lot.text) == ([False, False, False], False)
    assert beside_lot.request.full_path == f"/trace/lots/{shelf.lot.public_id}?from=ad"
    assert (piece_scans(), lot_scans()) == ([(serial, 1)], [(shelf.lot.id, 1)])


def test_a_check_is_of_one_number_beside_one_lot_for_a_quarter_of_an_hour(client, shelf, app, monkeypatch):
    at = [clock.real_now()]
    monkeypatch.setattr(clock, "real_now", lambda: at[0])
    with transaction():
        other = factories.make_lot(shelf.sku, shelf.producer, "5", lot_code="L-9")
    mine, next_one = shelf.number(2)
    led = client.get(shelf.label(mine), headers=PHONE).location
    proof = led.partition("&check=")[2]
    scan(client, shelf.label(next_one))

    fresh = told(client.get(led))
    moved = told(client.get(f"/trace/lots/{shelf.lot.public_id}?serial={next_one}&check={proof}"))
    elsewhere = client.get(f"/trace/lots/{other.public_id}?serial={mine}&check={proof}")
    at[0] += timedelta(minutes=15)
    last = told(client.get(led))
    at[0] += timedelta(seconds=1)
    over = told(client.get(led))
    app.config["SECRET_KEY"], kept = "another key that is long enough for everyone", app.config["SECRET_KEY"]
    foreign = client.get(shelf.label(mine), headers=PHONE).location
    app.config["SECRET_KEY"] = kept

    assert (fresh, moved, last) == ([True, False, False], [False, True, False], [True, False, False])
    assert (over, told(client.get(foreign))) == ([False, True, False], [False, True, False])
    assert "从未发出过" in elsewhere.text


def test_a_number_of_the_producers_own_is_counted_and_belongs_to_the_lot_of_its_first_label(client, shelf, login):
    writer = Writer(shelf.producer.organisation_id, "620421")
    store(writer, observed(piece("A7"), piece("B8")))

    first, beside_other = scan(client, shelf.label("A7")), scan(client, shelf.label("A7", "L-8"))
    alone = scan(client, f"/01/{GTIN}/21/B8")
    with clock.stopped_at(NOON + timedelta(minutes=10)):
        copied, alone_again = scan(client, shelf.label("A7")), scan(client, f"/01/{GTIN}/21/B8")
    typed = client.get(f"/trace/lots/{shelf.lot.public_id}?serial=A7")

    assert [(told(each), ELSEWHERE in each.text) for each in (first, beside_other, copied, typed)] == [
        ([True, False, False], False), ([False, False, False], True), ([False, False, True], False),
        ([False, True, True], False),
    ]  # fmt: skip
    assert [REPEATED in each.text for each in (alone, alone_again)] == [False, True]
    assert (recorded_scans(), lot_scans()) == ([("A7", shelf.lot.id, 2), ("B8", None, 2)], [])
    desk = login(shelf.producer)
    assert "合计 1 个批次" in desk.get("/producer/scans?show=repeated").text
    assert "A7" in desk.get(f"/producer/lots/{shelf.lot.public_id}/scans").text


def test_events_of_the_producer_say_which_lot_a_number_belongs_to_whoever_scans_first(client, shelf):
    writer = Writer(shelf.producer.organisation_id, "620421")
    born = observed(
        piece("A7"), action="ADD", bizStep="commissioning", disposition="active", ilmd={"cbvmda:lotNumber": "L-7"}
    )
    store(writer, born)
    [ours] = shelf.number(1)
    store(writer, observed(piece(ours)))

    copied, again = scan(client, shelf.label("A7", "L-8")), scan(client, shelf.label("A7", "L-8"))
    genuine, alone = scan(client, shelf.label("A7")), scan(client, f"/01/{GTIN}/21/A7")
    moved = scan(client, shelf.label(ours, "L-8"))

    for page in (copied, again, moved):
        assert (told(page), ELSEWHERE in page.text) == ([False, False, False], True)
    for page in (genuine, alone):
        assert (page.request.path, ELSEWHERE in page.text) == (f"/trace/lots/{shelf.lot.public_id}", False)
    assert [serial for serial, _lot, _scans in recorded_scans()] == sorted(["A7", ours])


def test_a_page_of_a_lot_without_a_number_may_be_kept_as_before(client, shelf):
    page = scan(client, f"/01/{GTIN}/10/L-7")

    assert (told(page), page.request.full_path) == ([False, False, False], f"/trace/lots/{shelf.lot.public_id}?")
    assert "no-store" not in page.headers.get("Cache-Control", "")
