"""Temperatures of batches and lots: what a logger saw, and the stretches outside the range in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from catalog.lots.records.models import SkuTemperature, TemperatureRange, TemperatureRecord, TemperatureStretch
from catalog.lots.records.reading import BadTemperatureFile, Log, Reading, read_log
from catalog.lots.records.reports import subject_values
from catalog.lots.records.subjects import Subject, bad, hold_subject
from catalog.products.models import Product, Sku
from catalog.products.services import get_own_sku
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict
from shop.files import services as files
from shop.files.models import StoredFile
from shop.i18n import _
from shop.outbox.services import publish

_CENT = Decimal("0.01")


class TemperatureFileTaken(Conflict):
    """The same file was handed in for this batch or lot before."""

    code = "temperature-file-taken"


@dataclass(frozen=True)
class Range:
    """In which temperatures goods are kept, and who says so: ``sku``, ``category`` or ``none``."""

    low_c: Decimal | None
    high_c: Decimal | None
    source: str


@dataclass(frozen=True)
class Stretch:
    """Readings outside the range, one after the other on the same side."""

    side: str
    started_at: datetime
    ended_at: datetime
    extreme_c: Decimal
    readings: int


def record_temperatures(
    batch: UUID | None, lot: UUID | None, file: StoredFile, actor: Actor, *, at: datetime
) -> TemperatureRecord:
    """Read a logger's export of a batch or lot, and mark where it left the range; the file keeps the readings.

    :raises NoSuchSubject: if the batch or lot is not the actor's.
    :raises BadTemperatureFile: naming the rows that cannot be read; nothing is stored then.
    :raises TemperatureFileTaken: if the file was handed in before.
    """
    subject = hold_subject(batch, lot, actor, business_day(at))
    log = read_log(files.read_bytes(file), at)
    range_ = range_of(subject)
    values = [reading.celsius for reading in log.readings]
    record = TemperatureRecord(
        public_id=uuid7(), **subject.keys, device=log.device, file_id=file.id, layout=log.layout,
        started_at=log.readings[0].at, ended_at=log.readings[-1].at, readings=len(values), least_c=min(values),
        most_c=max(values), mean_c=(sum(values, Decimal(0)) / len(values)).quantize(_CENT, rounding=ROUND_HALF_UP),
        low_c=range_.low_c, high_c=range_.high_c, range_from=range_.source, recorded_by=actor.user_id, recorded_at=at,
    )  # fmt: skip
    taken = TemperatureFileTaken(_("这个文件已经上传过。"))
    with refusing(uq_temperature_records_batch=taken, uq_temperature_records_lot=taken):
        db.session.add(record)
    stretches = stretches_outside(log.readings, range_)
    db.session.add_all(
        TemperatureStretch(record_id=record.id, position=place, **stretch.__dict__)
        for place, stretch in enumerate(stretches, 1)
    )
    audit.record(actor, "catalog.temperature_recorded", "temperature_record", record.id)
    _tell(record, subject, stretches, file)
    return record


def read_again(record: TemperatureRecord) -> Log:
    """Return the readings behind a record, from its file: for the trace's sensor report."""
    file = db.session.get_one(StoredFile, record.file_id)
    return read_log(files.read_bytes(file), record.recorded_at)


def range_of(subject: Subject) -> Range:
    """Return the range of a pack, or else of its category."""
    own = db.session.get(SkuTemperature, subject.sku_key) if subject.sku_key is not None else None
    if own is not None:
        return Range(own.low_c, own.high_c, "sku")
    usual = db.session.get(TemperatureRange, subject.category_code)
    return Range(usual.low_c, usual.high_c, "category") if usual is not None else Range(None, None, "none")


