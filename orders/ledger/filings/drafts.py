"""What a person enters as a filing, and its sense: parties, days, sums, numbers that may be filed once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.papers.models import ELIGIBILITY_SCHEMES
from orders.ledger.filings.models import Filing
from orders.ledger.models import MODES
from shop.db import db
from shop.errors import Invalid
from shop.geo.queries import get_division
from shop.i18n import _
from shop.identity.codes import read_credit_code, read_name
from shop.identity.models import Organisation
from shop.money import MAX_FEN
from shop.typed import compared, fold

KEY_KINDS = ("invoice", "contract", "bank_serial")
DOCUMENT_KINDS = ("invoice", "contract", "bank_receipt", "delivery_note", "other")
MAX_LINES = 200
#: 数电票: 20 digits; older ones: a code of 10 or 12 digits, then a number of 8.
_INVOICE = re.compile(r"(\d{20})|(\d{10}|\d{12})[\s-]+(\d{8})\Z", re.ASCII)


class BadFiling(Invalid):
    """A filing that makes no sense; ``errors`` names the members."""

    code = "bad-filing"


@dataclass(frozen=True)
class LineDraft:
    """One kind of goods."""

    category_code: str
    product_name: str
    amount_fen: int
    quantity_text: str = ""
    #: Scheme and number of the basis that makes it count; needed to submit.
    eligibility_scheme: str | None = None
    eligibility_number: str = ""


@dataclass(frozen=True)
class KeyDraft:
    """A number of an invoice, a contract or a bank's receipt."""

    kind: str
    number: str


@dataclass(frozen=True)
class DocumentDraft:
    """An uploaded file of the actor's organisation."""

    file_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class FilingDraft:
    """A sale as entered. A producer's own filing is about itself, an agent's about a producer it has a mandate of."""

    county_code: str
    buyer_name: str
    buyer_division_code: str
    mode: str
    sold_from: date
    sold_to: date
    lines: tuple[LineDraft, ...]
    #: For which producer an agent files; a producer may leave it out, an official names the seller instead.
    producer_id: UUID | None = None
    seller_name: str = ""
    seller_credit_code: str | None = None
    buyer_credit_code: str | None = None
    helper_name: str = ""
    people_helped: int | None = None
    note: str = ""
    keys: tuple[KeyDraft, ...] = ()
    documents: tuple[DocumentDraft, ...] = ()
    is_demo: bool = False


def read_key(kind: str, number: str) -> str:
    """Return a number in the one form in which it is compared.

    :raises ValueError: if it is none of its kind.
    """
    if kind == "invoice":
        match = _INVOICE.fullmatch(fold(number).strip())
        if not match:
            raise ValueError(_("发票号码须为20位数字，或10、12位代码加空格再加8位号码。"))
        return match.group(1) or f"{match.group(2)}-{match.group(3)}"
    key = compared(number)
    if not 3 <= len(key) <= 60:  # noqa: PLR2004  shorter tells nothing apart
        raise ValueError(_("编号须有3至60个字符。"))
    return key


def check(draft: FilingDraft, *, today: date) -> None:
    """Refuse a draft that makes no sense, naming every member at fault.

    :raises BadFiling: with ``errors``.
    """
    errors: list[dict[str, str]] = []

    def wrong(pointer: str, detail: str) -> None:
        errors.append({"pointer": f"#/{pointer}", "detail": detail})

    if draft.sold_from > draft.sold_to:
        wrong("sold_to", _("销售截止日期早于起始日期。"))
    if draft.sold_to > today:
        wrong("sold_to", _("销售日期不能在今天以后。"))
    if draft.mode not in MODES:
        wrong("mode", _("采购方式须是直接采购或帮助销售。"))
    if draft.mode == "helped" and not draft.helper_name.strip():
        wrong("helper_name", _("帮助销售须写明帮销方。"))
    if draft.people_helped is not None and not 0 <= draft.people_helped <= 10**7:
        wrong("people_helped", _("带动人数不对。"))
    _check_lines(draft, wrong)
    for place, key in enumerate(draft.keys):
        try:
            read_key(key.kind, key.number)
        except ValueError as error:
            wrong(f"keys/{place}/number", str(error))
    if errors:
        raise BadFiling(_("申报有 %(count)s 处需要修改。", count=len(errors)), errors=errors)


def _check_lines(draft: FilingDraft, wrong: Any) -> None:
    if not 1 <= len(draft.lines) <= MAX_LINES:
        wrong("lines", _("须有1至 %(most)s 行商品。", most=MAX_LINES))
    leaves = set(
        db.session.scalars(
            text("SELECT code FROM categories WHERE code = ANY(:codes) AND parent_code IS NOT NULL"),
            {"codes": sorted({line.category_code for line in draft.lines})},
        )
    )
    for place, line in enumerate(draft.lines):
        if line.category_code not in leaves:
            wrong(f"lines/{place}/category", _("没有这个品类。"))
        if not line.product_name.strip():
            wrong(f"lines/{place}/product_name", _("请填写商品名称。"))
        if not 0 < line.amount_fen <= MAX_FEN // MAX_LINES:
            wrong(f"lines/{place}/amount", _("金额须大于零。"))
        if line.eligibility_scheme not in (None, *ELIGIBILITY_SCHEMES):
            wrong(f"lines/{place}/eligibility_scheme", _("没有这类认定依据。"))


def write(filing: Filing, draft: FilingDraft, *, seller_id: int | None) -> None:
    """Copy a checked draft into a filing, with the parties that are registered here.

    :param seller_id: the producer that files, or for which an agent does; ``None`` where officials name the seller.
    :raises BadCreditCode: if a credit code is none.
    :raises NoSuchDivision: if the buyer's division is none.
    """
    seller, buyer = _registered(draft.seller_credit_code), _registered(draft.buyer_credit_code)
    if seller_id is not None:
        seller = db.session.get_one(Organisation, seller_id)
    filing.county_code = draft.county_code
    filing.producer_id = seller.id if seller is not None and seller.kind == "producer" else None
    filing.seller_name = seller.name if seller is not None else read_name(draft.seller_name)
    filing.seller_credit_code = seller.credit_code if seller is not None else _code(draft.seller_credit_code)
    filing.buyer_id = buyer.id if buyer is not None and buyer.kind == "institution" else None
    filing.buyer_name = buyer.name if buyer is not None else read_name(draft.buyer_name)
    filing.buyer_credit_code = buyer.credit_code if buyer is not None else _code(draft.buyer_credit_code)
    filing.buyer_division_code = get_division(
        buyer.division_code if buyer is not None else draft.buyer_division_code
    ).code
    filing.mode = draft.mode
    filing.helper_name = draft.helper_name.strip() if draft.mode == "helped" else ""
    filing.sold_from, filing.sold_to = draft.sold_from, draft.sold_to
    filing.people_helped, filing.note = draft.people_helped, draft.note.strip()
    filing.amount_fen = sum(line.amount_fen for line in draft.lines)
    filing.is_demo = draft.is_demo


def _code(credit_code: str | None) -> str | None:
    return read_credit_code(credit_code) if credit_code and credit_code.strip() else None


def _registered(credit_code: str | None) -> Organisation | None:
    code = _code(credit_code)
    if code is None:
        return None
    return db.session.scalars(select(Organisation).where(Organisation.credit_code == code)).one_or_none()
