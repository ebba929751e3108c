"""The acts of a purchase in the story: each does one step through the services and says what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select

from admin.demo.plan import Plan, draw
from admin.demo.story import Step
from admin.demo.world import World
from catalog.lots.stock import OutOfStock
from orders.contracts import services as contracts
from orders.fulfilment import accepting, shipping
from orders.fulfilment.models import Shipment, ShipmentItem
from orders.invoices import services as invoices
from orders.payments import receipts, refunds
from orders.payments.models import Payment, Refund
from orders.purchase import access, changes, checkout, procurements
from orders.purchase.models import Order, OrderLine
from orders.purchase.placing import LinesRefused
from orders.purchase.pricing import Wanted
from shop.clock import business_day
from shop.db import db
from shop.identity.models import Organisation

#: Does a step at its instant; returns what follows.
Act = Callable[["Stage", Step], list[Step]]
_NOTES = ("食堂原料采购", "职工福利采购", "节日慰问采购", "月度集中采购", "后勤物资采购")
_REASONS = ("包装破损", "规格不符", "到货时已过冷链温度")
#: Working hours in minutes of the UTC day.
_OPENS, _CLOSES = 30, 9 * 60 + 30
_WHY_CANCELLED = {"buyer": "预算调整,取消采购", "producer": "产地受灾,无法供货"}


class Stage:
    """What every act needs: the world and the plans by number."""

    def __init__(self, world: World, plans: dict[int, Plan]) -> None:
        self.world = world
        self.plans = plans
        self.makers = {world.cast.organisations[s.maker].id: s.maker for s in world.samples}

    def buyer(self, step: Step) -> Any:
        """Return who acts for the institution of a step."""
        return self.world.cast.first(f"institution:{step.memory['buyer']}")

    def seller(self, step: Step, second: bool = False) -> Any:  # noqa: FBT001, FBT002  the first or second person
        """Return who acts for the producer of a step."""
        people = self.world.cast.people[step.memory["maker"]]
        return people[1 if second else 0]


def later(step: Step, name: str, *, days: tuple[float, float], **memory: Any) -> Step:
    """Return the thread's next step, a drawn number of days on and in Shanghai's working hours."""
    rng = _rng(step, name)
    at = step.at + timedelta(days=rng.uniform(*days))
    return Step(working_time(at, rng), step.thread, name, {**step.memory, **memory})


def working_time(at: datetime, rng: Random) -> datetime:
    """Move an instant forward to a weekday between 8:30 and 17:30 in Shanghai, which is 0:30 to 9:30 UTC."""
    minute = at.hour * 60 + at.minute
    if not _OPENS <= minute <= _CLOSES:
        at = (at + timedelta(days=1)).replace(hour=0, minute=30) + timedelta(minutes=rng.randint(0, 9 * 60))
    while at.weekday() > 4:  # noqa: PLR2004  Friday
        at += timedelta(days=1)
    return at


def _rng(step: Step, name: str) -> Random:
    return draw(int(step.memory["number"]), step.memory.get("place", 0), name, step.name)


def place(stage: Stage, step: Step) -> list[Step]:
    """Place the procurement; each order becomes a thread of its own."""
    plan = stage.plans[int(step.memory["number"])]
    rng = draw(plan.number, "head")
    actor = stage.buyer(step)
    head = procurements.ProcurementHead(
        unit_id=stage.world.units[plan.buyer],
        fund_source=plan.fund_source,
        payment_mode=plan.payment_mode,
        title=f"{rng.choice(_NOTES)}({plan.at.year}年第{plan.number}号)",
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
    return _refund_if_owed(step)


def confirm(stage: Stage, step: Step) -> list[Step]:
    """Confirm freight and date as the producer, and sign."""
    rng = _rng(step, "freight")
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
    lines = _lines(step)
    in_parts = "part" not in step.memory and _rng(step, "parts").random() < 0.08  # noqa: PLR2004  one in twelve
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
    rng = _rng(step, "quality")
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
    witness = stage.world.cast.second(f"institution:{step.memory['buyer']}").user_name
    draft = accepting.AcceptanceDraft(decisions, witness_name=witness)
    accepting.accept_goods(UUID(step.memory["order"]), draft, actor=stage.buyer(step), at=step.at)
    follows = _refund_if_owed(step)
    return [*follows, later(step, "invoice", days=(0.5, 4))]


def invoice(stage: Stage, step: Step) -> list[Step]:
    """Record the producer's invoice over what was accepted and its freight."""
    order = db.session.get_one(Order, int(step.memory["key"]))
    rates = {line.tax_rate for line in _lines(step)}
    rate = rates.pop() if len(rates) == 1 else "9"
    pay_first = order.payment_mode == "pay_first"
    if order.due_fen > 0:
        buyer = db.session.get_one(Organisation, order.buyer_id)
        tax = 0 if rate == "exempt" else order.due_fen * int(rate) // (100 + int(rate))
        facts = invoices.InvoiceFacts(
            number=f"{business_day(step.at):%y}62{order.id:016d}", amount_fen=order.due_fen, tax_fen=tax, tax_rate=rate,
            issued_on=business_day(step.at), buyer_header=buyer.name, buyer_tax_no=buyer.credit_code or "",
            orders=(invoices.InvoiceShare(order=order.public_id, amount_fen=order.due_fen),),
        )  # fmt: skip
        made = invoices.record(facts, stage.seller(step), step.at)
        return [later(step, "check", days=(0.3, 3), invoice=str(made.public_id), paid_first=pay_first)]
    return []


