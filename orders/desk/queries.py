"""The order page: everything about an order that its reader may see and do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orders.contracts.answers import ContractAnswer, contract_answer
from orders.contracts.models import Contract
from orders.contracts.services import find_contract
from orders.desk.documents import Papers, papers_of
from orders.desk.steps import Step, next_step
from orders.desk.timeline import Happening, timeline_of
from orders.fulfilment.answers import AcceptanceAnswer, ShipmentAnswer, ShipmentItemAnswer, acceptances_of, shipments_of
from orders.fulfilment.shortage import Short, short_of_order
from orders.purchase import machine
from orders.purchase.access import get_order
from orders.purchase.answers import OrderAnswer, order_answer
from orders.purchase.machine import PossibleMove
from orders.purchase.models import Order
from orders.purchase.parties import Parties, side_of
from orders.returns import queries as returns
from orders.returns.queries import ReturnRow
from shop.auth import Actor

#: Returns that an order's page shows; the rest stand in the list.
_RETURNS = 20


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order with its contract, deliveries, papers, timeline, and what the reader can do now."""

    order: OrderAnswer
    contract: ContractAnswer | None
    shipments: list[ShipmentAnswer]
    acceptances: list[AcceptanceAnswer]
    papers: Papers
    timeline: list[Happening]
    possible: list[PossibleMove]
    step: Step
    #: ``buyer``, ``producer``, ``operator`` or ``None`` for an official.
    side: str | None
    #: What has no goods any more, expired or called back after it was reserved.
    short: list[Short]
    #: What the buyer owes for what it has accepted, allowances left out, in fen.
    earned_fen: int
    #: The newest returns, and whether the reader may open one more.
    returns: Sequence[ReturnRow]
    may_return: bool

    @property
    def is_to_invoice(self) -> bool:
        """Whether something was accepted that no invoice covers."""
        invoiced = sum(one.share_fen for one in self.papers.invoices if one.status != "refused")
        return self.earned_fen > invoiced

    @property
    def ordered_prices(self) -> dict[UUID, int]:
        """The unit prices at which lines were ordered, in fen, of those that were confirmed at another."""
        changed = self.contract.differences if self.contract else None
        return {line.line_id: line.before_fen for line in changed.prices} if changed else {}

    @property
    def recalled(self) -> list[ShipmentItemAnswer]:
        """What was delivered of lots that are called back and not sent back when it was accepted."""
        items = (item for shipment in self.shipments for item in shipment.items)
        return [item for item in items if item.recall_reason and item.rejected < item.quantity]

    def can(self, *events: str) -> bool:
        """Say whether the reader can make one of these moves now."""
        return any(f"{move.machine}.{move.event}" in events for move in self.possible)


def get_order_page(public_id: UUID, actor: Actor, at: datetime) -> OrderPage:
    """Return the page of an order that the actor may see.

    :raises NoSuchOrder: if there is none.
    """
    order = get_order(public_id, actor, at)
    contract = find_contract(order.id)
    shipments, acceptances, papers = shipments_of(order.id, actor), acceptances_of(order.id, actor), papers_of(order.id)
    told = order_answer(order.id)
    signed = contract_answer(contract, actor) if contract else None
    side = side_of(actor, Parties.of(order), at)
    return OrderPage(
        order=told,
        contract=signed,
        shipments=shipments,
        acceptances=acceptances,
        papers=papers,
        timeline=timeline_of(order.id, acceptances, buyer=told.buyer.name, actor=actor),
        possible=_possible(order, contract, shipments, actor=actor, at=at),
        step=next_step(told, signed, shipments, papers),
        side=side,
        short=short_of_order(order),
        earned_fen=order.earned_fen,
        returns=returns.list_returns(actor, at, limit=_RETURNS, order_id=order.id).items,
        may_return=_may_return(told, side, actor),
    )


def _may_return(order: OrderAnswer, side: str | None, actor: Actor) -> bool:
    permission = {"buyer": "goods:accept", "producer": "goods:ship"}.get(side or "")
    return permission is not None and actor.may(permission) and any(line.accepted for line in order.lines)


def _possible(
    order: Order, contract: Contract | None, shipments: list[ShipmentAnswer], *, actor: Actor, at: datetime
) -> list[PossibleMove]:
    """Return the moves that the actor can make: the table's, and accepting what has come."""
    parties = Parties.of(order)
    status = contract.status if contract else None
    found = machine.possible_moves("order", order, actor, at=at, context={"contract": status})
    if contract is not None:
        found += machine.possible_moves("contract", contract, actor, at=at, parties=parties)
    waits = any(item.undecided for shipment in shipments for item in shipment.items)
    if waits and side_of(actor, parties, at) == "buyer" and actor.may("goods:accept"):
        found.append(PossibleMove("order", "accept", order.status, "goods:accept"))
    return found
