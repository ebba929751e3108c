"""Everything that is known of a batch or lot, what came before it included, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots.batches.models import Place
from catalog.lots.records import standing, suppliers
from catalog.lots.records.commitments import NoSuchCommitment
from catalog.lots.records.models import (
    Commitment,
    MeatPaper,
    Passage,
    TemperatureRecord,
    TemperatureStretch,
    TestItem,
    TestReport,
)
from catalog.lots.records.reports import NoSuchReport
from catalog.lots.records.subjects import Subject, find_subject
from catalog.lots.records.suppliers import SupplierView
from catalog.lots.records.withdrawing import NoSuchRecord
from catalog.producers.queries import producers_of
from shop.auth import Actor
from shop.db import db
from shop.files.models import StoredFile
from shop.i18n import _


@dataclass(frozen=True)
class ReportView:
    """A test report with its lines and file."""

    report: TestReport
    file_id: UUID
    items: list[TestItem]
    #: The code of the earlier batch that it is about, where these goods were made of it.
    earlier: str = ""


@dataclass(frozen=True)
class MeatPaperView:
    """A paper of meat with its file."""

    paper: MeatPaper
    file_id: UUID
    #: As of a test report.
    earlier: str = ""


@dataclass(frozen=True)
class TemperatureView:
    """A temperature record with the stretches outside its range."""

    record: TemperatureRecord
    file_id: UUID
    stretches: list[TemperatureStretch]


@dataclass(frozen=True)
class PassageView:
    """A passage with its place."""

    passage: Passage
    place: Place


@dataclass(frozen=True)
class Records:
    """What is known of a batch or lot; of a lot, what is known of its batch stands with it."""

    subject: Subject
    reports: list[ReportView]
    meat_papers: list[MeatPaperView]
    temperatures: list[TemperatureView]
    #: Where the goods arrived, were stored or left, the last first.
    passages: list[PassageView]
    #: The last first; those before it were replaced.
    commitments: Sequence[Commitment]
    #: From whom it, or what it was made of, was bought.
    suppliers: list[SupplierView]
    #: What must go with the goods and is not there: ``commitment``, ``factory_test``, ``quarantine``, ``meat_inspection``;
    #: ``passed_test`` where a failed test stands, ``supplier`` where nobody has recorded from whom goods were bought.
    missing: tuple[str, ...]


def records_of(batch: UUID | None, lot: UUID | None, actor: Actor, on: date) -> Records:
    """Return what is known of a batch or lot of the actor's side.

    :raises NoSuchSubject: if it is not the actor's.
    """
    subject = find_subject(batch, lot, actor, on)
    return records_of_subject(subject, on)


def records_of_subject(subject: Subject, on: date) -> Records:
    """Return what is known of a batch or lot, with tests and papers of meat of what it was made of."""
    batch_key = subject.batch_key
    if subject.lot_key is not None:
        batch_key = db.session.execute(
            text("SELECT batch_id FROM lots WHERE id = :lot"), {"lot": subject.lot_key}
        ).scalar_one()

    source = standing.behind(batch_key, subject.produced_on)
    reports, meat = (_with_files(table, subject, source.batches) for table in (TestReport, MeatPaper))
    logs = _with_files(TemperatureRecord, subject, () if batch_key is None else (batch_key,))
    earlier = {key: code for key, code in source.batches.items() if key != batch_key}
    items = _grouped(TestItem, TestItem.report_id, [row[0].id for row in reports])
    stretches = _grouped(TemperatureStretch, TemperatureStretch.record_id, [row[0].id for row in logs])
    wanted = select(Commitment).where(_about(Commitment, subject, batch_key)).order_by(Commitment.id.desc())
    commitments = db.session.scalars(wanted).all()
    found = Records(
        subject,
        [ReportView(row[0], row[1], items.get(row[0].id, []), earlier.get(row[0].batch_id, "")) for row in reports],
        [MeatPaperView(row[0], row[1], earlier.get(row[0].batch_id, "")) for row in meat],
        [TemperatureView(row[0], row[1], stretches.get(row[0].id, [])) for row in logs],
        _passages(subject, batch_key),
        commitments,
        suppliers.suppliers_of(source.batches),
        tuple(["supplier"] if suppliers.without_supplier(source.batches) else []),
    )
    return Records(**{**found.__dict__, "missing": (*_missing(found, on, source.since), *found.missing)})


def _about(table: Any, subject: Subject, batch_key: int | None) -> Any:
    """Return the condition on a table's rows that they are about a batch, or about a lot or its batch."""
    of_lot = table.lot_id == subject.lot_key
    return of_lot if batch_key is None else of_lot | (table.batch_id == batch_key)


