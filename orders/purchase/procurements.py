"""What an institution asks for: drafts, edits, approval, giving up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm.attributes import flag_modified

from catalog.products.models import Listing
from orders.purchase import approval_steps, machine, numbers
from orders.purchase.buyers import Buyer, get_buyer
from orders.purchase.models import Procurement, ProcurementLine
from orders.purchase.placing import LinesRefused, refuse_lines
from orders.purchase.pricing import PricedLine, Wanted, price_lines
from shop import clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.etag import check_version
from shop.i18n import _
from shop.outbox.services import publish


class NoSuchProcurement(NotFound):
    """There is no procurement with that identifier in the actor's organisation."""

    code = "no-such-procurement"


class SumChanged(Conflict):
    """The sum is another than the one that the approver saw; ``seen`` and ``today`` name both."""

    code = "sum-changed"


@dataclass(frozen=True, slots=True)
class ProcurementHead:
    """What a procurement says beside its lines."""

    unit_id: UUID | None = None
    fund_source: str | None = None
    payment_mode: str = "goods_first"
    title: str = ""
    note: str = ""
    consignee: str = ""
    consignee_phone: str = ""
    delivery_address: str = ""
    deliver_by: date | None = None


#: What of the head is a column of the same name.
HEAD_COLUMNS = (
    "fund_source", "payment_mode", "title", "note", "consignee", "consignee_phone", "delivery_address", "deliver_by",
)  # fmt: skip


def create_procurement(head: ProcurementHead, lines: Sequence[Wanted], *, actor: Actor, at: datetime) -> Procurement:
    """Write a draft; its lines are priced whenever it is looked at, and frozen when it is placed.

    :raises LinesRefused: if a listing does not exist or comes twice.
    :raises NoSuchUnit: if the unit is not the organisation's.
    """
    actor.require("procurements:create")
    buyer = get_buyer(actor, clock.business_day(at), unit=head.unit_id)
    key = db.session.scalar(text("SELECT nextval('procurements_id_seq')"))
    procurement = Procurement(
        id=key,
        number=numbers.make_number("DK", clock.business_day(at), int(key or 0)),
        organisation_id=actor.organisation_id,
        unit_id=buyer.unit_id,
        status="draft",
        approval="none",
        created_by=actor.user_id,
        created_at=at,
        **{name: getattr(head, name) for name in HEAD_COLUMNS},
    )
    db.session.add(procurement)
    db.session.flush()  # the lines refer to its row
    _write_lines(procurement, lines)
    machine.record_start("procurement", procurement, "draft", actor=actor, at=at)
    return procurement


def edit_procurement(
    public_id: UUID,
    head: dict[str, Any],
    lines: Sequence[Wanted] | None,
    *,
    version: int,
    actor: Actor,
    at: datetime,
) -> Procurement:
    """Change a draft or a submitted procurement; any edit voids its approval and makes it a draft again.

    :param head: the fields of :class:`ProcurementHead` that change.
    :param lines: all lines anew, or ``None`` to leave them.
    :raises VersionChanged: if it is not at ``version``.
    :raises WrongState: if it was placed or cancelled.
    """
    actor.require("procurements:create")
    procurement = lock_procurement(public_id, actor)
    check_version(version, procurement.version)
    if procurement.status != "draft":
        machine.move("procurement", procurement, "reopen", actor=actor, at=at)
    if procurement.approval in ("pending", "approved", "rejected"):
        machine.move("approval", procurement, "void", actor=actor, at=at)
        approval_steps.end(procurement)
        procurement.approved_fen = None
    if "unit_id" in head:
        procurement.unit_id = get_buyer(actor, clock.business_day(at), unit=head["unit_id"]).unit_id
    for name in HEAD_COLUMNS:
        if name in head:
            setattr(procurement, name, head[name])
    if lines is not None:
        db.session.execute(delete(ProcurementLine).where(ProcurementLine.procurement_id == procurement.id))
        _write_lines(procurement, lines)
        flag_modified(procurement, "note")  # new lines are a new version
    return procurement


