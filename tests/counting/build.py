"""Orders in any state, built row by row, for tests of what is counted and paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import count as counter
from uuid import uuid4

from sqlalchemy import func, insert, select

from catalog.producers.models import Producer
from catalog.products.models import Listing, Product, Sku
from orders.ledger import books
from orders.purchase import counting
from orders.purchase.models import Order, OrderLine, Procurement
from orders.purchase.numbers import make_reference
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation, User
from tests.factories import make_member
from tests.ledger.world import HEPING, JINGYUAN, make_world

_numbers = counter(1)
PERMISSIONS = frozenset(
    {
        "orders:read", "payments:read", "payments:record", "payments:confirm", "payments:announce", "refunds:request",
        "refunds:record", "refunds:confirm", "invoices:record", "invoices:check", "banking:manage",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Trade:
    """A buyer and a producer with a listing between them, and two persons on each side."""

    buyer: Actor
    buyer2: Actor
    clerk: Actor
    checker: Actor
    listing_id: int
    sku_id: int


def make_actor(organisation: Organisation, *permissions: str) -> Actor:
    user = User(name=f"人{next(_numbers)}", email=f"{uuid4().hex}@example.org", created_at=clock.now())
    db.session.add(user)
    db.session.flush()
    return Actor(
        user_id=user.id, user_public_id=user.public_id, user_name=user.name, organisation_id=organisation.id,
        organisation_public_id=organisation.public_id, organisation_name=organisation.name,
        organisation_kind=organisation.kind, membership_id=0, permissions=frozenset(permissions) or PERMISSIONS,
    )  # fmt: skip


def make_organisation(kind: str = "institution", name: str = "") -> Organisation:
    organisation = Organisation(
        kind=kind, name=name or f"单位{next(_numbers)}", division_code=HEPING if kind == "institution" else JINGYUAN,
        institution_type="budget_unit" if kind == "institution" else None, created_at=clock.now(),
        verified_at=clock.now(),
    )  # fmt: skip
    db.session.add(organisation)
    db.session.flush()
    return organisation


def make_trade(buyer: Organisation | None = None, *, members: bool = False) -> Trade:
    make_world()
    buyer = buyer or make_organisation()
    seller = make_organisation("producer")
    db.session.add(Producer(organisation_id=seller.id, county_code=JINGYUAN, form="company"))
    db.session.flush()
    product = Product(
        producer_id=seller.id, category_code="wolfberry", county_code=JINGYUAN, name="枸杞", pinyin="gouqi",
        created_at=clock.now(),
    )  # fmt: skip
    db.session.add(product)
    db.session.flush()
    sku = Sku(product_id=product.id, code=f"S{uuid4().hex[:8]}", pack_spec="500 g/袋", unit="bag")
    db.session.add(sku)
    db.session.flush()
    listing = Listing(
        sku_id=sku.id, producer_id=seller.id, title="枸杞", status="listed", min_quantity=Decimal(1),
        step_quantity=Decimal(1), tax_rate="9", changed_at=clock.now(),
    )  # fmt: skip
    db.session.add(listing)
    db.session.flush()
    people = (
        [make_actor(each) for each in (buyer, buyer, seller, seller)] if not members else _make_members(buyer, seller)
    )
    return Trade(people[0], people[1], people[2], people[3], listing.id, sku.id)


def _make_members(buyer: Organisation, seller: Organisation) -> list[Actor]:
    """Return real members, for requests with a session or token."""
    return [
        make_member("institution", "institution_finance", organisation=buyer),
        make_member("institution", organisation=buyer),
        make_member("producer", "producer_finance", organisation=seller),
        make_member("producer", "producer_finance", organisation=seller),
    ]


def make_order(
    trade: Trade,
    lines: Sequence[tuple[int, str]] = ((1000, "10"),),
    *,
    freight_fen: int = 0,
    placed_at: datetime | None = None,
    status: str = "shipped",
    payment_mode: str = "goods_first",
    counts: bool = True,
) -> Order:
    """Return an order whose lines are (price in fen, quantity), posted as placed; shipped lines are fully shipped."""
    at = placed_at or clock.now()
    procurement = Procurement(
        number=f"DKP{uuid4().hex[:10]}", organisation_id=trade.buyer.organisation_id, fund_source="canteen",
        status="placed", created_by=trade.buyer.user_id, created_at=at, placed_at=at, payment_mode=payment_mode,
    )  # fmt: skip
    db.session.add(procurement)
    db.session.flush()
    amounts = [int((price * Decimal(quantity)).quantize(Decimal(1), "ROUND_HALF_UP")) for price, quantity in lines]
    code = uuid4().hex[:8].upper()
    order = Order(
        number=f"DK20260715-{code[:6]}", procurement_id=procurement.id, buyer_id=trade.buyer.organisation_id,
        producer_id=trade.clerk.organisation_id, fund_source="canteen", status=status, payment_mode=payment_mode,
        goods_fen=sum(amounts), freight_fen=freight_fen, total_fen=sum(amounts) + freight_fen,
        due_fen=sum(amounts) + freight_fen, reference_code=make_reference(int(code, 16)), placed_at=at, confirm_by=at,
        first_shipped_at=at if status == "shipped" else None,
    )  # fmt: skip
    db.session.add(order)
    db.session.flush()
    dimensions = _add_lines(trade, order, lines, amounts=amounts, counts=counts)
    counting.post_placed(
        [
            counting.PlacedOrder(
                order.id,
                order.buyer_id,
                [counting.PlacedLine(d, JINGYUAN, amount) for d, amount in zip(dimensions, amounts, strict=True)],
            )
        ],
        at=at,
        on=clock.business_day(at),
    )
    return order


def _add_lines(
    trade: Trade, order: Order, lines: Sequence[tuple[int, str]], *, amounts: list[int], counts: bool
) -> list[int]:
    ids = [db.session.execute(select(func.nextval("order_lines_id_seq"))).scalar_one() for _ in lines]
    dimensions = books.add_dimensions(
        [
            books.DimensionFacts(
                line_id=line_id,
                order_id=order.id,
                county_code=JINGYUAN,
                category_code="wolfberry",
                buyer_division_code=HEPING,
                finance_division_code=HEPING,
                mode="direct",
                channel="shop",
                partner_level="own",
                rule_version=1,
                counts=counts,
                producer_id=order.producer_id,
                buyer_id=order.buyer_id,
                fund_source="canteen",
            )
            for line_id in ids
        ]
    )
    for position, (line_id, dimension_id) in enumerate(zip(ids, dimensions, strict=True)):
        price, quantity = lines[position]
        db.session.execute(
            insert(OrderLine.__table__),  # type: ignore[arg-type]
            {
                "id": line_id, "public_id": uuid4(), "order_id": order.id, "position": position + 1,
                "listing_id": trade.listing_id, "sku_id": trade.sku_id, "dimension_id": dimension_id,
                "title": f"枸杞{position}", "pack_spec": "500 g/袋", "unit": "bag", "tax_rate": "9",
                "county_code": JINGYUAN, "certificates": [], "mode": "direct", "partner_level": "own",
                "quantity": Decimal(quantity), "unit_price_fen": price, "amount_fen": amounts[position],
                "ordered_fen": amounts[position],
                "shipped": Decimal(quantity) if order.status == "shipped" else Decimal(0),
            },
        )  # fmt: skip
    return dimensions


def lines_of(order: Order) -> list[OrderLine]:
    return list(db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)))


def accept(order: Order, *quantities: tuple[str, str], at: datetime | None = None) -> None:
    """Accept and reject quantities per line, as an acceptance would, and recount."""
    at = at or clock.now()
    for line, (accepted, rejected) in zip(lines_of(order), quantities, strict=True):
        line.accepted += Decimal(accepted)
        line.rejected += Decimal(rejected)
    counting.recount(
        order, fact="goods_accepted", key=f"order:{order.id}:acceptance:{next(_numbers)}", at=at,
        on=clock.business_day(at),
    )  # fmt: skip


def cancel_rest(order: Order, at: datetime | None = None) -> None:
    """Cancel what is not shipped, as cancelling or closing short would, and recount."""
    at = at or clock.now()
    for line in lines_of(order):
        line.cancelled = line.quantity - line.shipped
    counting.recount(
        order, fact="order_cancelled", key=f"order:{order.id}:cancelled:{next(_numbers)}", at=at,
        on=clock.business_day(at),
    )  # fmt: skip
