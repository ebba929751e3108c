"""The acts of a purchase in the story: each does one step through the services and says what follows."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from admin.demo import money
from admin.demo.plan import Plan, draw
from admin.demo.stage import Act, Stage, draw_for, later, lines_of
from admin.demo.story import Step
from catalog.lots.stock import OutOfStock
from orders.contracts import services as contracts
from orders.fulfilment import accepting, shipping
from orders.fulfilment.models import Shipment, ShipmentItem
from orders.purchase import access, changes, checkout, procurements
from orders.purchase.placing import LinesRefused
from orders.purchase.pricing import Wanted
from shop.clock import business_day
from shop.db import db
from shop.identity.models import Membership

_NOTES = ("食堂原料采购", "职工福利采购", "节日慰问采购", "月度集中采购", "后勤物资采购")
_REASONS = ("包装破损", "规格不符", "到货时已过冷链温度")
_WHY_CANCELLED = {"buyer": "预算调整，取消采购", "producer": "产地受灾，无法供货"}


def place(stage: Stage, step: Step) -> list[Step]:
    """Place the procurement; each order becomes a thread of its own."""
    plan = stage.plans[int(step.memory["number"])]
    rng = draw(plan.number, "head")
    actor = stage.buyer(step)
    head = procurements.ProcurementHead(
        unit_id=stage.world.units[plan.buyer],
        fund_source=plan.fund_source,
        payment_mode=plan.payment_mode,
        title=f"{rng.choice(_NOTES)}（{plan.at.year}年第{plan.number}号）",
        consignee=actor.user_name,
        consignee_phone="19900000000",
        delivery_address=f"{actor.organisation_name}收货处",
        deliver_by=business_day(step.at) + timedelta(days=rng.randint(10, 25)),
    )
    lines = [Wanted(stage.world.listing_ids[want.listing], want.quantity) for want in plan.wants]
    if plan.buyer == 0:
        return _ask_for_approval(stage, step, head, lines)
    try:
        placed = checkout.create_and_place(head, lines, actor=actor, at=step.at)
    except (OutOfStock, LinesRefused):
        return []
    return _threads(stage, step, placed)


def _ask_for_approval(stage: Stage, step: Step, head: Any, lines: list[Wanted]) -> list[Step]:
    made = procurements.create_procurement(head, lines, actor=stage.buyer(step), at=step.at)
    db.session.flush()  # the submission reads it
    procurements.submit_procurement(made.public_id, actor=stage.buyer(step), at=step.at)
    return [later(step, "approve", days=(0.1, 1.5), procurement=str(made.public_id))]


def approve(stage: Stage, step: Step) -> list[Step]:
    """Approve as a second person of the institution, and place."""
    public_id = UUID(step.memory["procurement"])
    second = stage.world.cast.second(f"institution:{step.memory['buyer']}")
    procurements.decide_approval(public_id, approved=True, actor=second, at=step.at)
    try:
        placed = checkout.place_procurement(public_id, actor=stage.buyer(step), at=step.at)
    except (OutOfStock, LinesRefused):
        return []
    return _threads(stage, step, placed)


def _threads(stage: Stage, step: Step, placed: Any) -> list[Step]:
    plan = stage.plans[int(step.memory["number"])]
    following = []
    for number, order in enumerate(placed.orders):
        memory = {**step.memory, "order": str(order.public_id), "key": order.id, "maker": stage.makers[order.producer_id],
                  "place": number + 1}  # fmt: skip
        thread = Step(step.at, f"order:{order.id}", "placed", memory)
        fate = plan.fate if number == 0 else "normal"
        if fate == "lapsed":
            following.append(Step(order.confirm_by + timedelta(hours=1), thread.thread, "lapse", memory))
        elif fate == "declined":
            following.append(later(thread, "decline", days=(0.2, 2)))
        else:
            after = {"cancelled_by_buyer": "buyer", "cancelled_by_producer": "producer"}.get(fate, "")
            following.append(later(thread, "confirm", days=(0.1, 2.5), cancelled_by=after))
    return following


def lapse(_stage: Stage, step: Step) -> list[Step]:
    """Let an order lapse that nobody confirmed in time."""
    changes.lapse_if_due(access.lock_order_by_key(int(step.memory["key"])), at=step.at)
    return []


def decline(stage: Stage, step: Step) -> list[Step]:
    """Decline as a producer that cannot supply."""
    order = UUID(step.memory["order"])
    contracts.end_order(order, "decline", actor=stage.seller(step), at=step.at, why=_WHY_CANCELLED["producer"])
    return []


def cancel(stage: Stage, step: Step) -> list[Step]:
    """Cancel before shipping, by either side."""
    side = step.memory["cancelled_by"]
    actor = stage.buyer(step) if side == "buyer" else stage.seller(step)
    contracts.end_order(UUID(step.memory["order"]), "cancel", actor=actor, at=step.at, why=_WHY_CANCELLED[side])
    return money.refund_if_owed(step)


def confirm(stage: Stage, step: Step) -> list[Step]:
    """Confirm freight and date as the producer, and sign."""
    rng = draw_for(step, "freight")
    freight = rng.choice((0, 0, 0, 60_00, 120_00, 180_00, 260_00))
    promised = business_day(step.at) + timedelta(days=rng.randint(4, 12))
    what = changes.Confirmation(freight_fen=freight, promised_on=promised, prices={})
    contracts.confirm_order(
        UUID(step.memory["order"]), contracts.Offer(what, sign=True), actor=stage.seller(step), at=step.at
    )
    return [later(step, "sign", days=(0.1, 2))]


def sign(stage: Stage, step: Step) -> list[Step]:
    """Sign as the institution; goods or money come first."""
    contract = contracts.find_contract(int(step.memory["key"]))
    if contract is None:
        return []
    contracts.sign_contract(contract.public_id, actor=stage.buyer(step), at=step.at)
    if step.memory.get("cancelled_by"):
        return [later(step, "cancel", days=(0.2, 1.5))]
    if stage.plans[int(step.memory["number"])].payment_mode == "pay_first":
        return [later(step, "pay", days=(1, 9))]
    return [later(step, "ship", days=(1, 6))]


def ship(stage: Stage, step: Step) -> list[Step]:
    """Send the goods off, now and then in two parts."""
    lines = lines_of(step)
    in_parts = "part" not in step.memory and draw_for(step, "parts").random() < 0.08  # noqa: PLR2004  one in twelve
    items = []
    for line in lines:
        left = line.quantity - line.cancelled - line.shipped
        quantity = (left / 2).quantize(Decimal(1), rounding=ROUND_DOWN) if in_parts else left
        if quantity > 0:
            items.append(shipping.ItemToShip(line.public_id, quantity))
    if not items:
        return [later(step, "ship", days=(0, 0.1), part=1)] if in_parts else []
    draft = shipping.ShipmentDraft(items, "演示物流", f"YS{step.memory['key']:08d}")
    shipping.ship_order(UUID(step.memory["order"]), draft, actor=stage.seller(step), at=step.at)
    if in_parts:
        return [later(step, "ship", days=(2, 6), part=1)]
    return [later(step, "accept", days=(2, 7))]


def accept(stage: Stage, step: Step) -> list[Step]:
    """Look at what came as the institution; some of it goes back."""
    rng = draw_for(step, "quality")
    decisions = []
    for item in _undecided(step):
        left = item.quantity - item.accepted - item.rejected
        bad = Decimal(0)
        if rng.random() < 0.05:  # noqa: PLR2004  one item in twenty
            bad = min(
                left, max(Decimal(1), (left * rng.randint(2, 15) / 100).quantize(Decimal(1), rounding=ROUND_DOWN))
            )
        decisions.append(accepting.ItemDecision(item.public_id, left - bad, bad, rng.choice(_REASONS) if bad else ""))
    if not decisions:
        return []
    second = stage.world.cast.second(f"institution:{step.memory['buyer']}")
    witness = db.session.get_one(Membership, second.membership_id).public_id
    draft = accepting.AcceptanceDraft(decisions, witness_id=witness)
    accepting.accept_goods(UUID(step.memory["order"]), draft, actor=stage.buyer(step), at=step.at)
    follows = money.refund_if_owed(step)
    return [*follows, later(step, "invoice", days=(0.5, 4))]


def _undecided(step: Step) -> list[ShipmentItem]:
    wanted = (
        select(ShipmentItem)
        .join(Shipment, Shipment.id == ShipmentItem.shipment_id)
        .where(
            Shipment.order_id == int(step.memory["key"]),
            ShipmentItem.accepted + ShipmentItem.rejected < ShipmentItem.quantity,
        )
        .order_by(ShipmentItem.id)
    )
    return list(db.session.scalars(wanted))


ACTS: dict[str, Act] = {
    "place": place, "approve": approve, "lapse": lapse, "decline": decline, "cancel": cancel, "confirm": confirm,
    "sign": sign, "ship": ship, "accept": accept, "invoice": money.invoice, "check": money.check, "pay": money.pay, "settle": money.settle,
    "send_back": money.send_back, "sent_back": money.sent_back,
}  # fmt: skip


def first_step(plan: Plan) -> Step:
    """Return the beginning of a procurement's thread."""
    return Step(plan.at, f"buy:{plan.number}", "place", {"number": plan.number, "buyer": plan.buyer})
