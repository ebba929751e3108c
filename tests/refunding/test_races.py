"""A refund is gathered once, and confirmed once, however many persons and statements say so at the same time."""

import pytest
from sqlalchemy import select

from orders.purchase.machine import WrongState
from orders.refunding import gathering, transfers
from orders.refunding.gathering import NotToBeGathered
from orders.refunding.models import RefundTransfer
from orders.refunding.transfers import RefundPaid
from shop.db import db, transaction
from tests.conftest import NOON
from tests.payments.test_races import at_once
from tests.refunding.help import make_scene, sent
from tests.settlement.help import differences


@pytest.mark.committed
def test_gathered_and_confirmed_at_once_is_refunded_once(committed_app):
    with transaction():
        scene = make_scene()
    chosen = [scene.goods.public_id, scene.credit.public_id]

    gathers = at_once(committed_app, *(lambda: gathering.gather(chosen, scene.a, NOON) for _ in range(3)))

    assert sorted(gathers, key=str) == [NotToBeGathered, NotToBeGathered, None]
    with transaction():
        made = db.session.scalars(select(RefundTransfer)).all()
        assert len(made) == 2
        for each in made:
            transfers.cancel(each.public_id, "重来", scene.b, NOON)
        one, _two = sent(scene)
        paid = [RefundPaid(transfer=one.public_id, bank_serial="W1", value_on=NOON.date())]
        key = one.public_id
        transfers.doubt(key, "户名不符", scene.a, NOON)

    ends = at_once(
        committed_app,
        lambda: transfers.confirm(paid, None, NOON),
        lambda: transfers.confirm(paid, scene.b, NOON),
        lambda: transfers.fail(key, scene.b, NOON),
    )

    assert sorted(ends, key=str) == [WrongState, WrongState, None]
    with transaction():
        db.session.expire_all()
        was_paid = scene_status(key) == "paid"
        assert db.session.merge(scene.order).refunded_fen == (4_000 if was_paid else 0)
        assert differences() == []


def scene_status(key):
    return db.session.scalar(select(RefundTransfer.status).where(RefundTransfer.public_id == key))
