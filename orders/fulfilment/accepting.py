"""Acceptance: what was delivered is accepted or rejected, item by item, with the people and papers it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots import recalls
from catalog.lots import services as lots
from orders.contracts.services import find_contract
from orders.fulfilment import dues
from orders.fulfilment.models import Acceptance, AcceptanceFile, AcceptanceItem, Shipment, ShipmentItem
from orders.fulfilment.units import wrong_units
from orders.purchase import changes, counting, due, numbers
from orders.purchase.access import lines_of, lock_order
from orders.purchase.completion import complete_if_done
from orders.purchase.models import Order, OrderLine
from shop import clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid
from shop.files.models import StoredFile
from shop.i18n import _
from shop.identity.listings import Colleague, list_colleagues

#: Papers of a delivery (索证索票).
PAPER_KINDS = ("licence", "origin", "test", "quarantine", "meat_quality", "delivery_note", "invoice", "photo", "other")


class BadAcceptance(Invalid):
    """An accepted or rejected quantity does not fit what was shipped, or its reason is missing; see ``errors``."""

    code = "bad-acceptance"


class GoodsRecalled(Conflict):
    """Goods that are called back are accepted only by who says that it knows; ``errors`` points at them."""

    code = "goods-recalled"


class WitnessMissing(Invalid):
    """A canteen's goods are accepted by two members of the institution, or the one named is none."""

    code = "witness-missing"


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """What of a shipped item is accepted and rejected now; the rest stays open."""

    item_id: UUID
    accepted: Decimal
    rejected: Decimal
    reason: str = ""
    #: Units that the quantities named, accepted's and rejected's; empty takes the line's.
    units: tuple[str, str] = ("", "")
    #: Whoever accepts goods that are called back must say that it knows.
    knows_recall: bool = False


@dataclass(frozen=True, slots=True)
class AcceptanceDraft:
    """A decision about delivered goods; ``files`` are papers by kind and stored file."""

    items: Sequence[ItemDecision]
    #: Without ``witness_id``: a name; if another member bears it, that member is the witness.
    witness_name: str = ""
    note: str = ""
    files: Sequence[tuple[str, UUID]] = ()
    #: Another member of the institution.
    witness_id: UUID | None = None
    #: Who else was there, in words.
    also_present: str = ""


def accept_goods(public_id: UUID, draft: AcceptanceDraft, *, actor: Actor, at: datetime) -> Acceptance:
    """Accept or reject shipped quantities; rejected goods go back into their lots, the books follow.

    :raises NoSuchOrder: if it is not the actor's.
    :raises Forbidden: for the producer.
    :raises WitnessMissing: for a canteen without a second member, or for a witness who is none.
    :raises BadAcceptance: pointing at what does not fit.
    :raises GoodsRecalled: pointing at what is called back, unless the decision says that it is known.
    """
    order = lock_order(public_id, actor, at)
    if order.buyer_id != actor.organisation_id:
        raise Forbidden(_("由采购单位验收。"))
    witness = find_witness(draft, actor, clock.business_day(at))
    if order.fund_source == "canteen" and witness is None:
        detail = _("食堂采购须两人以上验收，请选择本单位另一位成员；没有的，请管理员先邀请。")
        raise WitnessMissing(detail, errors=[{"pointer": "#/witness_id", "detail": detail}])
    items, lines = _items_of(order), {line.id: line for line in lines_of(order)}
    _check(draft.items, items, lines)
    _require_known_recalls(draft.items, items)
    acceptance = _add_acceptance(order, draft, witness, actor=actor, at=at)
    _decide(draft.items, items, lines, acceptance=acceptance)
    _return_rejected(draft.items, items, lines, acceptance=acceptance)
    order.last_decided_at = at
    changes.settle_acceptance(order, list(lines.values()))
    dues.follow_goods(order, list(lines.values()), find_contract(order.id))
    on = clock.business_day(at)
    db.session.flush()  # the books are counted from the lines as they now are
    counting.recount(order, fact="goods_accepted", key=f"acceptance:{acceptance.id}", at=at, on=on, actor=actor)
    _tell(order, acceptance, draft.items, items, lines.values())
    complete_if_done(order.procurement_id, at=at)
    return acceptance


