"""What the market tells becomes events of the trace; idempotent, in any order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shop import clock
from shop.outbox.services import subscribe
from traceability.journey import (
    batches,
    certificates,
    consignments,
    described,
    numbering,
    reaching,
    recall_events,
    records,
    returns,
    stock,
)

_IS_CALLED_BACK = """EXISTS (SELECT FROM lot_recalls WHERE lifted_at IS NULL)
    OR EXISTS (SELECT FROM batch_recalls WHERE lifted_at IS NULL)"""


@subscribe("orders.order_shipped")
def on_order_shipped(**told: Any) -> None:
    """Write the shipping event, and who gets which lot."""
    consignments.take_shipment(told, recorded_at=clock.now())


@subscribe("orders.goods_accepted")
def on_goods_accepted(**told: Any) -> None:
    """Write the receiving event."""
    consignments.take_acceptance(told, recorded_at=clock.now())


@subscribe("orders.goods_sent_back")
def on_goods_sent_back(**told: Any) -> None:
    """Write that accepted goods go back."""
    returns.take_sending(told, recorded_at=clock.now())


@subscribe("orders.goods_returned")
def on_goods_returned(**told: Any) -> None:
    """Write that they have come back, and which."""
    returns.take_return(told, recorded_at=clock.now())


@subscribe("catalog.batch_recorded")
@subscribe("catalog.batch_transformed")
@subscribe("catalog.batch_discarded")
@subscribe("catalog.lot_packed")
@subscribe("catalog.act_undone")
def on_act(**told: Any) -> None:
    """Write the event of what a producer did with batches."""
    batches.take_act(told, recorded_at=clock.now())


@subscribe("catalog.lot_moved")
def on_lot_moved(**told: Any) -> None:
    """Write what else came into a lot or went out of it."""
    stock.take_movement(told, recorded_at=clock.now())


@subscribe("catalog.test_reported")
def on_test_reported(**told: Any) -> None:
    """Write that goods were tested."""
    records.take_test(told, recorded_at=clock.now())


@subscribe("catalog.temperature_recorded")
def on_temperature_recorded(**told: Any) -> None:
    """Write what a logger saw."""
    records.take_temperatures(told, recorded_at=clock.now())


@subscribe("catalog.test_withdrawn")
def on_test_withdrawn(**told: Any) -> None:
    """Declare that the test of the goods was recorded wrongly."""
    records.take_back_test(told, recorded_at=clock.now())


@subscribe("catalog.commitment_issued")
def on_commitment_issued(**told: Any) -> None:
    """Write that goods have a commitment certificate."""
    certificates.take_commitment(told, recorded_at=clock.now())


@subscribe("catalog.paper_recorded")
def on_paper_recorded(**told: Any) -> None:
    """Write that goods have a paper of meat."""
    certificates.take_paper(told, recorded_at=clock.now())


@subscribe("catalog.supplier_recorded")
def on_supplier_recorded(**told: Any) -> None:
    """Write from whom goods were bought."""
    certificates.take_supplier(told, recorded_at=clock.now())


@subscribe("catalog.paper_withdrawn")
def on_paper_withdrawn(**told: Any) -> None:
    """Declare that a paper of meat was recorded wrongly."""
    certificates.take_back_paper(told, recorded_at=clock.now())


@subscribe("catalog.temperature_withdrawn")
def on_temperature_withdrawn(**told: Any) -> None:
    """Declare that what a logger saw was recorded wrongly."""
    records.take_back_temperatures(told, recorded_at=clock.now())


@subscribe("traceability.pieces_issued")
def on_pieces_issued(**told: Any) -> None:
    """Write which packs a lot has."""
    numbering.take_run(told, recorded_at=clock.now())


@subscribe("catalog.goods_passed")
def on_goods_passed(**told: Any) -> None:
    """Write where goods were on their way."""
    records.take_passage(told, recorded_at=clock.now())


@subscribe("catalog.passage_withdrawn")
def on_passage_withdrawn(**told: Any) -> None:
    """Declare that a passage was recorded wrongly."""
    records.take_back_passage(told, recorded_at=clock.now())


@subscribe("catalog.place_added")
def on_place_added(**told: Any) -> None:
    """Keep the place as master data."""
    described.take_place(told, recorded_at=clock.now())


@subscribe("traceability.events_captured", only_if=_IS_CALLED_BACK)
def on_events_captured(*, first_id: int, last_id: int, **_: Any) -> None:
    """Let recalls reach what is told now to have been made of their goods."""
    reaching.reach_further(first_id, last_id, at=clock.now())


@subscribe("catalog.lot_recalled")
def on_lot_recalled(*, recall_id: str, lot_id: str, **_: Any) -> None:
    """Write it, and look once more now that it is there: what was captured beside it did not know of it, nor it of that."""
    recall_events.take_recalls(UUID(lot_id), recorded_at=clock.now())
    reaching.reach_again(UUID(recall_id), UUID(lot_id), at=clock.now())


@subscribe("catalog.recall_lifted")
def on_recall_lifted(*, lot_id: str, **_: Any) -> None:
    """Declare that the recall of a lot was made by mistake."""
    recall_events.take_recalls(UUID(lot_id), recorded_at=clock.now())
