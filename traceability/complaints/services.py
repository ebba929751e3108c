"""Taking complaints, looking into them, answering and closing them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, text
from uuid6 import uuid7

from catalog.lots.models import Lot
from catalog.products.models import Product, Sku
from shop import audit, ratelimit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.errors import Conflict, Forbidden, TooMany
from shop.i18n import _
from shop.moves.table import by
from shop.outbox.services import publish
from traceability.complaints.models import Complaint, ComplaintContact, ComplaintStep
from traceability.complaints.queries import NoSuchComplaint, is_in_charge, scope_of
from traceability.complaints.rules import TABLE
from traceability.pieces.services import ALPHABET
from traceability.resolver.targets import Goods

#: Complaints from one address within the window: about one kind of pack, and in all. Many phones share an address.
TRIES, ADDRESS_TRIES, WINDOW = 5, 30, timedelta(hours=1)
#: Complaints about one kind of pack within the window, from all addresses: more than people read, and who has many
#: addresses fills no list.
GOODS_TRIES = 60
#: How long after a complaint was closed its contact is kept.
CONTACT_KEPT = timedelta(days=90)
_LENGTH = 10


class ComplaintMoved(Conflict):
    """The complaint is in another state now; member ``state`` says which."""

    code = "complaint-state"


class TooManyComplaints(TooMany):
    """Everybody together has complained about these goods as often as is taken in an hour; ``retry_after_s`` says when it may go on."""

    code = "too-many-complaints"


@dataclass(frozen=True)
class NewComplaint:
    """What somebody says is wrong; ``contact`` may be empty."""

    kind: str
    words: str
    contact: str = ""


def receive(new: NewComplaint, goods: Goods, *, address: str, at: datetime, now: datetime) -> Complaint:
    """Take a complaint from whoever holds the goods.

    :param address: where it comes from: counted, not kept.
    :param now: real time.
    :raises TooManyTries: if too many came from there.
    :raises TooManyComplaints: if too many came about these goods, wherever from.
    """
    ratelimit.hit(f"complaint:address:{address}", ADDRESS_TRIES, WINDOW, now)
    ratelimit.hit(f"complaint:goods:{goods.sku_id}:{address}", TRIES, WINDOW, now)
    _hit_goods(goods.sku_id, now)
    producer, county = db.session.execute(
        select(Product.producer_id, Product.county_code).join(Sku, Sku.product_id == Product.id).where(
            Sku.id == goods.sku_id
        )
    ).one()  # fmt: skip
    made = Complaint(
        public_id=uuid7(), number=_make_number(), kind=new.kind, words=new.words.strip(), sku_id=goods.sku_id,
        lot_id=_key_of(goods.lot_id), lot_number=goods.lot or "", serial=goods.serial or "", producer_id=producer,
        county_code=county, received_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()  # obtains the key
    if new.contact.strip():
        db.session.add(ComplaintContact(complaint_id=made.id, contact=new.contact.strip()))
    TABLE.record_start("complaint", made, "receive", by(None, "anyone", at=at))
    _note(made, "received", None, at)
    publish(
        "traceability.complaint_received", organisations=[producer], complaint_id=str(made.public_id),
        kind=made.kind, lot=made.lot_number, received_at=at.isoformat(),
    )  # fmt: skip
    return made


def take_up(complaint_id: UUID, actor: Actor, *, at: datetime) -> Complaint:
    """Look into a complaint.

    :raises NoSuchComplaint: if there is none that the actor sees.
    :raises Forbidden: if others are in charge of it.
    :raises ComplaintMoved: if somebody has taken it up already.
    """
    return _move(complaint_id, "taken", "", actor, at)


def answer(complaint_id: UUID, words: str, actor: Actor, *, at: datetime) -> Complaint:
    """Tell who complained what was found; it cannot be changed afterwards.

    :raises NoSuchComplaint: if there is none that the actor sees.
    :raises Forbidden: if others are in charge of it.
    :raises ComplaintMoved: if it is not being looked into.
    """
    return _move(complaint_id, "answered", words.strip(), actor, at)


def close(complaint_id: UUID, words: str, actor: Actor, *, at: datetime) -> Complaint:
    """Close a complaint, answered or, with a reason, not.

    :raises NoSuchComplaint: if there is none that the actor sees.
    :raises Forbidden: if others are in charge of it.
    :raises ComplaintMoved: if it is closed, or nobody has taken it up.
    """
    return _move(complaint_id, "closed", words.strip(), actor, at)


def respond(complaint_id: UUID, words: str, actor: Actor, *, at: datetime) -> Complaint:
    """Say what the producer has to say, to those who look into it.

    :raises NoSuchComplaint: if there is none about the producer's goods.
    :raises ComplaintMoved: if it is closed.
    """
    found = _lock(complaint_id, actor, at)
    _require(found, ("received", "investigating", "answered"))
    _note(found, "responded", actor, at, words.strip())
    audit.record(actor, "traceability.complaint_responded", "complaint", found.id)
    return found


def erase_contact(complaint_id: UUID, actor: Actor, *, at: datetime) -> Complaint:
    """Erase how to reach who complained, for good.

    :raises NoSuchComplaint: if there is none that the actor sees.
    :raises Forbidden: if others are in charge of it.
    """
    found = _lock(complaint_id, actor, at)
    _require_charge(actor)
    if _erase([found.id]):
        _note(found, "contact_erased", actor, at)
        audit.record(actor, "traceability.complaint_contact_erased", "complaint", found.id)
    return found


def erase_old_contacts(at: datetime) -> int:
    """Erase the contacts of complaints that were closed long ago; returns how many."""
    old = text("""
        SELECT c.id FROM complaint_contacts k JOIN complaints c ON c.id = k.complaint_id WHERE c.closed_at <= :until
        ORDER BY c.id FOR UPDATE OF k SKIP LOCKED""")
    keys = db.session.execute(old, {"until": at - CONTACT_KEPT}).scalars().all()
    for key in keys:
        db.session.add(ComplaintStep(complaint_id=key, event="contact_erased", at=at, words=""))
    return _erase(keys)


def _hit_goods(sku_id: int, now: datetime) -> None:
    """Count a complaint about goods, whoever it comes from."""
    try:
        ratelimit.hit(f"complaint:goods:{sku_id}", GOODS_TRIES, WINDOW, now)
    except ratelimit.TooManyTries as full:
        wait = full.members["retry_after_s"]
        detail = _("一小时内关于这种商品的反映已经很多，请 %(wait)s 秒后再提交。急需处理的，请拨打 12315。", wait=wait)
        raise TooManyComplaints(detail, retry_after_s=wait) from full


def _erase(keys: Collection[int]) -> int:
    gone = (
        delete(ComplaintContact).where(ComplaintContact.complaint_id.in_(keys)).returning(ComplaintContact.complaint_id)
    )
    return len(db.session.execute(gone).all())


def _move(complaint_id: UUID, event: str, words: str, actor: Actor, at: datetime) -> Complaint:
    found = _lock(complaint_id, actor, at)
    _require_charge(actor)
    _require(found, TABLE.sources("complaint", event))
    was = found.status
    side = "operator" if actor.organisation_kind == "operator" else "official"
    TABLE.move("complaint", found, event, by(actor, side, at=at))
    if event == "answered":
        found.answer, found.answered_at = words, at
    if event == "closed":
        found.closed_at = at
    _note(found, event, actor, at, words)
    audit.record(actor, f"traceability.complaint_{event}", "complaint", found.id, status=[was, found.status])
    if event == "answered":
        publish(
            "traceability.complaint_answered", organisations=[found.producer_id], complaint_id=str(found.public_id),
            answered_at=at.isoformat(),
        )  # fmt: skip
    return found


def _lock(complaint_id: UUID, actor: Actor, at: datetime) -> Complaint:
    query = select(Complaint).where(Complaint.public_id == complaint_id, scope_of(actor, business_day(at)))
    found = db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NoSuchComplaint(_("没有找到。"))
    return found


def _require(found: Complaint, states: Collection[str]) -> None:
    if found.status not in states:
        raise ComplaintMoved(_("这条投诉的状态已变，请刷新页面。"), state=found.status)


def _require_charge(actor: Actor) -> None:
    if not is_in_charge(actor):
        raise Forbidden(_("只有主管部门和平台运营人员可以处理投诉。"))


def _note(found: Complaint, event: str, actor: Actor | None, at: datetime, words: str = "") -> None:
    step = ComplaintStep(
        complaint_id=found.id, event=event, at=at, user_id=actor.user_id if actor else None,
        organisation_id=actor.organisation_id if actor else None, words=words,
    )  # fmt: skip
    db.session.add(step)


def _key_of(lot_id: UUID | None) -> int | None:
    return db.session.scalars(select(Lot.id).where(Lot.public_id == lot_id)).one() if lot_id else None


def _make_number() -> str:
    """Return a number that nobody guesses: it opens the answer."""
    return "TS" + "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
