"""Entering a filing: drafts, their numbers and papers, submitting, and taking back what does not count yet."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from catalog.producers.models import Producer
from catalog.producers.queries import require_producer, resolve_producer
from orders.ledger.filings import eligibility, numbers, queries
from orders.ledger.filings.drafts import BadFiling, FilingDraft, check, read_key, write
from orders.ledger.filings.models import Filing, FilingDocument, FilingKey, FilingLine
from orders.ledger.filings.rules import TABLE
from orders.numbers import make_number
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden
from shop.etag import check_version
from shop.files import services as files
from shop.geo.queries import get_county
from shop.i18n import _
from shop.moves.table import Asked
from shop.outbox.services import publish


class WrongFilingState(Conflict):
    """The filing's state does not allow this; ``moves`` says what it allows."""

    code = "wrong-filing-state"


def move(filing: Filing, act: str, actor: Actor, *, at: datetime, why: str = "", took_part: bool = False) -> None:
    """Bring a filing into the state that ``act`` leads to, and record who did it.

    :raises WrongFilingState: if its state does not allow it.
    """
    if TABLE.find("filing", filing.status, act) is None:
        moves = sorted({rule.event for rule in TABLE.rules if rule.source == filing.status})
        raise WrongFilingState(_("申报的状态不允许这样做。"), state=filing.status, moves=moves)
    sides = [
        *(["filer"] if filing.organisation_id == actor.organisation_id else []),
        *(["county"] if queries.covers(actor, filing.county_code) else []),
    ]
    TABLE.move("filing", filing, act, Asked(actor, sides, at, {"took_part": took_part}), why=why)


def create_filing(draft: FilingDraft, actor: Actor, *, at: datetime) -> Filing:
    """Enter a sale as a draft.

    :raises BadFiling: if it makes no sense; ``errors`` names the members.
    :raises Forbidden: if the county is not one the actor files for.
    :raises AlreadyFiled: if one of its numbers is in another filing.
    :raises NoSuchProducer: if the producer is not one the actor may act for.
    :raises NotFound: if a file is not the actor's organisation's.
    """
    seller_id = _require_place(draft, actor, clock.business_day(at))
    check(draft, today=clock.business_day(at))
    filing = Filing(organisation_id=actor.organisation_id, status="draft", recorded_by=actor.user_id, recorded_at=at)
    filing.number = f"new-{uuid4()}"
    write(filing, draft, seller_id=seller_id)
    db.session.add(filing)
    db.session.flush()  # obtains the key that the number is made from
    filing.number = make_number("SB", clock.business_day(at), filing.id)
    _write_parts(filing, draft, actor, clock.business_day(at))
    TABLE.record_start("filing", filing, "enter", Asked(actor, ("filer",), at))
    audit.record(actor, "filings.filing_created", "filing", filing.id, amount_fen=[None, filing.amount_fen])
    return filing


def edit_filing(public_id: UUID, draft: FilingDraft, actor: Actor, *, version: int, at: datetime) -> Filing:
    """Replace a draft, or a refused filing which becomes a draft again; who changes it has entered it from then on.

    :raises Forbidden: if it was entered for another organisation.
    :raises AlreadyFiled: if one of its numbers is in another filing, or of an order here.
    :raises VersionChanged: if it is not the version that was read.
    """
    filing = _own(public_id, actor, clock.business_day(at))
    check_version(version, filing.version)
    seller_id = _require_place(draft, actor, clock.business_day(at))
    check(draft, today=clock.business_day(at))
    before = filing.amount_fen
    move(filing, "edit", actor, at=at)
    write(filing, draft, seller_id=seller_id)
    filing.decided_by = filing.decided_at = None
    filing.recorded_by, filing.reason = actor.user_id, ""
    for part in (FilingLine, FilingKey, FilingDocument):
        db.session.execute(delete(part).where(part.filing_id == filing.id))
    _write_parts(filing, draft, actor, clock.business_day(at))
    audit.record(actor, "filings.filing_edited", "filing", filing.id, amount_fen=[before, filing.amount_fen])
    return filing