def check(stage: Stage, step: Step) -> list[Step]:
    """Check the invoice as the institution; goods-first it now pays."""
    invoices.check(UUID(step.memory["invoice"]), stage.buyer(step), step.at)
    return [] if step.memory["paid_first"] else [later(step, "pay", days=(2, 24))]


def pay(stage: Stage, step: Step) -> list[Step]:
    """Record what the producer's bank shows: the whole, a part, or one transfer for several orders."""
    order = db.session.get_one(Order, int(step.memory["key"]))
    owed = order.due_fen - order.received_fen + order.refunded_fen
    if owed <= 0:
        return []
    in_parts = "rest" not in step.memory and _rng(step, "parts").random() < 0.12  # noqa: PLR2004  one in eight
    amount = owed * 6 // 10 if in_parts else owed
    shares = [receipts.Share(order=order.public_id, amount_fen=amount)]
    if not in_parts and order.payment_mode == "goods_first":
        shares += _others_owed(order)
    total = sum(share.amount_fen for share in shares)
    buyer = stage.buyer(step)
    facts = receipts.ReceiptFacts(
        bank_serial=f"YS{business_day(step.at):%Y%m%d}{order.id:08d}{'B' if 'rest' in step.memory else 'A'}",
        payer_name=buyer.organisation_name, amount_fen=total, value_on=business_day(step.at),
        remark=order.reference_code, allocations=tuple(shares),
    )  # fmt: skip
    made = receipts.record(facts, stage.seller(step, second=True), step.at)
    return [later(step, "settle", days=(0.05, 1), payment=str(made.public_id), more=in_parts)]


def settle(stage: Stage, step: Step) -> list[Step]:
    """Confirm the receipt as another person of the producer."""
    payment = db.session.scalars(select(Payment).where(Payment.public_id == UUID(step.memory["payment"]))).one()
    receipts.confirm(payment.public_id, stage.seller(step), step.at)
    if step.memory["more"]:
        return [later(step, "pay", days=(5, 20), rest=1)]
    order = db.session.get_one(Order, int(step.memory["key"]))
    if order.payment_mode == "pay_first" and order.first_shipped_at is None:
        return [later(step, "ship", days=(1, 5))]
    return []


def _others_owed(order: Order) -> list[receipts.Share]:
    """Return shares for the buyer's other accepted orders at the producer that nobody has paid anything of."""
    rows = db.session.scalars(
        select(Order)
        .where(
            Order.buyer_id == order.buyer_id, Order.producer_id == order.producer_id, Order.id != order.id,
            Order.accepted_at.is_not(None), Order.received_fen == 0, Order.due_fen > 0,
            Order.payment_mode == "goods_first",
        )
        .order_by(Order.id)
        .limit(3)
    )  # fmt: skip
    return [receipts.Share(order=row.public_id, amount_fen=row.due_fen) for row in rows]


def _refund_if_owed(step: Step) -> list[Step]:
    refund = refunds.request_what_is_too_much(UUID(step.memory["order"]), step.at)
    if refund is None:
        return []
    db.session.flush()  # obtains its public identifier
    memory = {**step.memory, "refund": str(refund.public_id)}
    thread = Step(step.at, f"refund:{refund.id}", "asked", memory)
    return [later(thread, "send_back", days=(1, 6))]


def send_back(stage: Stage, step: Step) -> list[Step]:
    """Send money back as the producer and record it."""
    refund = db.session.scalars(select(Refund).where(Refund.public_id == UUID(step.memory["refund"]))).one()
    if refund.status != "requested":
        return []
    slip = refunds.TransferBack(bank_serial=f"TK{refund.id:012d}", value_on=business_day(step.at))
    refunds.record(refund.public_id, slip, stage.seller(step, second=True), step.at)
    return [later(step, "sent_back", days=(0.1, 1))]


def sent_back(stage: Stage, step: Step) -> list[Step]:
    """Confirm the refund as another person."""
    refunds.confirm(UUID(step.memory["refund"]), stage.seller(step), step.at)
    return []


def _lines(step: Step) -> list[OrderLine]:
    wanted = select(OrderLine).where(OrderLine.order_id == int(step.memory["key"])).order_by(OrderLine.id)
    return list(db.session.scalars(wanted))


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
    "sign": sign, "ship": ship, "accept": accept, "invoice": invoice, "check": check, "pay": pay, "settle": settle,
    "send_back": send_back, "sent_back": sent_back,
}  # fmt: skip


def first_step(plan: Plan) -> Step:
    """Return the beginning of a procurement's thread."""
    return Step(plan.at, f"buy:{plan.number}", "place", {"number": plan.number, "buyer": plan.buyer})
