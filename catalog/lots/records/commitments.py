"""Commitment certificates (承诺达标合格证): issued per batch or lot, numbered, never changed, replaced by another."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import false, or_, select
from uuid6 import uuid7

from catalog.lots.models import Lot
from catalog.lots.records import standing, suppliers
from catalog.lots.records.models import BASES, Commitment, TestReport
from catalog.lots.records.reports import subject_values
from catalog.lots.records.subjects import Subject, bad, hold_subject
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.i18n import _
from shop.outbox.services import publish

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_PHONE = re.compile(r"\+?[\d][\d -]{5,18}\d\Z", re.ASCII)
#: What is promised, as the rule in force since 2026-02-01 asks; kept with each certificate as it read then.
PROMISES = (
    "不使用禁用农药、兽药及其他化合物",
    "使用的常规农药、兽药残留不超标",
    "对承诺的真实性负责",
)


class NoSuchCommitment(NotFound):
    """There is no such commitment certificate, or it is another producer's."""

    code = "no-such-commitment"


class CommitmentIssued(Conflict):
    """The batch or lot has a certificate: issue another in its place."""

    code = "commitment-issued"


class BasisMissing(Conflict):
    """The certificate names a test of which the batch or lot has no report that counts today, or a failed test of it stands."""

    code = "commitment-basis-missing"


class NoCommitmentNeeded(Conflict):
    """Goods of this category carry another paper than a commitment certificate."""

    code = "no-commitment-needed"


@dataclass(frozen=True)
class NewCommitment:
    """A certificate to be issued."""

    bases: Sequence[str]
    #: A telephone number; left empty: the organisation's.
    contact: str = ""
    batch: UUID | None = None
    lot: UUID | None = None
    #: Take the place of the one there is.
    is_replacement: bool = False


def issue(new: NewCommitment, actor: Actor, *, at: datetime) -> Commitment:
    """Issue the certificate of a batch or lot.

    :raises NoSuchSubject: if the batch or lot is not the actor's.
    :raises NoCommitmentNeeded: for goods of a category that carries another paper.
    :raises BadRecord: without a basis or a telephone number.
    :raises BasisMissing: if it names a test of which there is no passed report.
    :raises SupplierMissing: if the goods were bought, or made of what was, and nobody has recorded from whom.
    :raises CommitmentIssued: if there is one, and this is not to replace it; or one was issued meanwhile.
    """
    subject = hold_subject(new.batch, new.lot, actor, business_day(at))
    if subject.origin_paper != "commitment":
        raise NoCommitmentNeeded(_("“%(name)s”不需要承诺达标合格证。", name=subject.product_name))
    bases = [basis for basis in BASES if basis in set(new.bases)]
    if not bases or set(new.bases) - set(BASES):
        raise bad("bases", _("请选择承诺依据。"))
    contact = (new.contact or subject.contact).strip()
    if not _PHONE.match(contact):
        raise bad("contact", _("请填写联系电话。"))
    _require_reports(subject, bases, business_day(at))
    before = find_current(subject)
    if (before is not None) != new.is_replacement:
        raise CommitmentIssued(_("这个批次已有合格证，须换开。") if before else _("还没有合格证，不能换开。"))
    made = Commitment(
        public_id=uuid7(), **subject.keys, number=_make_number(subject, at), product_name=subject.product_name,
        quantity=quantity_words(subject), mass_kg=subject.mass_kg, origin=f"{subject.county_name} {subject.place}".strip(),
        issued_on=business_day(at), issued_at=at, producer_name=subject.producer_name, contact=contact, bases=bases,
        promises=list(PROMISES), replaces_id=before.id if before else None, issued_by=actor.user_id,
    )  # fmt: skip
    meanwhile = CommitmentIssued(_("刚刚已经开具过，请刷新页面。"))
    with refusing(
        uq_commitments_first_of_batch=meanwhile,
        uq_commitments_first_of_lot=meanwhile,
        uq_commitments_replaces_id=meanwhile,
    ):
        db.session.add(made)
    audit.record(actor, "catalog.commitment_issued", "commitment", made.id, number=[None, made.number])
    _tell(made, subject, before)
    return made


def _require_reports(subject: Subject, bases: Sequence[str], on: date) -> None:
    """Refuse while a failed test stands, a purchase behind lacks its seller, or a basis is a test and none counts; of a lot its batch's count too."""
    batch_key = subject.batch_key
    if subject.lot_key is not None:
        batch_key = db.session.scalars(select(Lot.batch_id).where(Lot.id == subject.lot_key)).one()
    about = or_(
        TestReport.lot_id == subject.lot_key if subject.lot_key else false(),
        TestReport.batch_id == batch_key if batch_key else false(),
    )
    reports = db.session.scalars(select(TestReport).where(about)).all()
    if standing.has_failed(reports):
        raise BasisMissing(_("有不合格的检测报告，不能开具合格证。复检合格后登记新的报告。"))
    source = standing.behind(batch_key, subject.produced_on)
    suppliers.require_suppliers(subject, source.batches)
    passed = {report.kind for report in reports if standing.counts(report, on, source.since)}
    kinds = {"commissioned_test": {"commissioned", "official"}, "own_test": {"own", "factory"}}
    if any(basis in kinds and not kinds[basis] & passed for basis in bases):
        raise BasisMissing(
            _("还没有合格的检测报告（须在有效期内、属于这批货），不能以检测为依据。请先登记检测报告，或选择其他依据。")
        )


def find_current(subject: Subject) -> Commitment | None:
    """Return the certificate of exactly this batch or lot that nothing has replaced."""
    mine = Commitment.batch_id == subject.batch_key if subject.batch_key else Commitment.lot_id == subject.lot_key
    replaced = select(Commitment.replaces_id).where(Commitment.replaces_id.is_not(None))
    return db.session.scalars(select(Commitment).where(mine, Commitment.id.not_in(replaced))).one_or_none()


def quantity_words(subject: Subject) -> str:
    """Return a quantity as a certificate says it."""
    if subject.batch_key or subject.unit == "kg":
        return f"{subject.quantity.normalize():f} 公斤"
    mass = f"（净重 {subject.mass_kg.normalize():f} 公斤）" if subject.mass_kg is not None else ""
    return f"{subject.quantity.normalize():f} × {subject.pack_spec}{mass}"


def _make_number(subject: Subject, at: datetime) -> str:
    letters = "".join(secrets.choice(_LETTERS) for _n in range(6))
    return f"HGZ{subject.county_code}-{business_day(at):%Y%m%d}-{letters}"


def erase_contact(commitment: Commitment) -> None:
    """Take the telephone number out of a certificate, when it must no longer be kept; nothing else of it changes."""
    commitment.contact = ""
    db.session.flush()  # obtains the database's answer


def _tell(made: Commitment, subject: Subject, before: Commitment | None) -> None:
    publish(
        "catalog.commitment_issued",
        organisations=[subject.producer_key],
        commitment_id=str(made.public_id),
        number=made.number,
        replaces=before.number if before else None,
        quantity=made.quantity,
        mass_kg=None if made.mass_kg is None else f"{made.mass_kg:.3f}",
        origin=made.origin,
        issued_on=made.issued_on.isoformat(),
        bases=made.bases,
        recorded_at=made.issued_at.isoformat(),
        **subject_values(subject),
    )