def submit_filing(public_id: UUID, actor: Actor, *, at: datetime) -> Filing:
    """Hand a draft to the county for confirmation; it needs a paper and a number, which no other filing can have now.

    :raises BadFiling: without a paper or a number, or with a line whose eligibility basis was not in force.
    :raises AlreadyFiled: if another filing was submitted with one of its numbers, or one is of an order here.
    :raises NoSuchProducer: if an agent's mandate has ended since.
    """
    on = clock.business_day(at)
    filing = _own(public_id, actor, on)
    if actor.organisation_kind == "agent":
        require_producer(actor, filing.producer_id or 0, on)
    move(filing, "submit", actor, at=at)
    if db.session.scalar(select(FilingDocument.file_id).where(FilingDocument.filing_id == filing.id).limit(1)) is None:
        error = {"pointer": "#/documents", "detail": _("请至少上传一份凭证。")}
        raise BadFiling(_("请至少上传一份凭证，例如发票、合同或银行回单。"), errors=[error])
    if not numbers.take(filing, actor, on):
        error = {"pointer": "#/keys", "detail": _("请至少填写一个发票、合同或银行流水号码。")}
        raise BadFiling(_("请至少填写一个发票、合同或银行流水号码，以免重复计算。"), errors=[error])
    eligibility.settle(filing, lines_of(filing), is_own=actor.organisation_kind in ("producer", "agent"))
    filing.recorded_by, filing.recorded_at = actor.user_id, at
    audit.record(actor, "filings.filing_submitted", "filing", filing.id)
    publish(
        "orders.filing_submitted", organisations=queries.deciders_of(filing.county_code, on),
        filing_id=str(filing.public_id), number=filing.number, seller=filing.seller_name,
        county=get_county(filing.county_code).name, total=money.as_json(filing.amount_fen),
        entered_by=str(actor.user_public_id),
    )  # fmt: skip
    return filing


def withdraw_filing(public_id: UUID, actor: Actor, *, reason: str, at: datetime) -> Filing:
    """Take back a filing that has not been confirmed; its numbers become free."""
    filing = _own(public_id, actor, clock.business_day(at))
    move(filing, "withdraw", actor, at=at, why=reason.strip())
    filing.reason = reason.strip()
    numbers.release(filing)
    audit.record(actor, "filings.filing_withdrawn", "filing", filing.id)
    return filing


def _own(public_id: UUID, actor: Actor, on: date) -> Filing:
    """Return the filing, locked, if it was entered for the actor's organisation: colleagues go on with each other's.

    :raises NotFound: if the actor may not know of it.
    :raises Forbidden: if it was entered for another organisation.
    """
    filing = queries.find_filing(public_id, actor, on, lock=True)
    if filing.organisation_id != actor.organisation_id:
        raise Forbidden(_("只有申报单位可以修改、提交或撤回。"))
    return filing


def _require_place(draft: FilingDraft, actor: Actor, on: date) -> int | None:
    """Refuse a producer or county that the actor does not file for; return the producer, ``None`` for officials.

    :raises NoSuchCounty: if it is not an assisted one.
    """
    get_county(draft.county_code)
    seller_id = None
    if actor.organisation_kind in ("producer", "agent"):
        seller_id = resolve_producer(draft.producer_id, actor, on)
        at_home = db.session.get(Producer, seller_id)
        allowed = at_home is not None and at_home.county_code == draft.county_code
    elif draft.producer_id is not None:
        detail = _("请用统一社会信用代码写明销售方。")
        raise BadFiling(detail, errors=[{"pointer": "#/producer", "detail": detail}])
    else:
        allowed = actor.organisation_kind in ("authority", "operator") and queries.covers(actor, draft.county_code)
    if not allowed:
        raise Forbidden(_("这个县不在您的申报范围内。"), county=draft.county_code)
    return seller_id


def _write_parts(filing: Filing, draft: FilingDraft, actor: Actor, on: date) -> None:
    for place, line in enumerate(draft.lines):
        db.session.add(
            FilingLine(
                filing_id=filing.id, position=place + 1, category_code=line.category_code,
                product_name=line.product_name.strip(), quantity_text=line.quantity_text.strip(),
                amount_fen=line.amount_fen, eligibility_scheme=line.eligibility_scheme,
                eligibility_number=line.eligibility_number.strip(),
            )
        )  # fmt: skip
    numbers.name(filing, {(key.kind, read_key(key.kind, key.number)) for key in draft.keys}, actor, on)
    for document in draft.documents:
        file = files.get_own(document.file_id, actor)
        values = {"filing_id": filing.id, "file_id": file.id, "kind": document.kind}
        db.session.execute(insert(FilingDocument).values(values).on_conflict_do_nothing())
    db.session.flush()  # obtains the lines' keys and the constraints' answers


def lines_of(filing: Filing) -> list[FilingLine]:
    """Return a filing's lines in order."""
    return list(
        db.session.scalars(select(FilingLine).where(FilingLine.filing_id == filing.id).order_by(FilingLine.position))
    )


def dimensions_of(filing: Filing) -> dict[int, int]:
    """Return the dimensions under which each line was counted, by the line's key."""
    rows = db.session.execute(
        text("SELECT filing_line_id, id FROM ledger_dimensions WHERE filing_id = :filing"), {"filing": filing.id}
    )
    return {line: dimension for line, dimension in rows}  # noqa: C416  rows are not pairs to mypy
