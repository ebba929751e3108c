"""What a recall covers: what was made of a lot by acts, through pallets, single packs, and under each of its numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import text

from catalog.lots.batches import packing
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON
from tests.traceability.events import document, observed, packed, sscc
from tests.traceability.test_foreign_goods import transformed
from tests.traceability.test_planted import GTIN, HEAD, amount, made, own_lot
from traceability.genealogy import answers
from traceability.journey import writing
from traceability.journey.goods import lots_of
from traceability.journey.made_of import made_of
from traceability.pieces import services as pieces
from traceability.pieces.models import LotSerial


def codes(lot: Any) -> list[str]:
    found = made_of([lot.id])
    known = lots_of(found)
    return sorted(known[key].code for key in found)


def test_lots_are_found_through_pallets_single_packs_acts_and_each_number_and_strangers_words_lead_nowhere(
    session, client, bearer, deliver
):
    farm = make_farm()
    lot = farm.pack(farm.harvest("100", code="A"), "40", code="L1")
    with transaction():
        loose = packing.unpack(lot.public_id, Decimal(10), farm.actor, occurred_at=NOON, at=NOON)
        run = pieces.issue(lot.public_id, 2, farm.actor, at=NOON)
        makers = [own_lot(code) for code in ("P1", "P2", "P3", "X")]
    farm.pack(loose, "5", code="L2")
    deliver()
    uri = lots_of([lot.id])[lot.id].uri
    serial = db.session.query(LotSerial).filter_by(run_id=run.id, place=1).one().serial
    head = uri.removesuffix("/10/L1")
    pack, theirs = f"{head}/21/{serial}", f"{head}/21/FARM-1"

    def capture(who: Any, *events: dict[str, Any]) -> None:
        assert client.post("/epcis/capture", json=document(*events), headers=bearer(who)).status_code == 202

    ilmd = {"cbvmda:lotNumber": "L1"}
    capture(
        farm.actor,
        observed(pack),
        observed(theirs, action="ADD", bizStep="commissioning", disposition="active", ilmd=ilmd),
    )
    with transaction():
        for maker, _lot, _uri in makers[:3]:
            writing.grant(
                maker.organisation_id, [uri, pack, theirs], by=farm.actor.organisation_id, reason="shipment", ref=None,
                at=NOON,
            )  # fmt: skip
    (first, _, p1), (second, _, p2), (third, _, p3), (stranger, its, x) = makers
    pallet = packed(sscc(7), at="2026-07-15T05:00:00Z", childQuantityList=amount(uri))
    later = {"eventTime": "2026-07-15T06:00:00Z"}
    capture(first, pallet, transformed(inputEPCList=[sscc(7)], outputQuantityList=amount(p1)) | later)
    capture(second, transformed(inputEPCList=[pack], outputQuantityList=amount(p2)) | later)
    capture(third, transformed(inputEPCList=[theirs], outputQuantityList=amount(p3)) | later)
    capture(stranger, made(f"{HEAD}{GTIN}/10/L1", x) | later)
    with transaction():
        db.session.execute(text("UPDATE skus SET gtin = :gtin WHERE id = :sku"), {"sku": lot.sku_id, "gtin": GTIN})
    db.session.expire_all()

    assert lots_of([lot.id])[lot.id].uri == f"{HEAD}{GTIN}/10/L1"
    assert codes(lot) == ["L1", "L2", "P1", "P2", "P3"]
    assert codes(its) == ["X"]
    operator = make.make_member("operator", "operator_reviewer")
    assert [node.uri for node in answers.trace(x, "up", operator).nodes] == [x]
    assert [node.uri for node in answers.trace(f"{HEAD}{GTIN}/10/L1", "down", operator).nodes] == [
        f"{HEAD}{GTIN}/10/L1"
    ]
