"""Test reports and papers of meat: recorded with their file, taken back with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from uuid6 import uuid7

from catalog.lots.records.models import MEAT_PAPER_KINDS, REPORT_KINDS, MeatPaper, TestItem, TestReport
from catalog.lots.records.subjects import BadRecord, NoSuchSubject, Subject, bad, hold_subject, require_words
from catalog.producers.queries import producers_of
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.files.models import StoredFile
from shop.i18n import _
from shop.outbox.services import publish

MAX_ITEMS = 60


class NoSuchReport(NotFound):
    """There is no such test report, or it is another producer's."""

    code = "no-such-test-report"


class ReportWithdrawn(Conflict):
    """The report was taken back before."""

    code = "report-withdrawn"


@dataclass(frozen=True)
class Item:
    """A line of a report, as printed."""

    name: str
    allowed: str
    result: str
    has_passed: bool


@dataclass(frozen=True)
class NewReport:
    """A report as handed in."""

    kind: str
    laboratory: str
    number: str
    tested_on: date
    has_passed: bool
    items: Sequence[Item]
    batch: UUID | None = None
    lot: UUID | None = None
    expires_on: date | None = None


@dataclass(frozen=True)
class NewMeatPaper:
    """A quarantine or meat inspection certificate as handed in."""

    kind: str
    number: str
    issuer: str
    issued_on: date
    batch: UUID | None = None
    lot: UUID | None = None


def record_report(new: NewReport, file_id: int, actor: Actor, *, at: datetime) -> TestReport:
    """Record a test report of a batch or lot.

    :raises NoSuchSubject: if the batch or lot is not the actor's.
    :raises BadRecord: pointing at what makes no sense: a report that has passed has no item that failed.
    """
    subject = hold_subject(new.batch, new.lot, actor, business_day(at))
    if new.kind not in REPORT_KINDS:
        raise bad("kind", _("检测类型不正确。"))
    if new.tested_on > business_day(at):
        raise bad("tested_on", _("不能晚于今天。"))
    if new.expires_on is not None and new.expires_on < new.tested_on:
        raise bad("expires_on", _("有效期不能早于检测日期。"))
    items = _items(new)
    report = TestReport(
        public_id=uuid7(), **subject.keys, kind=new.kind, laboratory=require_words("laboratory", new.laboratory),
        number=require_words("number", new.number), tested_on=new.tested_on, expires_on=new.expires_on,
        has_passed=new.has_passed, file_id=file_id, recorded_by=actor.user_id, recorded_at=at,
    )  # fmt: skip
    db.session.add(report)
    db.session.flush()  # its items refer to its key
    db.session.add_all(
        TestItem(
            report_id=report.id, position=place, name=item.name, allowed=item.allowed, result=item.result, has_passed=item.has_passed
        )
        for place, item in enumerate(items, 1)
    )  # fmt: skip
    audit.record(actor, "catalog.test_reported", "test_report", report.id)
    _tell(report, subject, items)
    return report


def _items(new: NewReport) -> list[Item]:
    if not 0 < len(new.items) <= MAX_ITEMS:
        raise bad("items", _("请填写 1 至 60 个检测项目。"))
    made = [
        Item(
            require_words(f"items/{place}/name", item.name, 60), item.allowed.strip()[:60],
            require_words(f"items/{place}/result", item.result, 60), item.has_passed,
        )
        for place, item in enumerate(new.items)
    ]  # fmt: skip
    if new.has_passed != all(item.has_passed for item in made):
        raise bad("has_passed", _("结论与各项目不一致：全部合格的为合格，有不合格项目的为不合格。"))
    return made


def withdraw_report(public_id: UUID, why: str, actor: Actor, *, at: datetime) -> TestReport:
    """Take a report back that was recorded by mistake; it stays in the records with the reason.

    :raises NoSuchReport: if it is not the actor's.
    :raises ReportWithdrawn: if it was taken back before.
    """
    report = db.session.scalars(
        select(TestReport)
        .where(TestReport.public_id == public_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if report is None or report.producer_id not in producers_of(actor, business_day(at)):
        raise NoSuchReport(_("没有找到。"))
    if report.withdrawn_at is not None:
        raise ReportWithdrawn(_("这份报告已经撤回。"))
    report.withdrawn_why = require_words("reason", why, 200)
    report.withdrawn_by, report.withdrawn_at = actor.user_id, at
    audit.record(actor, "catalog.test_withdrawn", "test_report", report.id)
    publish(
        "catalog.test_withdrawn",
        organisations=[report.producer_id],
        report_id=str(report.public_id),
        reason=report.withdrawn_why,
        occurred_at=at.isoformat(),
    )
    return report


def record_meat_paper(new: NewMeatPaper, file_id: int, actor: Actor, *, at: datetime) -> MeatPaper:
    """Record the number and picture of a quarantine or meat inspection certificate of a batch or lot.

    :raises NoSuchSubject: if the batch or lot is not the actor's.
    :raises BadRecord: pointing at what makes no sense.
    """
    subject = hold_subject(new.batch, new.lot, actor, business_day(at))
    if new.kind not in MEAT_PAPER_KINDS:
        raise bad("kind", _("证明类型不正确。"))
    if new.issued_on > business_day(at):
        raise bad("issued_on", _("不能晚于今天。"))
    paper = MeatPaper(
        public_id=uuid7(), **subject.keys, kind=new.kind, number=require_words("number", new.number),
        issuer=require_words("issuer", new.issuer), issued_on=new.issued_on, file_id=file_id, recorded_by=actor.user_id,
        recorded_at=at,
    )  # fmt: skip
    db.session.add(paper)
    db.session.flush()  # obtains the key
    audit.record(actor, "catalog.meat_paper_recorded", "meat_paper", paper.id)
    publish(
        "catalog.paper_recorded",
        organisations=[subject.producer_key],
        paper_id=str(paper.public_id),
        kind=paper.kind,
        number=paper.number,
        issuer=paper.issuer,
        issued_on=paper.issued_on.isoformat(),
        recorded_at=at.isoformat(),
        **subject_values(subject),
    )
    return paper


def subject_values(subject: Subject) -> dict[str, str | None]:
    """Return what events tell of the batch or lot that a record is about."""
    return {
        "producer_id": str(subject.producer_id), "batch_id": str(subject.id) if subject.batch_key else None,
        "lot_id": str(subject.id) if subject.lot_key else None, "code": subject.code, "product_name": subject.product_name,
        "category": subject.category_code, "county": subject.county_code,
    }  # fmt: skip


def _tell(report: TestReport, subject: Subject, items: Sequence[Item]) -> None:
    publish(
        "catalog.test_reported",
        organisations=[subject.producer_key],
        report_id=str(report.public_id),
        kind=report.kind,
        laboratory=report.laboratory,
        number=report.number,
        tested_on=report.tested_on.isoformat(),
        expires_on=report.expires_on.isoformat() if report.expires_on else None,
        has_passed=report.has_passed,
        file_sha256=db.session.scalars(select(StoredFile.sha256).where(StoredFile.id == report.file_id)).one(),
        items=[item.__dict__ for item in items],
        recorded_at=report.recorded_at.isoformat(),
        **subject_values(subject),
    )


__all__ = [
    "BadRecord", "Item", "NewMeatPaper", "NewReport", "NoSuchReport", "NoSuchSubject", "ReportWithdrawn", "record_meat_paper",
    "record_report", "subject_values", "withdraw_report",
]  # fmt: skip