def _with_files(table: Any, subject: Subject, batches: Iterable[int]) -> Sequence[Any]:
    return db.session.execute(
        select(table, StoredFile.public_id)
        .join(StoredFile, StoredFile.id == table.file_id)
        .where((table.lot_id == subject.lot_key) | table.batch_id.in_(batches))
        .order_by(table.id.desc())
    ).all()


def _passages(subject: Subject, batch_key: int | None) -> list[PassageView]:
    rows = db.session.execute(
        select(Passage, Place)
        .join(Place, Place.id == Passage.place_id)
        .where(_about(Passage, subject, batch_key))
        .order_by(Passage.occurred_at.desc(), Passage.id.desc())
    )
    return [PassageView(*row) for row in rows]


def _missing(found: Records, on: date, since: date) -> tuple[str, ...]:
    """Return which papers of the category are not there."""
    subject, missing = found.subject, []
    if subject.origin_paper == "commitment" and not found.commitments:
        missing.append("commitment")
    own = [view.report for view in found.reports if not view.earlier]
    if standing.has_failed(own):
        missing.append("passed_test")
    is_tested = any(report.kind == "factory" and standing.counts(report, on, since) for report in own)
    if subject.origin_paper == "factory_test" and not is_tested:
        missing.append("factory_test")
    if subject.needs_quarantine:
        there = {view.paper.kind for view in found.meat_papers if view.paper.withdrawn_at is None}
        missing += [kind for kind in ("quarantine", "meat_inspection") if kind not in there]
    return tuple(missing)


