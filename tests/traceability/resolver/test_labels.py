"""Labels: what stands on them, and that their codes can be read."""

import re

import pytest
import zxingcpp

from catalog.products.numbers import own_number
from shop.db import transaction
from tests import factories
from traceability.resolver.labels import draw

BASE = "http://127.0.0.1:8000"
#: Dots of the test's picture a module.
DOTS = 6


def decoded(drawing):
    """Paint the drawing of a code, dark runs on white, and read it as a scanner does."""
    [box] = re.findall(r'viewBox="([^"]+)"', drawing)
    corner, _, side, _ = map(int, box.split())
    rows = [bytearray(b"\xff" * side * DOTS) for _ in range(side * DOTS)]
    for x, y, length in (map(int, run) for run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", drawing)):
        left, top = (x - corner) * DOTS, (y - corner) * DOTS
        for row in rows[top : top + DOTS]:
            row[left : left + length * DOTS] = bytes(length * DOTS)
    picture = memoryview(b"".join(rows)).cast("B", (len(rows), len(rows[0])))
    return [
        code.text
        for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    ]


@pytest.mark.parametrize("length", [1, 20, 60, 200])
def test_a_code_can_be_read(length):
    address = f"{BASE}/01/06901234567892/10/" + "A7-"[: length % 3] + "b" * length

    assert decoded(draw(address).svg) == [address]


@pytest.fixture
def desk(session, login):
    """A producer's desk with two lots: one of goods with a GTIN, one of goods without."""
    with transaction():
        producer = factories.make_producer(name="靖远合作社")
        product = factories.make_product(producer)
        known = factories.make_sku(product, producer, gtin="06901234567892")
        own = factories.make_sku(product, producer, pack_spec="1 kg/盒", unit="box")
        lots = (
            factories.make_lot(known, producer, lot_code="L-7"),
            factories.make_lot(own, producer, lot_code="批次/7"),
        )
    return login(producer), lots, own


@pytest.mark.parametrize("size", ["a4", "roll"])
def test_labels_of_several_lots_are_made_at_once_and_lead_to_the_goods(desk, size):
    client, (first, second), own = desk

    page = client.get(f"/producer/labels/sheet?size={size}&n-{first.public_id}=24&n-{second.public_id}=3")

    addresses = [f"{BASE}/01/06901234567892/10/L-7", f"{BASE}/01/{own_number(own.id)}/10/DK_{second.id}"]
    assert page.status_code == 200
    assert f'class="labels {size}"' in page.text
    assert [decoded(symbol) for symbol in re.findall(r"<symbol.*?</symbol>", page.text, re.DOTALL)] == [
        [address] for address in addresses
    ]
    assert [page.text.count(f'<use href="#code-{number}"/>') for number in (1, 2)] == [24, 3]
    assert page.text.count("GTIN 06901234567892") == 24
    assert page.text.count(f"平台编号 {own_number(own.id)}") == 3
    assert page.text.count("靖远合作社") == 27
    assert page.text.count("生产日期 2026-07-01") == 27
    assert [client.get(address.removeprefix(BASE)).status_code for address in addresses] == [307, 307]


def test_the_code_of_a_lot_can_be_had_alone(desk):
    client, (first, _second), _own = desk

    answer = client.get(f"/producer/labels/{first.public_id}.svg")

    assert answer.content_type == "image/svg+xml; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="06901234567892-L-7.svg"'
    assert decoded(answer.text) == [f"{BASE}/01/06901234567892/10/L-7"]


def test_the_lots_in_stock_are_offered(desk):
    client, (first, second), _own = desk

    page = client.get(f"/producer/labels?lot={first.public_id}").text

    assert f'name="n-{first.public_id}"' in page
    assert f'name="n-{second.public_id}"' in page
    assert page.count('value="24"') == 1


@pytest.mark.parametrize(
    "counts",
    ["", "n-{0}=", "n-{0}=0", "n-{0}=-1", "n-{0}=x", "n-{0}=٣", "n-{0}=1000&n-{1}=1", "n-x=1", "n-{0}=99999999999"],
)
def test_counts_that_are_none_or_too_many_are_refused(desk, counts):
    client, lots, _own = desk

    answer = client.get("/producer/labels/sheet?" + counts.format(*(lot.public_id for lot in lots)))

    assert answer.status_code == 422
    assert "枚" in answer.text or "标签数量应为正整数" in answer.text


def test_lots_of_others_have_no_labels(desk, login):
    _client, (first, _second), _own = desk
    with transaction():
        other = factories.make_producer()
    stranger = login(other)

    assert stranger.get(f"/producer/labels/sheet?n-{first.public_id}=1").status_code == 404
    assert stranger.get(f"/producer/labels/{first.public_id}.svg").status_code == 404
    assert "没有在库批次" in stranger.get("/producer/labels").text
