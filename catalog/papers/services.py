"""Handing in papers and deciding on them: never the same person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from catalog.papers.models import CERTIFICATE_SCHEMES, ELIGIBILITY_SCHEMES, Certificate, EligibilityBasis
from catalog.papers.numbers import ASSOCIATION_BEGINS, DIRECTORY_ENDS, credit_code_warnings, number_warnings
from catalog.papers.queries import TABLES, NoSuchPaper, PaperRow, get_paper
from catalog.producers.queries import get_producer, require_producer
from catalog.products.models import Product
from catalog.products.services import get_own_product
from catalog.rules import TABLE
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.moves.table import by
from shop.outbox.services import publish

_MAX_NAME, _MAX_SCOPE, _MAX_REASON = 120, 500, 500


class BadPaper(Invalid):
    """Scheme, number, county or days of a paper make no sense."""

    code = "bad-paper"


class EvidenceMissing(Invalid):
    """A paper is handed in with a file that shows it."""

    code = "evidence-missing"


class PaperDecided(Conflict):
    """The paper is not waiting for a decision."""

    code = "paper-decided"


class PaperOverlaps(Conflict):
    """A paper of that scheme is in force on some of those days."""

    code = "paper-overlaps"


class SamePerson(Forbidden):
    """Whoever recorded it does not decide on it."""

    code = "same-person"


@dataclass(frozen=True)
class NewBasis:
    """An eligibility basis as handed in."""

    product: UUID
    scheme: str
    county_code: str
    issuer: str
    number: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class NewCertificate:
    """A quality certificate as handed in; without a product it covers the producer or its base."""

    scheme: str
    issuer: str
    number: str
    scope: str
    valid_from: date
    valid_to: date | None = None
    product: UUID | None = None
    #: Of an agent with several: for which producer. Left out: the product's, or the actor's own.
    producer_id: int | None = None


def submit_eligibility(
    new: NewBasis, actor: Actor, *, at: datetime, evidence_file_id: int | None, is_demo: bool = False
) -> EligibilityBasis:
    """Hand in what makes a product's sales count; it waits for another person's decision.

    :raises NoSuchProduct: if the product is not the actor's.
    :raises BadPaper: for an unknown scheme or county, days out of order or outside the scheme's time.
    :raises EvidenceMissing: without a file.
    """
    product = get_own_product(new.product, actor, at=at)
    # Held against a change of what the paper is about; a change under way is seen by who decides.
    db.session.refresh(product, with_for_update={"key_share": True})
    if new.scheme not in ELIGIBILITY_SCHEMES:
        raise _bad("scheme", _("认定依据不正确。"))
    if db.session.get(AssistedCounty, new.county_code) is None:
        raise _bad("county_code", _("须是832个脱贫县之一。"))
    _check_common(new, evidence_file_id, is_demo=is_demo)
    _check_scheme_time(new)
    basis = EligibilityBasis(
        product_id=product.id, county_code=new.county_code, **_common(new, actor, at, evidence_file_id, is_demo=is_demo)
    )
    _submit(basis, "eligibility", actor, at)
    return basis


def submit_certificate(
    new: NewCertificate, actor: Actor, *, at: datetime, evidence_file_id: int | None, is_demo: bool = False
) -> Certificate:
    """Hand in a quality certificate; it waits for another person's decision and never makes a sale count.

    :raises NoSuchProduct: if the product is not the actor's.
    :raises NoSuchProducer: if the producer is not the actor's.
    :raises BadPaper: for an unknown scheme or days out of order.
    :raises EvidenceMissing: without a file.
    """
    product = get_own_product(new.product, actor, at=at) if new.product is not None else None
    producer_id = product.producer_id if product is not None else new.producer_id or actor.organisation_id
    require_producer(actor, producer_id, business_day(at))
    get_producer(producer_id)
    if new.scheme not in CERTIFICATE_SCHEMES:
        raise _bad("scheme", _("认证种类不正确。"))
    if not 0 < len(new.scope.strip()) <= _MAX_SCOPE:
        raise _bad("scope", _("认证范围必填，最多500个字。"))
    _check_common(new, evidence_file_id, is_demo=is_demo)
    certificate = Certificate(
        producer_id=producer_id, product_id=product.id if product else None, scope=new.scope.strip(),
        **_common(new, actor, at, evidence_file_id, is_demo=is_demo),
    )  # fmt: skip
    _submit(certificate, "certificate", actor, at)
    return certificate


def decide_paper(kind: str, public_id: UUID, actor: Actor, *, is_approved: bool, reason: str, at: datetime) -> PaperRow:
    """Put a paper in force, or refuse it with a reason.

    :raises NoSuchPaper: if it is outside the actor's scope.
    :raises SamePerson: if the actor handed it in.
    :raises PaperDecided: if it does not wait for a decision.
    :raises BadPaper: if it is refused without a reason.
    :raises PaperOverlaps: if one of its scheme is in force on some of its days.
    """
    row = lock_paper(kind, public_id, actor, at)
    if row.paper.status != "pending":
        raise PaperDecided(_("这份材料已有审核结果。"))
    require_other_person(row.paper.recorded_by, actor)
    if not is_approved and not reason.strip():
        raise _bad("reason", _("退回时须说明原因。"))
    _check_reason(reason)
    taken = PaperOverlaps(_("同一种类的材料在这些日子已经有效。"))
    with refusing(ex_eligibility_bases_dates=taken, ex_certificates_dates=taken):
        event = "approve" if is_approved else "refuse"
        TABLE.move(kind, row.paper, event, by(actor, "reviewer", at=at), why=reason.strip())
        row.paper.decided_by, row.paper.decided_at, row.paper.reason = actor.user_id, at, reason.strip()
    audit.record(actor, f"catalog.{kind}_decided", kind, row.paper.id, status=["pending", row.paper.status])
    publish(
        "catalog.paper_decided", organisations=[row.producer_key], kind=kind, paper=str(public_id),
        status=row.paper.status, reason=row.paper.reason,
    )  # fmt: skip
    return row


def withdraw_paper(kind: str, public_id: UUID, actor: Actor, *, at: datetime) -> PaperRow:
    """Take back a paper of the own side that waits for a decision.

    :raises NoSuchPaper: if it is another's.
    :raises PaperDecided: if it does not wait for a decision.
    """
    row = lock_paper(kind, public_id, actor, at)
    require_producer(actor, row.producer_key, business_day(at))
    if row.paper.status != "pending":
        raise PaperDecided(_("这份材料已有审核结果。"))
    TABLE.move(kind, row.paper, "withdraw", by(actor, "producer", at=at))
    audit.record(actor, f"catalog.{kind}_withdrawn", kind, row.paper.id)
    return row


def lock_paper(kind: str, public_id: UUID, actor: Actor, at: datetime) -> PaperRow:
    """Lock a paper that the actor sees and return it as it is then.

    :raises NoSuchPaper: if there is none.
    """
    table: Any = TABLES[kind]
    db.session.scalars(
        select(table).where(table.public_id == public_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    return get_paper(kind, public_id, actor, business_day(at))


def require_other_person(recorded_by: int | None, actor: Actor) -> None:
    """Refuse whoever recorded a thing.

    :raises SamePerson: if that is the actor.
    """
    if recorded_by == actor.user_id:
        raise SamePerson(_("提交人不能审核自己的材料，请由另一人审核。"))


def paper_warnings(row: PaperRow) -> list[str]:
    """Return what a reviewer should look at: none of it refuses by itself."""
    found = credit_code_warnings(row.credit_code, row.county_code)
    if row.kind == "certificate":
        return found + number_warnings(row.paper.scheme, row.paper.number, row.county_code)
    origin = db.session.execute(select(Product.county_code).where(Product.id == row.paper.product_id)).scalar_one()
    if origin != row.paper.county_code:
        found.append(_("认定县 %(county)s 与产品产地 %(origin)s 不同。", county=row.paper.county_code, origin=origin))
    return found


def _submit(paper: EligibilityBasis | Certificate, kind: str, actor: Actor, at: datetime) -> None:
    db.session.add(paper)
    db.session.flush()  # obtains the key
    TABLE.record_start(kind, paper, "submit", by(actor, "producer", at=at))
    audit.record(actor, f"catalog.{kind}_submitted", kind, paper.id)


def _common(
    new: NewBasis | NewCertificate, actor: Actor, at: datetime, evidence_file_id: int | None, *, is_demo: bool
) -> dict[str, Any]:
    return {
        "scheme": new.scheme, "issuer": new.issuer.strip(), "number": new.number.strip(), "status": "pending",
        "valid_from": new.valid_from, "valid_to": new.valid_to, "evidence_file_id": evidence_file_id,
        "recorded_by": actor.user_id, "recorded_at": at, "is_demo": is_demo,
    }  # fmt: skip


def _check_common(new: NewBasis | NewCertificate, evidence_file_id: int | None, *, is_demo: bool) -> None:
    for field in ("issuer", "number"):
        if not 0 < len(getattr(new, field).strip()) <= _MAX_NAME:
            raise _bad(field, _("必填，最多120个字。"))
    if new.valid_to is not None and new.valid_to < new.valid_from:
        raise _bad("valid_to", _("截止日不能早于起始日。"))
    if evidence_file_id is None and not is_demo:
        raise EvidenceMissing(
            _("请上传证明文件。"), errors=[{"pointer": "#/evidence", "detail": _("请上传证明文件。")}]
        )


def _check_scheme_time(new: NewBasis) -> None:
    last = date.fromisoformat(DIRECTORY_ENDS)
    if new.scheme == "national_directory" and (new.valid_to is None or new.valid_to > last):
        raise _bad("valid_to", _("全国消费扶贫产品目录至2021年11月止，截止日不能晚于 2021-11-30。"))
    if new.scheme == "association" and new.valid_from < date.fromisoformat(ASSOCIATION_BEGINS):
        raise _bad("valid_from", _("协会的消费帮扶产品认定自2024年起，起始日不能早于 2024-01-01。"))


def _check_reason(reason: str) -> None:
    if len(reason) > _MAX_REASON:
        raise _bad("reason", _("文字太长。"))


def _bad(field: str, detail: str) -> BadPaper:
    return BadPaper(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])


__all__ = [
    "BadPaper", "EvidenceMissing", "NewBasis", "NewCertificate", "NoSuchPaper", "PaperDecided", "PaperOverlaps",
    "SamePerson", "decide_paper", "lock_paper", "paper_warnings", "require_other_person", "submit_certificate",
    "submit_eligibility", "withdraw_paper",
]  # fmt: skip