def submit_procurement(public_id: UUID, *, actor: Actor, at: datetime) -> Procurement:
    """Ask for approval; the lines must be orderable today and the budget said.

    What was approved already is submitted again if it has become dearer than that; the old approval is void then.

    :raises WrongState: if it is no draft, has no lines, or the organisation has no approver.
    :raises BudgetMissing, LinesRefused: as placing would.
    :raises NobodyForLevel: if a level of approval has nobody who may decide.
    """
    procurement = lock_procurement(public_id, actor)
    buyer, priced = look_at(procurement, actor, at)
    if is_above_approved(procurement, total_of(priced)):
        machine.move("procurement", procurement, "reopen", actor=actor, at=at)
        machine.move("approval", procurement, "void", actor=actor, at=at, why=_("今日合计高于审批通过的金额"))
        procurement.approved_fen = None
    context = {"needs_approval": buyer.needs_approval, "lines": len(priced)}
    machine.move("procurement", procurement, "submit", actor=actor, at=at, context=context)
    buyer.require_budget(procurement.fund_source)
    refuse_lines(priced)
    machine.move("approval", procurement, "request", actor=actor, at=at)
    db.session.flush()  # who asked is read from the move
    approval_steps.begin(procurement, total_of(priced), clock.business_day(at))
    _tell("orders.approval_requested", procurement, total_of(priced), actor, asked_at=at.isoformat())
    return procurement


def decide_approval(
    public_id: UUID,
    *,
    approved: bool,
    actor: Actor,
    at: datetime,
    why: str = "",
    seen_fen: int | None = None,
    version: int | None = None,
) -> Procurement:
    """Approve or reject a submitted procurement, at its level if there are several; never one's own.

    The day's sum is what is approved, at the last level by all of them.

    :param seen_fen: the sum that the approver saw, in fen; ``None`` where nobody says.
    :param version: the version that the approver saw; ``None`` where nobody says.
    :raises VersionChanged: if it was edited and submitted again since, whatever its sum.
    :raises WrongState: if nothing is pending, or the actor made or submitted it.
    :raises SumChanged: if the sum is not the one that was seen.
    :raises SumAboveLevel: if it is above what an earlier level approved.
    """
    procurement = lock_procurement(public_id, actor)
    if version is not None:
        check_version(version, procurement.version)
    on = clock.business_day(at)
    context = approval_steps.context_of(procurement, on)
    event, facts = "approve" if approved else "reject", dict[str, Any]()
    machine.check("approval", procurement, event, actor=actor, at=at, context=context)
    if approved:
        today = _seen_sum(procurement, actor, at, seen_fen)
        event, facts = approval_steps.event_of(procurement, today, on)
    machine.move("approval", procurement, event, actor=actor, at=at, why=why, facts=facts, context=context)
    if event == "pass":
        flag_modified(procurement, "note")  # the next level sees another version
        _tell("orders.approval_passed", procurement, facts["passed_fen"], actor, level=facts["level_name"])
        return procurement
    approval_steps.end(procurement)
    procurement.approved_fen = facts.get("approved_fen")
    topic = "orders.procurement_approved" if approved else "orders.procurement_rejected"
    _tell(topic, procurement, procurement.approved_fen, actor, why=why.strip())
    return procurement


def _seen_sum(procurement: Procurement, actor: Actor, at: datetime, seen_fen: int | None) -> int:
    """Return the day's sum, which is the one that the approver saw."""
    today = total_of(look_at(procurement, actor, at, check_stock=False)[1])
    if seen_fen is not None and seen_fen != today:
        words = {"seen": money.show_yuan(seen_fen), "today": money.show_yuan(today)}
        detail = _("合计已由 %(seen)s 元变为 %(today)s 元，请核对后再审批。", **words)
        raise SumChanged(detail, seen=money.as_json(seen_fen), today=money.as_json(today))
    return today