def _grouped(table: Any, key: Any, keys: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in db.session.scalars(select(table).where(key.in_(keys)).order_by(key, table.position)):
        found.setdefault(getattr(row, key.key), []).append(row)
    return found


def get_report(public_id: UUID, actor: Actor, on: date) -> ReportView:
    """Return a test report of the actor's side.

    :raises NoSuchReport: if there is none.
    """
    row = db.session.execute(
        select(TestReport, StoredFile.public_id)
        .join(StoredFile, StoredFile.id == TestReport.file_id)
        .where(TestReport.public_id == public_id)
    ).one_or_none()
    if row is None or row[0].producer_id not in producers_of(actor, on):
        raise NoSuchReport(_("没有找到。"))
    return ReportView(*row, _grouped(TestItem, TestItem.report_id, [row[0].id]).get(row[0].id, []))


def get_meat_paper(public_id: UUID, actor: Actor, on: date) -> MeatPaperView:
    """Return a paper of meat of the actor's side.

    :raises NoSuchRecord: if there is none.
    """
    return MeatPaperView(*_own(MeatPaper, public_id, actor, on))


def get_temperatures(public_id: UUID, actor: Actor, on: date) -> TemperatureView:
    """Return a temperature record of the actor's side.

    :raises NoSuchRecord: if there is none.
    """
    record, file_id = _own(TemperatureRecord, public_id, actor, on)
    stretches = _grouped(TemperatureStretch, TemperatureStretch.record_id, [record.id])
    return TemperatureView(record, file_id, stretches.get(record.id, []))


def get_passage(public_id: UUID, actor: Actor, on: date) -> PassageView:
    """Return a passage of the goods, or at a place, of the actor's side.

    :raises NoSuchRecord: if there is none.
    """
    query = select(Passage, Place).join(Place, Place.id == Passage.place_id).where(Passage.public_id == public_id)
    row = db.session.execute(query).one_or_none()
    if row is None or not {row[0].producer_id, row[0].keeper_id} & producers_of(actor, on):
        raise NoSuchRecord(_("没有找到。"))
    return PassageView(*row)


def _own(table: Any, public_id: UUID, actor: Actor, on: date) -> tuple[Any, UUID]:
    row = db.session.execute(
        select(table, StoredFile.public_id)
        .join(StoredFile, StoredFile.id == table.file_id)
        .where(table.public_id == public_id)
    ).one_or_none()
    if row is None or row[0].producer_id not in producers_of(actor, on):
        raise NoSuchRecord(_("没有找到。"))
    return row[0], row[1]


def get_commitment(number: str) -> tuple[Commitment, Commitment | None]:
    """Return a certificate by its number, for everybody, and the one that replaced it.

    :raises NoSuchCommitment: if there is none.
    """
    found = db.session.scalars(select(Commitment).where(Commitment.number == number)).one_or_none()
    if found is None:
        raise NoSuchCommitment(_("没有这张合格证。"))
    return found, db.session.scalars(select(Commitment).where(Commitment.replaces_id == found.id)).one_or_none()


def is_void(commitment: Commitment) -> bool:
    """Say whether the batch or lot of a certificate was recorded by mistake and undone."""
    sql = "SELECT status = 'undone' FROM batches WHERE id = :batch UNION ALL SELECT status = 'undone' FROM lots WHERE id = :lot"
    return bool(db.session.execute(text(sql), {"batch": commitment.batch_id, "lot": commitment.lot_id}).scalar_one())


@dataclass(frozen=True)
class PublicPapers:
    """What the shop shows of the papers behind a pack's open lots, by the lot's code."""

    commitments: dict[str, str]
    #: Laboratory, number, day, last day if there is one, and whether it passed: failed ones too.
    tests: dict[str, list[tuple[str, str, date, date | None, bool]]]
    meat: dict[str, list[tuple[str, str]]]


_PUBLIC = text("""
    SELECT l.code,
        (SELECT k.number FROM commitments k WHERE k.lot_id = l.id OR k.batch_id = l.batch_id
         ORDER BY k.lot_id IS NULL, k.id DESC LIMIT 1) AS commitment,
        (SELECT json_agg(json_build_array(r.laboratory, r.number, r.tested_on, r.expires_on, r.has_passed) ORDER BY r.id DESC)
         FROM test_reports r WHERE (r.lot_id = l.id OR r.batch_id = l.batch_id) AND r.withdrawn_at IS NULL) AS tests,
        (SELECT json_agg(json_build_array(m.kind, m.number) ORDER BY m.id) FROM meat_papers m
         WHERE (m.lot_id = l.id OR m.batch_id = l.batch_id) AND m.withdrawn_at IS NULL) AS meat
    FROM lots l JOIN skus s ON s.id = l.sku_id WHERE s.code = :sku AND l.status = 'open' AND l.on_hand > 0""")


def public_papers(sku_code: str) -> PublicPapers:
    """Return the papers behind the open lots of a pack, for everybody, in one statement."""
    found = PublicPapers({}, {}, {})
    for row in db.session.execute(_PUBLIC, {"sku": sku_code}):
        if row.commitment:
            found.commitments[row.code] = row.commitment
        if row.tests:
            found.tests[row.code] = [
                (lab, number, date.fromisoformat(day), until and date.fromisoformat(until), has_passed)
                for lab, number, day, until, has_passed in row.tests
            ]
        if row.meat:
            found.meat[row.code] = [(kind, number) for kind, number in row.meat]
    return found
