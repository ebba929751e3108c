"""From whom goods were bought outside the platform, and which purchases behind goods lack that."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from uuid6 import uuid7

from catalog.lots.batches.models import Batch
from catalog.lots.papers_due import OBLIGED, SINCE
from catalog.lots.records.reports import subject_values
from catalog.lots.records.subjects import Subject, bad, hold_subject, require_words
from catalog.lots.records.supplier_models import SUPPLIER_KINDS, BatchSupplier
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.errors import Conflict
from shop.files.models import StoredFile
from shop.geo.models import Division
from shop.i18n import _
from shop.identity.codes import is_credit_code
from shop.outbox.services import publish

_MOST = 60


class SupplierMissing(Conflict):
    """The goods were bought, or made of what was, and nobody has recorded from whom; member ``batches`` names these."""

    code = "supplier-missing"


@dataclass(frozen=True)
class NewSupplier:
    """From whom a batch was bought."""

    kind: str
    division_code: str
    document_number: str
    name: str = ""
    credit_code: str = ""
    township: str = ""
    village: str = ""


@dataclass(frozen=True)
class SupplierView:
    """From whom a batch was bought, as the producer's side and those who watch over it read it."""

    supplier: BatchSupplier
    batch_code: str
    division: str
    file_id: UUID


def record_supplier(batch: UUID, new: NewSupplier, file_id: int, actor: Actor, *, at: datetime) -> BatchSupplier:
    """Record from whom a batch was bought, or put that right: the last one counts.

    :raises NoSuchSubject: if the batch is not the actor's.
    :raises BadRecord: pointing at what is missing or makes no sense, or for a batch that was not bought.
    """
    subject = hold_subject(batch, None, actor, business_day(at))
    birth = db.session.execute(_BIRTH, {"batch": subject.batch_key}).one()
    if birth.kind != "received":
        raise bad("batch", _("只有收购来的批次登记来源单位。"))
    before = find_supplier(subject.batch_key or 0)
    made = BatchSupplier(
        public_id=uuid7(), batch_id=subject.batch_key, **_checked(new), file_id=file_id, recorded_by=actor.user_id,
        recorded_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()  # obtains the key
    audit.record(actor, "catalog.supplier_recorded", "batch_supplier", made.id, kind=[None, made.kind])
    _tell(made, subject, before, birth)
    return made


def _checked(new: NewSupplier) -> dict[str, str | None]:
    """Return the columns of what was told.

    :raises BadRecord: pointing at what is missing.
    """
    if new.kind not in SUPPLIER_KINDS:
        raise bad("kind", _("请选择来源类型。"))
    if db.session.get(Division, new.division_code) is None:
        raise bad("division_code", _("没有这个行政区划。"))
    plain = {name: getattr(new, name).strip() for name in ("name", "township", "village")}
    if any(len(value) > _MOST for value in plain.values()):
        raise bad("name", _("最多%(most)s个字。", most=_MOST))
    document = require_words("document_number", new.document_number)
    known = {"kind": new.kind, "division_code": new.division_code, "document_number": document, **plain}
    if new.kind == "household":
        if plain["name"] or new.credit_code.strip():
            raise bad("name", _("农户不登记姓名和证件号，只登记所在地。"))
        require_words("village", new.village, _MOST)
        return {**known, "credit_code": None}
    require_words("name", new.name, _MOST)
    code = new.credit_code.strip().upper()
    if not is_credit_code(code):
        raise bad("credit_code", _("统一社会信用代码不正确。"))
    return {**known, "credit_code": code}


_BIRTH = text("""
    SELECT a.kind, a.occurred_at, m.quantity_kg FROM batches b JOIN batch_acts a ON a.id = b.act_id
    JOIN batch_movements m ON m.batch_id = b.id AND m.act_id = b.act_id WHERE b.id = :batch""")


def find_supplier(batch_key: int) -> BatchSupplier | None:
    """Return from whom a batch was bought, as it was recorded last."""
    query = select(BatchSupplier).where(BatchSupplier.batch_id == batch_key).order_by(BatchSupplier.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


def suppliers_of(batches: Collection[int]) -> list[SupplierView]:
    """Return from whom batches were bought, each as it was recorded last."""
    last = select(func.max(BatchSupplier.id)).where(BatchSupplier.batch_id.in_(list(batches)))
    rows = db.session.execute(
        select(BatchSupplier, Batch.code, Division.name, StoredFile.public_id)
        .join(Batch, Batch.id == BatchSupplier.batch_id)
        .join(Division, Division.code == BatchSupplier.division_code)
        .join(StoredFile, StoredFile.id == BatchSupplier.file_id)
        .where(BatchSupplier.id.in_(last.group_by(BatchSupplier.batch_id)))
        .order_by(BatchSupplier.batch_id)
    )
    return [SupplierView(*row) for row in rows]


_UNKNOWN = text("""
    SELECT b.id, b.code FROM batches b JOIN batch_acts a ON a.id = b.act_id
    WHERE b.id = ANY(:batches) AND a.kind = 'received' AND a.occurred_at >= :since
      AND NOT EXISTS (SELECT FROM batch_suppliers s WHERE s.batch_id = b.id) ORDER BY b.id""")


def without_supplier(batches: Iterable[int]) -> list[str]:
    """Return the codes of the purchases among batches of which nobody has recorded from whom they were."""
    found = db.session.execute(_UNKNOWN, {"batches": sorted(batches), "since": SINCE})
    return [row.code for row in found]


def require_suppliers(subject: Subject, batches: Iterable[int]) -> None:
    """Refuse a certificate for goods that were bought nobody says from whom: the rule wants the seller's paper kept.

    It binds those who must issue certificates; on mixing or re-packing what others grew they issue a new one.

    :raises SupplierMissing: naming the purchases.
    """
    missing = without_supplier(batches) if subject.producer_form in OBLIGED else []
    if missing:
        raise SupplierMissing(
            _("批次 %(codes)s 是收购来的，还没有登记来源单位和随货证明，不能开具合格证。请先登记。", codes="、".join(missing)),
            batches=missing,
        )  # fmt: skip


def _tell(made: BatchSupplier, subject: Subject, before: BatchSupplier | None, birth: Row[Any]) -> None:
    publish(
        "catalog.supplier_recorded",
        organisations=[subject.producer_key],
        supplier_id=str(made.public_id),
        replaces=str(before.public_id) if before else None,
        kind=made.kind,
        name=made.name,
        credit_code=made.credit_code,
        division=made.division_code,
        township=made.township,
        document_number=made.document_number,
        file_sha256=db.session.scalars(select(StoredFile.sha256).where(StoredFile.id == made.file_id)).one(),
        quantity=f"{birth.quantity_kg:.3f}",
        received_at=birth.occurred_at.isoformat(),
        occurred_at=made.recorded_at.isoformat(),
        **subject_values(subject),
    )
