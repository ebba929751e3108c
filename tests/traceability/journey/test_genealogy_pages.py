"""Where goods came from and went, for people: the tree with quantities and gaps, the nearest handovers, for whom it is."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from python_calamine import CalamineWorkbook

from catalog.products.models import Sku
from shop.db import db, transaction
from shop.identity.models import AuthorityScope
from tests import factories as make
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON
from tests.purchase.world import make_world
from tests.traceability.events import document
from tests.traceability.test_foreign_goods import transformed
from tests.traceability.test_planted import amount
from traceability.genealogy import answers
from traceability.genealogy.gaps import Gap
from traceability.journey import writing
from traceability.journey.genealogy_pages import GAPS, HOW, SHOWN, gap_words
from traceability.journey.goods import lots_of
from traceability.journey.tree import rows_of


def official(division: str) -> Any:
    with transaction():
        authority = make.make_organisation("authority")
        scope = {"kind": "division", "division_code": division, "valid_from": make.LONG_AGO.date()}
        db.session.add(AuthorityScope(organisation_id=authority.id, **scope))
    return make.make_member("authority", "authority_viewer", organisation=authority)


def test_producer_buyer_official_and_operator_read_the_tree_and_nobody_else_does(
    session, deliver, login, client, bearer
):
    farm = make_farm()
    batch = farm.harvest("100", code="H1")
    lot = farm.pack(batch, "40", code="L1")
    deliver()
    unknown = "urn:epc:class:lgtin:4012345.012345.SALT"
    uri = lots_of([lot.id])[lot.id].uri
    event = transformed(
        inputQuantityList=[{"epcClass": unknown, "quantity": 2, "uom": "KGM"}], outputQuantityList=amount(uri)
    )
    assert client.post("/epcis/capture", json=document(event), headers=bearer(farm.actor)).status_code == 202
    buyer = make.make_member()
    with transaction():
        writing.grant(buyer.organisation_id, [uri], by=farm.actor.organisation_id, reason="shipment", ref=None, at=NOON)
    operator = make.make_member("operator", "operator_reviewer")

    readers = ((farm.actor, "producer"), (buyer, "desk"), (official("620421"), "official"), (operator, "operator"))
    for reader, desk in readers:
        page = login(reader).get(f"/{desk}/lots/{lot.public_id}/genealogy")
        assert page.status_code == 200, desk
        assert ("H1" in page.text, "20 公斤" in page.text, "没有人记录它是怎么来的。" in page.text, "最深 1 层" in page.text) == (
            True, True, True, True,
        ), desk  # fmt: skip
    for stranger, desk in (
        (make.make_member(), "desk"),
        (make_world().producer, "producer"),
        (official("510000"), "official"),
    ):
        assert login(stranger).get(f"/{desk}/lots/{lot.public_id}/genealogy").status_code == 404

    visitor = login(farm.actor)
    down = visitor.get(f"/producer/batches/{batch.public_id}/genealogy?show=down").text
    assert ("L1" in down, f"/lots/{lot.public_id}" in down) == (True, True)
    book = visitor.get(f"/producer/lots/{lot.public_id}/genealogy.xlsx?show=up").data
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [(row[0], str(row[1]).rpartition(" ")[2], row[3], row[4]) for row in rows[1:-1]] == [
        (0, "L1", "", ""), (1, "H1", "20", "公斤"), (1, "01/04012345123456/10/SALT", "2", "公斤")
    ]  # fmt: skip


def test_the_nearest_handovers_name_parties_and_papers_and_a_lot_without_records_says_so(session, deliver, login):
    world = make_world(stock="0")
    with transaction():
        lot = make.make_lot(db.session.get_one(Sku, world.listings[0].sku_id), world.producer, "100", lot_code="A")
    visitor = login(world.producer)
    assert "还没有这个批次的追溯记录。" in visitor.get(f"/producer/lots/{lot.public_id}/genealogy").text
    order = world.signed("10")
    shipment = world.ship(order, "6")
    deliver()

    page = login(world.buyer).get(f"/desk/lots/{lot.public_id}/genealogy?show=nearest").text
    assert [word in page for word in (order.number, shipment.number, world.producer.organisation_name, "发货")] == [
        True
    ] * 4


def test_goods_that_flow_together_again_are_told_once_and_gaps_in_sentences(session, deliver):
    farm = make_farm()
    field = farm.harvest("100", code="H")
    dried = farm.process({field: "10"}, "8", code="D1")
    mixed = farm.process({dried: "4", field: "5"}, "9", code="M")
    deliver()
    operator = make.make_member("operator", "operator_reviewer")
    lot = farm.pack(mixed, "4", code="L")
    deliver()

    rows = rows_of(answers.trace(lots_of([lot.id])[lot.id].uri, "up", operator))

    told = [(row.level, row.uri.rpartition("/")[2], row.quantity, row.is_again) for row in rows]
    assert told == [
        (0, "L", None, False), (1, "M", Decimal(2), False), (2, "D1", Decimal(4), False), (3, "H", Decimal(10), False),
        (2, "H", Decimal(5), True),
    ]  # fmt: skip
    assert (
        gap_words(Gap("more_out_than_in", "x", Decimal(5), Decimal("6.50"), "KGM"))
        == "产出多于投入：投入 5，产出 6.5 公斤。"
    )
    assert (sorted(GAPS), sorted(HOW), SHOWN) == (
        ["class_without_lot", "more_out_than_in", "more_used_than_made", "never_made", "never_opened"],
        ["carrier", "inside", "made", "self"], 200,
    )  # fmt: skip