def find_witness(draft: AcceptanceDraft, actor: Actor, on: date) -> Colleague | None:
    """Return the member who is the second person, by identifier, or by a name that only one other member has.

    :raises WitnessMissing: if the identifier is not another member's.
    """
    name = draft.witness_name.strip()
    if draft.witness_id is None and not name:
        return None
    others = list_colleagues(actor, on)
    if draft.witness_id is None:
        found = [one for one in others if one.name == name]
        return found[0] if len(found) == 1 else None
    for one in others:
        if one.id == draft.witness_id:
            return one
    detail = _("验收人须是本单位另一位成员。")
    raise WitnessMissing(detail, errors=[{"pointer": "#/witness_id", "detail": detail}])


def _items_of(order: Order) -> dict[UUID, ShipmentItem]:
    rows = db.session.scalars(
        select(ShipmentItem)
        .join(Shipment, Shipment.id == ShipmentItem.shipment_id)
        .where(Shipment.order_id == order.id)
        .order_by(ShipmentItem.id)
        .execution_options(populate_existing=True)
    )
    return {item.public_id: item for item in rows}


def _check(
    decisions: Sequence[ItemDecision], items: Mapping[UUID, ShipmentItem], lines: Mapping[int, OrderLine]
) -> None:
    errors = [] if decisions else [{"pointer": "#/items", "detail": _("请填写验收数量。")}]
    seen: set[UUID] = set()
    for n, one in enumerate(decisions):
        item = items.get(one.item_id)
        if item is None or one.item_id in seen:
            errors.append({"pointer": f"#/items/{n}/item_id", "detail": _("没有这条发货记录，或重复填写。")})
            continue
        seen.add(one.item_id)
        errors += wrong_units(n, one.units, lines[item.line_id].unit)
        left = item.quantity - item.accepted - item.rejected
        if one.accepted < 0 or one.rejected < 0 or not 0 < one.accepted + one.rejected <= left:
            detail = _("待验收数量为 %(left)s。", left=f"{left.normalize():f}")
            errors.append({"pointer": f"#/items/{n}/accepted", "detail": detail})
        if one.rejected and not one.reason.strip():
            errors.append({"pointer": f"#/items/{n}/reason", "detail": _("拒收须填写原因。")})
    if errors:
        raise BadAcceptance(errors[0]["detail"], errors=errors)


def _require_known_recalls(decisions: Sequence[ItemDecision], items: Mapping[UUID, ShipmentItem]) -> None:
    asked = {n: items[one.item_id] for n, one in enumerate(decisions) if one.accepted and not one.knows_recall}
    recalled = recalls.in_force([item.lot_id for item in asked.values()])
    errors = [
        {"pointer": f"#/items/{n}/accepted",
         "detail": _("该批次已被召回（%(reason)s），不应验收。确要接收的，请勾选确认。", reason=recalled[item.lot_id].reason)}
        for n, item in asked.items()
        if item.lot_id in recalled
    ]  # fmt: skip
    if errors:
        raise GoodsRecalled(errors[0]["detail"], errors=errors)


def _add_acceptance(
    order: Order, draft: AcceptanceDraft, witness: Colleague | None, *, actor: Actor, at: datetime
) -> Acceptance:
    key = int(db.session.scalar(text("SELECT nextval('acceptances_id_seq')")) or 0)
    files = _file_keys(draft.files, actor)
    acceptance = Acceptance(
        id=key,
        order_id=order.id,
        number=numbers.make_number("YS", clock.business_day(at), key),
        accepted_by=actor.user_id,
        witness_id=witness.user_id if witness else None,
        witness_name=witness.name if witness else draft.witness_name.strip(),
        also_present=draft.also_present.strip(),
        accepted_at=at,
        note=draft.note.strip(),
    )
    db.session.add(acceptance)
    db.session.flush()  # its items and files refer to its row
    db.session.add_all(AcceptanceFile(acceptance_id=key, file_id=file_id, kind=kind) for kind, file_id in files)
    return acceptance


