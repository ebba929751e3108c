"""The shape of filings on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from catalog.papers.models import ELIGIBILITY_SCHEMES
from orders.ledger.filings.drafts import (
    DOCUMENT_KINDS,
    KEY_KINDS,
    MAX_LINES,
    DocumentDraft,
    FilingDraft,
    KeyDraft,
    LineDraft,
)
from orders.ledger.models import MODES
from shop.api import Schema
from shop.fields import Day, DivisionCode, Instant, Money, PublicId
from shop.filters import Several
from shop.paging import PageQuery

STATUSES = ("draft", "submitted", "confirmed", "refused", "withdrawn")


def _text(most: int, **kwargs: Any) -> fields.String:
    return fields.String(validate=validate.Length(max=most), **kwargs)


class FilingLineSchema(Schema):
    """One kind of goods, in."""

    category = fields.String(required=True, attribute="category_code", validate=validate.Length(1, 40))
    product_name = fields.String(required=True, validate=validate.Length(1, 120))
    quantity_text = _text(60, load_default="", metadata={"description": "As on the papers: 2吨", "example": "2吨"})
    amount = Money(required=True, attribute="amount_fen", min_fen=1)
    eligibility_scheme = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(ELIGIBILITY_SCHEMES),
        metadata={"description": "What makes it count; scheme and number are needed to submit"},
    )  # fmt: skip
    eligibility_number = _text(80, load_default="", metadata={"example": "靖远认2026-018"})

    @post_load
    def build(self, data: dict[str, Any], **_kwargs: Any) -> LineDraft:
        """Return the draft."""
        return LineDraft(**data)


class FilingKeySchema(Schema):
    """A number that is filed once: invoice, contract or bank serial."""

    kind = fields.String(required=True, validate=validate.OneOf(KEY_KINDS))
    number = fields.String(required=True, validate=validate.Length(1, 80))

    @post_load
    def build(self, data: dict[str, Any], **_kwargs: Any) -> KeyDraft:
        """Return the draft."""
        return KeyDraft(**data)


class FilingDocumentSchema(Schema):
    """A paper, uploaded before under ``/api/v1/files``."""

    file_id = PublicId(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(DOCUMENT_KINDS))

    @post_load
    def build(self, data: dict[str, Any], **_kwargs: Any) -> DocumentDraft:
        """Return the draft."""
        return DocumentDraft(**data)


class EnterFilingSchema(Schema):
    """A sale made off the platform. A registered party is recognised by its credit code; its own name is kept then."""

    county = DivisionCode(required=True, attribute="county_code", metadata={"description": "Origin county"})
    producer = PublicId(
        load_default=None, allow_none=True, attribute="producer_id",
        metadata={"description": "For which producer; needed of agents with several mandates"},
    )  # fmt: skip
    seller_name = _text(120, load_default="")
    seller_credit_code = _text(40, load_default=None, allow_none=True)
    buyer_name = fields.String(required=True, validate=validate.Length(1, 120))
    buyer_credit_code = _text(40, load_default=None, allow_none=True)
    buyer_division = DivisionCode(required=True, attribute="buyer_division_code")
    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    helper_name = _text(120, load_default="", metadata={"description": "Who helped; required of `helped`"})
    sold_from = Day(required=True)
    sold_to = Day(required=True, metadata={"description": "Last day of the sale; it counts on this day"})
    lines = fields.List(fields.Nested(FilingLineSchema), required=True, validate=validate.Length(1, MAX_LINES))
    people_helped = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, 10**7))
    note = _text(2000, load_default="")
    keys = fields.List(fields.Nested(FilingKeySchema), load_default=list, validate=validate.Length(max=200))
    documents = fields.List(fields.Nested(FilingDocumentSchema), load_default=list, validate=validate.Length(max=50))

    @post_load
    def build(self, data: dict[str, Any], **_kwargs: Any) -> FilingDraft:
        """Return the draft."""
        return FilingDraft(**data | {name: tuple(data[name]) for name in ("lines", "keys", "documents")})


class FilingReasonSchema(Schema):
    """Why."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class FilingsQuery(PageQuery):
    """Which filings to list."""

    statuses = Several(fields.String(validate=validate.OneOf(STATUSES)), data_key="status", load_default=())
    counties = Several(DivisionCode(), data_key="county", load_default=())
    q = _text(
        100, load_default="", metadata={"description": "Part of the number or of a party's name, or the exact sum"}
    )


class FilingHeadSchema(Schema):
    """A filing in a list."""

    id = PublicId(attribute="public_id")
    number = fields.String()
    status = fields.String(metadata={"enum": list(STATUSES)})
    county = fields.String(attribute="county_code")
    seller_name = fields.String()
    buyer_name = fields.String()
    mode = fields.String()
    sold_from = Day()
    sold_to = Day()
    amount = Money(attribute="amount_fen")
    people_helped = fields.Integer(allow_none=True)
    is_demo = fields.Boolean()
    version = fields.Integer()


class FilingListSchema(Schema):
    """A page of filings."""

    items = fields.List(fields.Nested(FilingHeadSchema))
    next = fields.String(allow_none=True)


class FiledLineSchema(Schema):
    """One kind of goods, out."""

    position = fields.Integer()
    category = fields.String(attribute="category_code")
    category_name = fields.String(attribute="category")
    product_name = fields.String()
    quantity_text = fields.String()
    amount = Money(attribute="amount_fen")
    eligibility_scheme = fields.String(allow_none=True, metadata={"description": "null: not stated, in older filings"})
    eligibility_number = fields.String()
    is_registered = fields.Boolean(
        metadata={"description": "The basis is registered here and was in force; else as stated on papers"}
    )


class FiledKeySchema(Schema):
    """A number, in the form in which it is compared."""

    kind = fields.Function(lambda pair: pair[0], metadata={"type": "string"})
    number = fields.Function(lambda pair: pair[1], metadata={"type": "string"})


class FiledDocumentSchema(Schema):
    """A paper; read it under ``/api/v1/files/{file_id}``."""

    kind = fields.String()
    file_id = PublicId()
    name = fields.String()
    is_elsewhere = fields.Boolean(
        metadata={"description": "The very same file is a paper of another filing or of an order"}
    )


class FilingHistorySchema(Schema):
    """One act on the filing."""

    at = Instant()
    what = fields.String()
    who = fields.String()


class FilingSchema(Schema):
    """A filing with everything behind it."""

    filing = fields.Nested(FilingHeadSchema)
    county_name = fields.String(attribute="county")
    producer_id = PublicId(allow_none=True, metadata={"description": "The seller, if it is registered here"})
    buyer_division = fields.String(attribute="filing.buyer_division_code")
    seller_credit_code = fields.String(attribute="filing.seller_credit_code", allow_none=True)
    buyer_credit_code = fields.String(attribute="filing.buyer_credit_code", allow_none=True)
    helper_name = fields.String(attribute="filing.helper_name")
    note = fields.String(attribute="filing.note")
    reason = fields.String(attribute="filing.reason", metadata={"description": "Why it was refused or withdrawn"})
    withdrawal_asked_at = Instant(attribute="filing.withdrawal_at", allow_none=True)
    entered_by = fields.String(metadata={"description": "The organisation"})
    counts = fields.Boolean(
        metadata={
            "description": "It counts, or would once confirmed; a registered buyer that is not verified never counts"
        }
    )
    lines = fields.List(fields.Nested(FiledLineSchema))
    keys = fields.List(fields.Nested(FiledKeySchema))
    documents = fields.List(fields.Nested(FiledDocumentSchema))
    history = fields.List(fields.Nested(FilingHistorySchema))
