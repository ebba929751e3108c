"""What a record is about: one batch or one lot of a producer for whom the actor may act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, select, text

from catalog.lots.batches.models import Batch
from catalog.lots.models import Lot
from catalog.lots.records.oversight import watched_by
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid, NotFound
from shop.i18n import _


class NoSuchSubject(NotFound):
    """There is no such batch or lot, or it is another producer's."""

    code = "no-such-goods"


class BadRecord(Invalid):
    """Something about a report, paper, temperature file or certificate makes no sense; ``errors`` points at it."""

    code = "bad-record"


@dataclass(frozen=True)
class Subject:
    """A batch or lot with what records of it need to know."""

    batch_key: int | None
    lot_key: int | None
    id: UUID
    code: str
    status: str
    producer_key: int
    producer_id: UUID
    producer_name: str
    producer_form: str
    contact: str
    product_name: str
    category_code: str
    origin_paper: str | None
    needs_quarantine: bool
    county_code: str
    county_name: str
    #: Of a lot: its pack.
    sku_key: int | None
    pack_spec: str
    unit: str
    #: Kilograms of a batch, packs of a lot, as they were made.
    quantity: Decimal
    mass_kg: Decimal | None
    produced_on: date
    #: The place of the batch, or of the batch that a lot was packed from.
    place: str

    @property
    def keys(self) -> dict[str, int | None]:
        """Return the columns that say what a record is about."""
        return {"producer_id": self.producer_key, "batch_id": self.batch_key, "lot_id": self.lot_key}


_NAMES = """o.id, o.public_id, o.name, r.form, o.contact_phone, p.name, p.category_code, c.origin_paper,
    coalesce(c.needs_quarantine, false), p.county_code, k.name"""
_JOINS = """JOIN organisations o ON o.id = p.producer_id JOIN producers r ON r.organisation_id = p.producer_id
    JOIN categories c ON c.code = p.category_code JOIN assisted_counties k ON k.code = p.county_code"""
_PLACE = "coalesce(concat_ws(' ', nullif(q.township, ''), nullif(q.village, ''), q.name), '')"
_BATCH = text(f"""
    SELECT b.id, NULL::bigint, b.public_id, b.code, b.status, {_NAMES}, NULL::bigint, '', 'kg', m.quantity_kg, m.quantity_kg,
           cast(a.occurred_at AT TIME ZONE 'Asia/Shanghai' AS date), {_PLACE}
    FROM batches b JOIN products p ON p.id = b.product_id {_JOINS}
    JOIN batch_acts a ON a.id = b.act_id JOIN batch_movements m ON m.batch_id = b.id AND m.act_id = b.act_id
    LEFT JOIN places q ON q.id = a.place_id
    WHERE b.public_id = :id AND p.producer_id = ANY(:producers)""")
_LOT = text(f"""
    SELECT NULL::bigint, l.id, l.public_id, l.code, l.status, {_NAMES}, s.id, s.pack_spec, s.unit, m.quantity,
           m.quantity * coalesce(l.unit_mass_g, CASE WHEN s.unit = 'kg' THEN 1000 ELSE s.net_weight_g END) / 1000,
           l.produced_on, coalesce(nullif({_PLACE}, ''), l.origin_note)
    FROM lots l JOIN skus s ON s.id = l.sku_id JOIN products p ON p.id = s.product_id {_JOINS}
    JOIN lot_movements m ON m.lot_id = l.id AND m.kind = 'born'
    LEFT JOIN batches b ON b.id = l.batch_id LEFT JOIN batch_acts a ON a.id = b.act_id LEFT JOIN places q ON q.id = a.place_id
    WHERE l.public_id = :id AND p.producer_id = ANY(:producers)""")


def find_subject(batch: UUID | None, lot: UUID | None, actor: Actor, on: date) -> Subject:
    """Return the batch or lot that a record names.

    :raises BadRecord: if both are named or neither.
    :raises NoSuchSubject: if it is not there, or its record was undone.
    """
    if (batch is None) == (lot is None):
        raise bad("batch", _("请指明一个批次或一个包装批次。"))
    return _find(_LOT if batch is None else _BATCH, batch or lot, sorted(producers_of(actor, on)))


def hold_subject(batch: UUID | None, lot: UUID | None, actor: Actor, on: date) -> Subject:
    """Return the same for something that is recorded of it, and keep it from being undone meanwhile.

    :raises BadRecord: if both are named or neither.
    :raises NoSuchSubject: if it is not there, or its record was undone.
    """
    return hold(find_subject(batch, lot, actor, on))


def hold(subject: Subject) -> Subject:
    """Keep a batch or lot from being undone while something is recorded of it.

    :raises NoSuchSubject: if its record was undone.
    """
    table: Any = Batch if subject.batch_key else Lot
    query = select(table.status).where(table.id == (subject.batch_key or subject.lot_key)).with_for_update(read=True)
    if db.session.scalars(query).one() == "undone":
        raise NoSuchSubject(_("没有找到。"))
    return subject


def find_watched(lot: UUID, actor: Actor) -> Subject:
    """Return a lot over which the actor watches: an official of its county, or the operator.

    :raises NoSuchSubject: if it is not there, or its record was undone.
    """
    producers = db.session.scalars(
        select(Product.producer_id)
        .join(Sku, Sku.product_id == Product.id)
        .join(Lot, Lot.sku_id == Sku.id)
        .where(Lot.public_id == lot, watched_by(actor, Product.county_code))
    )
    return _find(_LOT, lot, list(producers))


def find_any_lot(lot: UUID) -> Subject:
    """Return a lot, whoever asks: the caller decides who may.

    :raises NoSuchSubject: if it is not there, or its record was undone.
    """
    producers = select(Product.producer_id).join(Sku, Sku.product_id == Product.id).join(Lot, Lot.sku_id == Sku.id)
    return _find(_LOT, lot, list(db.session.scalars(producers.where(Lot.public_id == lot))))


def _find(query: TextClause, public_id: UUID | None, producers: list[int]) -> Subject:
    row = db.session.execute(query, {"id": public_id, "producers": producers}).one_or_none()
    if row is None or row.status == "undone":
        raise NoSuchSubject(_("没有找到。"))
    return Subject(*row)


def bad(field: str, detail: Any) -> BadRecord:
    """Return the refusal of a member."""
    return BadRecord(detail, errors=[{"pointer": f"#/{field}", "detail": str(detail)}])


def require_words(field: str, words: str, most: int = 120) -> str:
    """Return a text without blanks around it.

    :raises BadRecord: if it is empty or too long.
    """
    plain = words.strip()
    if not 0 < len(plain) <= most:
        raise bad(field, _("必填，最多%(most)s个字。", most=most))
    return plain


def subject_of(record: Any) -> tuple[str, UUID]:
    """Return what a record is about: ``batch`` or ``lot``, and its identifier."""
    kind, table, key = ("batch", Batch, record.batch_id) if record.batch_id else ("lot", Lot, record.lot_id)
    return kind, db.session.scalars(select(table.public_id).where(table.id == key)).one()