def _file_keys(files: Sequence[tuple[str, UUID]], actor: Actor) -> list[tuple[str, int]]:
    if not files:
        return []
    rows = db.session.execute(
        select(StoredFile.public_id, StoredFile.id).where(
            StoredFile.public_id.in_([public_id for _kind, public_id in files]),
            StoredFile.organisation_id == actor.organisation_id,
        )
    )
    known = {row.public_id: row.id for row in rows}
    errors = [
        {"pointer": f"#/files/{n}/file_id", "detail": _("没有这个文件。")}
        for n, (_kind, public_id) in enumerate(files)
        if public_id not in known
    ]
    if errors:
        raise BadAcceptance(errors[0]["detail"], errors=errors)
    return [(kind, key) for key, kind in {known[public_id]: kind for kind, public_id in files}.items()]


def _decide(
    decisions: Sequence[ItemDecision],
    items: Mapping[UUID, ShipmentItem],
    lines: Mapping[int, OrderLine],
    *,
    acceptance: Acceptance,
) -> None:
    for one in decisions:
        item = items[one.item_id]
        item.accepted += one.accepted
        item.rejected += one.rejected
        line = lines[item.line_id]
        line.accepted += one.accepted
        line.rejected += one.rejected
        db.session.add(
            AcceptanceItem(
                acceptance_id=acceptance.id,
                shipment_item_id=item.id,
                accepted=one.accepted,
                rejected=one.rejected,
                reason=one.reason.strip(),
            )
        )
    db.session.flush()  # lines come before stock in the lock order


def _return_rejected(
    decisions: Sequence[ItemDecision],
    items: Mapping[UUID, ShipmentItem],
    lines: Mapping[int, OrderLine],
    *,
    acceptance: Acceptance,
) -> None:
    """Put rejected goods back into their lots, in SKU order; the producer writes off what is spoilt."""
    rejected = [(items[one.item_id], one.rejected) for one in decisions if one.rejected]
    for item, quantity in sorted(rejected, key=lambda each: (lines[each[0].line_id].sku_id, each[0].lot_id)):
        lots.take_back(
            item.lot_id,
            quantity,
            ref=f"acceptance:{acceptance.id}:item:{item.id}",
            at=acceptance.accepted_at,
            user_id=acceptance.accepted_by,
            destroyed=False,
        )


def _tell(
    order: Order,
    acceptance: Acceptance,
    decisions: Sequence[ItemDecision],
    items: Mapping[UUID, ShipmentItem],
    lines: Iterable[OrderLine],
) -> None:
    prices = {line.id: line.unit_price_fen for line in lines}
    taken = sum(money.line_fen(prices[items[one.item_id].line_id], one.accepted) for one in decisions)
    refused = sum(money.line_fen(prices[items[one.item_id].line_id], one.rejected) for one in decisions)
    to_pay = order.payment_mode == "goods_first" and taken and due.unpaid_fen(order)
    changes.tell(
        "orders.goods_accepted",
        order,
        accepted=money.as_json(taken) if taken else None,
        rejected=money.as_json(refused) if refused else None,
        pay_by=order.pay_due_on.isoformat() if to_pay and order.pay_due_on else None,
        acceptance_id=str(acceptance.public_id),
        acceptance_number=acceptance.number,
        accepted_at=acceptance.accepted_at.isoformat(),
        **changes.parties_of(order),
        pay_due_on=order.pay_due_on.isoformat() if order.pay_due_on else None,
        items=[
            {
                "shipment_item_id": str(one.item_id), "lot_id": items[one.item_id].lot_id,
                "movement": items[one.item_id].movement_id,
                "accepted": f"{one.accepted:.3f}", "rejected": f"{one.rejected:.3f}",
            }
            for one in decisions
        ],
    )  # fmt: skip