def _tell(topic: str, procurement: Procurement, total_fen: int | None, actor: Actor, **values: str) -> None:
    publish(
        topic,
        organisations=[procurement.organisation_id],
        procurement_id=str(procurement.public_id),
        number=procurement.number,
        total=None if total_fen is None else money.as_json(total_fen),
        by=str(actor.user_public_id),
        **values,
    )


def total_of(priced: Sequence[PricedLine]) -> int:
    """Return the sum of priced lines in fen, without freight."""
    return sum(line.amount_fen for line in priced)


def is_above_approved(procurement: Procurement, total_fen: int) -> bool:
    """Say whether a procurement has become dearer than the approval it holds."""
    ceiling = procurement.approved_fen
    return procurement.approval == "approved" and ceiling is not None and total_fen > ceiling


def cancel_procurement(public_id: UUID, *, actor: Actor, at: datetime, why: str = "") -> Procurement:
    """Give a procurement up before it is placed.

    :raises WrongState: once it is placed; its orders are cancelled one by one.
    """
    procurement = lock_procurement(public_id, actor)
    machine.move("procurement", procurement, "cancel", actor=actor, at=at, why=why)
    if procurement.approval in ("pending", "approved", "rejected"):
        machine.move("approval", procurement, "void", actor=actor, at=at)
        approval_steps.end(procurement)
    return procurement


def lock_procurement(public_id: UUID, actor: Actor) -> Procurement:
    """Lock and return a procurement of the actor's organisation.

    :raises NoSuchProcurement: if there is none.
    """
    found = db.session.scalars(
        select(Procurement)
        .where(Procurement.public_id == public_id, Procurement.organisation_id == actor.organisation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NoSuchProcurement(_("没有这张采购单。"))
    return found


def wanted_lines(procurement_id: int) -> list[Wanted]:
    """Return the lines of a procurement as they were asked for, in their order."""
    rows = db.session.execute(
        select(Listing.public_id, ProcurementLine.quantity)
        .join(Listing, Listing.id == ProcurementLine.listing_id)
        .where(ProcurementLine.procurement_id == procurement_id)
        .order_by(ProcurementLine.position)
    )
    return [Wanted(public_id, quantity) for public_id, quantity in rows]


def look_at(
    procurement: Procurement, actor: Actor, at: datetime, *, check_stock: bool = True
) -> tuple[Buyer, list[PricedLine]]:
    """Return the buyer and the priced lines of a procurement today."""
    on = clock.business_day(at)
    buyer = get_buyer(actor, on, unit_key=procurement.unit_id)
    return buyer, price_lines(wanted_lines(procurement.id), on, check_stock=check_stock)


def _write_lines(procurement: Procurement, lines: Sequence[Wanted]) -> None:
    wanted = [line.listing_id for line in lines]
    found = db.session.execute(select(Listing.public_id, Listing.id).where(Listing.public_id.in_(wanted)))
    keys = {row.public_id: row.id for row in found}
    seen: set[UUID] = set()
    errors = []
    for n, line in enumerate(lines):
        if line.listing_id not in keys:
            errors.append({"pointer": f"#/lines/{n}/listing_id", "detail": _("没有这个商品。"), "code": "unavailable"})
        elif line.listing_id in seen:
            errors.append(
                {"pointer": f"#/lines/{n}/listing_id", "detail": _("同一商品请合并为一行。"), "code": "repeated"}
            )
        seen.add(line.listing_id)
    if errors:
        raise LinesRefused(str(errors[0]["detail"]), errors=errors)
    if lines:
        rows = [
            {"procurement_id": procurement.id, "listing_id": keys[x.listing_id], "position": n, "quantity": x.quantity}
            for n, x in enumerate(lines, 1)
        ]
        db.session.execute(insert(ProcurementLine), rows)