def set_range(sku: UUID, low_c: Decimal, high_c: Decimal, actor: Actor, *, at: datetime) -> SkuTemperature:
    """Say in which temperatures a pack is kept; records that are there keep the range they were judged by.

    :raises NoSuchProduct: if the pack is not the actor's.
    :raises BadRecord: if it is no range.
    """
    key = get_own_sku(sku, actor, at=at).id
    if not -100 <= low_c < high_c <= 100 or low_c != round(low_c, 2) or high_c != round(high_c, 2):  # noqa: PLR2004  degrees
        raise bad("low_c", _("最低温度须低于最高温度，都在 -100 至 100 ℃ 之间。"))
    values = {"low_c": low_c, "high_c": high_c}
    db.session.execute(
        insert(SkuTemperature)
        .values(sku_id=key, **values)
        .on_conflict_do_update(index_elements=["sku_id"], set_=values)
    )
    audit.record(actor, "catalog.temperature_range_set", "sku", key, range_c=[None, f"{low_c}–{high_c}"])
    return db.session.get_one(SkuTemperature, key, populate_existing=True)


def clear_range(sku: UUID, actor: Actor, *, at: datetime) -> None:
    """Let a pack be kept as its category again; records that are there keep the range they were judged by.

    :raises NoSuchProduct: if the pack is not the actor's.
    """
    key = get_own_sku(sku, actor, at=at).id
    own = db.session.get(SkuTemperature, key)
    if own is not None:
        audit.record(actor, "catalog.temperature_range_set", "sku", key, range_c=[f"{own.low_c}–{own.high_c}", None])
        db.session.delete(own)


def ranges_of(sku_key: int) -> tuple[SkuTemperature | None, TemperatureRange | None]:
    """Return a pack's own range, and the range of its category, where they have one."""
    category = select(Product.category_code).join(Sku, Sku.product_id == Product.id).where(Sku.id == sku_key)
    usual = select(TemperatureRange).where(TemperatureRange.category_code == category.scalar_subquery())
    return db.session.get(SkuTemperature, sku_key), db.session.scalars(usual).one_or_none()


def stretches_outside(readings: Sequence[Reading], range_: Range) -> list[Stretch]:
    """Return the stretches outside a range; one ends with the first reading inside, or with the last of all."""
    if range_.low_c is None or range_.high_c is None:
        return []
    found: list[Stretch] = []
    run: list[Reading] = []
    side = ""
    for reading in readings:
        now = "below" if reading.celsius < range_.low_c else "above" if reading.celsius > range_.high_c else ""
        if run and now != side:
            found.append(_stretch(side, run, reading.at))
            run = []
        side = now
        if now:
            run.append(reading)
    if run:
        found.append(_stretch(side, run, run[-1].at))
    return found


def _stretch(side: str, run: Sequence[Reading], end: datetime) -> Stretch:
    values = [reading.celsius for reading in run]
    return Stretch(side, run[0].at, end, max(values) if side == "above" else min(values), len(run))


def _tell(record: TemperatureRecord, subject: Subject, stretches: Sequence[Stretch], file: StoredFile) -> None:
    publish(
        "catalog.temperature_recorded",
        organisations=[subject.producer_key],
        record_id=str(record.public_id),
        device=record.device,
        file_id=str(file.public_id),
        file_sha256=file.sha256,
        started_at=record.started_at.isoformat(),
        ended_at=record.ended_at.isoformat(),
        readings=record.readings,
        range_from=record.range_from,
        stretches=[
            {
                "side": one.side, "started_at": one.started_at.isoformat(), "ended_at": one.ended_at.isoformat(),
                "extreme_c": f"{one.extreme_c:.2f}", "readings": one.readings,
            }
            for one in stretches
        ],
        recorded_at=record.recorded_at.isoformat(),
        **{name: None if (value := getattr(record, name)) is None else f"{value:.2f}" for name in _DEGREES},
        **subject_values(subject),
    )  # fmt: skip


_DEGREES = ("least_c", "most_c", "mean_c", "low_c", "high_c")
__all__ = [
    "BadTemperatureFile", "Range", "Stretch", "TemperatureFileTaken", "clear_range", "range_of", "ranges_of", "read_again", "record_temperatures",
    "set_range", "stretches_outside",
]  # fmt: skip
