"""Entering a filing: drafts, their numbers and papers, submitting, and taking back what does not count yet."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from catalog.producers.models import Producer
from catalog.producers.queries import require_producer, resolve_producer
from orders.ledger.filings import queries
from orders.ledger.filings.drafts import BadFiling, FilingDraft, check, read_key, write
from orders.ledger.filings.models import Filing, FilingDocument, FilingKey, FilingLine
from orders.numbers import hold_invoice, make_number
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden
from shop.etag import check_version
from shop.files import services as files
from shop.geo.queries import get_county
from shop.i18n import _
from shop.outbox.services import publish

#: (state, act) -> state; what is not here is refused.
MOVES = {
    ("draft", "edit"): "draft",
    ("refused", "edit"): "draft",
    ("draft", "submit"): "submitted",
    ("submitted", "confirm"): "confirmed",
    ("submitted", "refuse"): "refused",
    ("draft", "withdraw"): "withdrawn",
    ("submitted", "withdraw"): "withdrawn",
    ("refused", "withdraw"): "withdrawn",
    ("confirmed", "ask_withdrawal"): "confirmed",
    ("confirmed", "grant_withdrawal"): "withdrawn",
    ("confirmed", "deny_withdrawal"): "confirmed",
}


class WrongFilingState(Conflict):
    """The filing's state does not allow this; ``moves`` says what it allows."""

    code = "wrong-filing-state"


class AlreadyFiled(Conflict):
    """The invoice, contract or bank serial is in another filing; ``filing`` is its number if the actor may see it."""

    code = "already-filed"


def move(filing: Filing, act: str) -> None:
    """Bring a filing into the state that ``act`` leads to.

    :raises WrongFilingState: if its state does not allow it.
    """
    target = MOVES.get((filing.status, act))
    if target is None:
        moves = sorted(name for state, name in MOVES if state == filing.status)
        raise WrongFilingState(_("申报的状态不允许这样做。"), state=filing.status, moves=moves)
    filing.status = target


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
    audit.record(actor, "filings.filing_created", "filing", filing.id, amount_fen=[None, filing.amount_fen])
    return filing


def edit_filing(public_id: UUID, draft: FilingDraft, actor: Actor, *, version: int, at: datetime) -> Filing:
    """Replace a draft, or a refused filing which becomes a draft again; only by who entered it.

    :raises VersionChanged: if it is not the version that was read.
    """
    filing = _own(public_id, actor, clock.business_day(at))
    check_version(version, filing.version)
    seller_id = _require_place(draft, actor, clock.business_day(at))
    check(draft, today=clock.business_day(at))
    before = filing.amount_fen
    move(filing, "edit")
    write(filing, draft, seller_id=seller_id)
    filing.decided_by = filing.decided_at = None
    filing.reason = ""
    for part in (FilingLine, FilingKey, FilingDocument):
        db.session.execute(delete(part).where(part.filing_id == filing.id))
    _write_parts(filing, draft, actor, clock.business_day(at))
    audit.record(actor, "filings.filing_edited", "filing", filing.id, amount_fen=[before, filing.amount_fen])
    return filing


def submit_filing(public_id: UUID, actor: Actor, *, at: datetime) -> Filing:
    """Hand a draft to the county for confirmation; it needs at least one paper.

    :raises BadFiling: without a paper.
    :raises NoSuchProducer: if an agent's mandate has ended since.
    """
    on = clock.business_day(at)
    filing = _own(public_id, actor, on)
    if actor.organisation_kind == "agent":
        require_producer(actor, filing.producer_id or 0, on)
    move(filing, "submit")
    if db.session.scalar(select(FilingDocument.file_id).where(FilingDocument.filing_id == filing.id).limit(1)) is None:
        error = {"pointer": "#/documents", "detail": _("请至少上传一份凭证。")}
        raise BadFiling(_("请至少上传一份凭证，例如发票、合同或银行回单。"), errors=[error])
    filing.recorded_at = at
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
    move(filing, "withdraw")
    filing.reason = reason.strip()
    release_keys(filing)
    audit.record(actor, "filings.filing_withdrawn", "filing", filing.id)
    return filing


def release_keys(filing: Filing) -> None:
    """Let a filing's numbers be filed again."""
    db.session.execute(delete(FilingKey).where(FilingKey.filing_id == filing.id))


def _own(public_id: UUID, actor: Actor, on: date) -> Filing:
    """Return the filing, locked, if the actor is who entered it, and acts for the organisation it was entered for.

    :raises NotFound: if the actor may not know of it.
    :raises Forbidden: if somebody else entered it, or the same person for another organisation.
    """
    filing = queries.find_filing(public_id, actor, on, lock=True)
    if (filing.recorded_by, filing.organisation_id) != (actor.user_id, actor.organisation_id):
        raise Forbidden(_("只有录入人可以修改、提交或撤回。"))
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
                amount_fen=line.amount_fen,
            )
        )  # fmt: skip
    for key in sorted({(key.kind, read_key(key.kind, key.number)) for key in draft.keys}):
        _claim(filing, *key, actor=actor, on=on)
    for document in draft.documents:
        file = files.get_own(document.file_id, actor)
        values = {"filing_id": filing.id, "file_id": file.id, "kind": document.kind}
        db.session.execute(insert(FilingDocument).values(values).on_conflict_do_nothing())
    db.session.flush()  # obtains the lines' keys and the constraints' answers


def _claim(filing: Filing, kind: str, key: str, *, actor: Actor, on: date) -> None:
    """Take a number for a filing; who comes second waits for the first and is refused."""
    if kind == "invoice":
        require_not_ordered(key)
    values = {"kind": kind, "key": key, "filing_id": filing.id}
    made = db.session.execute(
        insert(FilingKey).values(values).on_conflict_do_nothing().returning(FilingKey.filing_id)
    ).first()
    if made is not None:
        return
    number = db.session.scalar(
        select(Filing.number)
        .join(FilingKey, FilingKey.filing_id == Filing.id)
        .where(FilingKey.kind == kind, FilingKey.key == key, queries.visible(actor, on))
    )
    members = {"kind": kind, "number": key} | ({"filing": number} if number else {})
    raise AlreadyFiled(_("%(key)s 已在另一份申报中，不能重复申报。", key=key), **members)


_ORDERED = text("SELECT 1 FROM invoices WHERE code = :code AND number = :number AND status <> 'refused' LIMIT 1")


def require_not_ordered(key: str) -> None:
    """Refuse an invoice that is for orders placed here, which count by themselves.

    :raises AlreadyFiled: if so.
    """
    hold_invoice(key)
    code, _dash, number = key.rpartition("-")
    if db.session.execute(_ORDERED, {"code": code, "number": number}).first() is not None:
        detail = _("发票 %(key)s 属于平台订单，已按订单计算，不能申报。", key=key)
        raise AlreadyFiled(detail, kind="invoice", number=key)


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
