"""The shape of statements, their rows, lines and confirmations on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.banking.models import LINE_STATES, ROW_OUTCOMES
from orders.banking.reading.layouts import Mapping
from orders.banking.statements import ImportRequest
from orders.payments.schemas import AllocateSchema
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery

_TITLE = validate.Length(max=100)


class MappingSchema(Schema):
    """Titles of the columns that hold each fact; `remark` may name several."""

    day = fields.String(load_default="", validate=_TITLE)
    amount = fields.String(load_default="", validate=_TITLE)
    flag = fields.String(load_default="", validate=_TITLE)
    credit = fields.String(load_default="", validate=_TITLE)
    debit = fields.String(load_default="", validate=_TITLE)
    serial = fields.String(load_default="", validate=_TITLE)
    name = fields.String(load_default="", validate=_TITLE)
    account = fields.String(load_default="", validate=_TITLE)
    payer_name = fields.String(load_default="", validate=_TITLE)
    payer_account = fields.String(load_default="", validate=_TITLE)
    payee_name = fields.String(load_default="", validate=_TITLE)
    payee_account = fields.String(load_default="", validate=_TITLE)
    balance = fields.String(load_default="", validate=_TITLE)
    remark = fields.List(fields.String(validate=_TITLE), load_default=list, validate=validate.Length(max=8))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Mapping:
        """Return the mapping."""
        return Mapping(**{**data, "remark": tuple(data["remark"])})


class ImportSchema(Schema):
    """Which file is imported to which account."""

    account = own.PublicId(required=True, metadata={"description": "One of `/statement-accounts`."})
    file = own.PublicId(required=True, metadata={"description": "A file of the caller's, stored by `/files`."})
    mapping = fields.Nested(MappingSchema, load_default=None, allow_none=True)
    skip_bad = fields.Boolean(load_default=False)
    save = fields.Boolean(
        load_default=False, metadata={"description": "Keep the mapping for the account's next files."}
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ImportRequest:
        """Return the request."""
        return ImportRequest(**data)


class ImportAccountSchema(Schema):
    """An account of which the caller imports statements."""

    id = own.PublicId(required=True)
    clearing = fields.String(required=True, validate=validate.OneOf(("direct", "supervised")))
    number = fields.String(required=True)
    holder = fields.String(required=True)
    bank = fields.String(required=True)
    organisation = fields.String(required=True)


class ImportAccountList(Schema):
    """All of them."""

    items = fields.List(fields.Nested(ImportAccountSchema), required=True)


class StatementSchema(Schema):
    """An imported statement."""

    id = own.PublicId(required=True)
    account = fields.String(required=True)
    clearing = fields.String(required=True)
    layout = fields.String(required=True)
    period_from = own.Day(required=True)
    period_to = own.Day(required=True)
    rows = fields.Integer(required=True)
    added = fields.Integer(required=True)
    known = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    imported_by = fields.String(required=True)
    imported_at = own.Instant(required=True)
    file = own.PublicId(required=True)


class StatementPage(Schema):
    """A page of statements."""

    items = fields.List(fields.Nested(StatementSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class RowQuery(PageQuery):
    """Which rows of a file."""

    outcomes = Several(fields.String(validate=validate.OneOf(ROW_OUTCOMES)), data_key="outcome", load_default=list)


class RowSchema(Schema):
    """What became of a row."""

    row = fields.Integer(required=True, attribute="row_no")
    outcome = fields.String(required=True, validate=validate.OneOf(ROW_OUTCOMES))
    line = own.PublicId(required=True, allow_none=True)
    serial = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True)


class RowPage(Schema):
    """A page of rows."""

    items = fields.List(fields.Nested(RowSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ConfirmationSchema(Schema):
    """How far confirming a statement's receipts is."""

    id = own.PublicId(required=True, attribute="public_id")
    status = fields.String(required=True, validate=validate.OneOf(("running", "done")))
    total = fields.Integer(required=True)
    confirmed = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    started_at = own.Instant(required=True)
    ended_at = own.Instant(required=True, allow_none=True)


class FailureSchema(Schema):
    """A receipt that could not be confirmed."""

    payment = own.PublicId(required=True)
    bank_serial = fields.String(required=True)
    payer_name = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    code = fields.String(required=True)
    detail = fields.String(required=True)


class FailureList(Schema):
    """All of them, at most a thousand."""

    items = fields.List(fields.Nested(FailureSchema), required=True)


class CandidateSchema(Schema):
    """What a line may be for."""

    id = own.PublicId(required=True)
    number = fields.String(required=True)
    party = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")


class LineSchema(Schema):
    """A movement on an account."""

    id = own.PublicId(required=True)
    account = fields.String(required=True)
    clearing = fields.String(required=True)
    serial = fields.String(required=True)
    direction = fields.String(required=True, validate=validate.OneOf(("in", "out")))
    amount = own.Money(required=True, attribute="amount_fen", min_fen=None)
    value_on = own.Day(required=True)
    counterparty_name = fields.String(required=True, attribute="name")
    counterparty_account = fields.String(required=True)
    remark = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(LINE_STATES))
    rule = fields.String(required=True)
    reason = fields.String(required=True)
    note = fields.String(required=True)
    is_wrong = fields.Boolean(
        required=True, metadata={"description": "A person said that it came to the wrong account and goes back."}
    )
    orders = fields.List(fields.Nested(CandidateSchema), required=True)
    refunds = fields.List(fields.Nested(CandidateSchema), required=True)
    credits = fields.List(fields.Nested(CandidateSchema), required=True)
    returns = fields.List(fields.Nested(CandidateSchema), required=True)
    payments = fields.Function(lambda row: [str(one) for one, _status in row.payments])


class LineQuery(PageQuery):
    """Which lines."""

    states = Several(fields.String(validate=validate.OneOf(LINE_STATES)), data_key="state", load_default=list)
    reason = fields.String(load_default="", validate=validate.Length(max=40))
    direction = fields.String(load_default="", validate=validate.OneOf(("", "in", "out")))


class LinePage(Schema):
    """A page of lines."""

    items = fields.List(fields.Nested(LineSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class NoteSchema(Schema):
    """Why a line is no goods money."""

    note = fields.String(required=True, validate=validate.Length(min=1, max=500))


class ReturnSchema(Schema):
    """The wrong receipt that an outgoing line gives back."""

    line = own.PublicId(required=True)


class TieRefundSchema(Schema):
    """The refund that an outgoing line is."""

    refund = own.PublicId(required=True)


class TieCreditSchema(Schema):
    """The refund of credit that an outgoing line is."""

    credit_refund = own.PublicId(required=True)


class MatchLineSchema(AllocateSchema):
    """Orders that a line is for."""

    credit_of = own.PublicId(
        load_default=None, allow_none=True,
        metadata={"description": "The buyer whose the rest is, where the orders are of several."},
    )  # fmt: skip
