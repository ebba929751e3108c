"""That lots are called back, written as events: the log keeps it, and who subscribes to events hears of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import select

from catalog.lots.models import Lot, LotRecall
from shop.db import db
from traceability.journey import acts, events, writing
from traceability.journey.goods import LotOfGoods, lots_of
from traceability.journey.names import uuid_uri
from traceability.repository.models import TraceEvent
from traceability.repository.storing import Writer

_WRITTEN = select(TraceEvent.document).where(TraceEvent.is_declaration.is_(False), TraceEvent.is_market)


def take_recalls(lot: UUID, *, recorded_at: datetime) -> None:
    """Write an event for each recall of a lot, and declare wrong those that were lifted; a repeat changes nothing."""
    key = db.session.scalars(select(Lot.id).where(Lot.public_id == lot)).one()
    goods = lots_of([key])[key]
    writer = Writer(goods.producer_id, goods.county_code)
    for row in db.session.scalars(select(LotRecall).where(LotRecall.lot_id == key).order_by(LotRecall.id)):
        event = _called_back(goods, row)
        # Goods may have got another number since: what was written then is what is declared wrong.
        written = db.session.scalars(_WRITTEN.where(TraceEvent.event_id == event["eventID"])).one_or_none()
        if written is None:
            writing.write([event], writer, at=recorded_at)
        else:
            event = {**written, "eventID": event["eventID"]}
        if row.lifted_at is not None:
            writing.write([acts.declared_wrong(event, row.lifted_at, "incorrect_data")], writer, at=recorded_at)
    writing.grant(goods.producer_id, [goods.uri], by=goods.producer_id, reason="own", ref=None, at=recorded_at)


def _called_back(lot: LotOfGoods, recall: LotRecall) -> events.Event:
    """Return that a lot is called back, named by the recall and the lot."""
    event = events.seen(lot.uri, recall.recalled_at, "holding", lot.producer_ref)
    named = {"eventID": uuid_uri(uuid5(recall.recall_id, str(lot.public_id))), "disposition": "recalled"}
    return event | named | {"bizTransactionList": [{"bizTransaction": uuid_uri(recall.recall_id)}]}
