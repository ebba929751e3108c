"""What was called back is not packed anew under another name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text

from catalog.lots import recalls
from catalog.lots.batches import packing
from catalog.lots.services import LotNotOpen
from shop.db import db, transaction
from tests.catalog.batches.help import left, make_farm
from tests.conftest import NOON, count


@pytest.mark.parametrize("reserved", [0, 30])
def test_packs_of_a_recalled_lot_are_not_opened_to_be_packed_anew_whatever_is_reserved(session, reserved):
    farm = make_farm()
    batch = farm.harvest("100", code="A")
    lot = farm.pack(batch, "40", code="L1")
    with transaction():
        db.session.execute(text("UPDATE sku_stock SET reserved = :many"), {"many": reserved})
        assert recalls.recall([lot.id], reason="异物", actor=farm.actor, at=NOON) == [lot.id]
    before = [count(table) for table in ("batches", "batch_acts", "lot_movements")]

    with pytest.raises(LotNotOpen) as refused, transaction():
        packing.unpack(lot.public_id, Decimal(5), farm.actor, occurred_at=NOON, at=NOON)

    assert type(refused.value) is LotNotOpen
    assert [count(table) for table in ("batches", "batch_acts", "lot_movements")] == before
    assert left(batch) == [Decimal(80)]
    assert db.session.execute(text("SELECT status, on_hand FROM lots")).one() == (
        "recalled", Decimal(40)
    )  # fmt: skip
