"""Shapes of exceptions."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from orders.payments.attributing import Part
from orders.payments.exception_accounts import ALLOWED
from orders.payments.models import RAILS
from orders.payments.refund_paths import Allowance
from orders.reconciliation.exception_queries import STATES
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.i18n import _
from shop.paging import PageQuery

_ACCOUNTS = sorted({kind for pair in ALLOWED for kind in pair})


class ExceptionSchema(Schema):
    """Money that does not fit."""

    id = own.PublicId(required=True)
    rail = fields.String(required=True, validate=validate.OneOf(RAILS))
    kind = fields.String(required=True, metadata={"example": "amount_differs"})
    subject = fields.String(required=True)
    detail = fields.String(required=True)
    amount = own.Money(
        required=True, attribute="amount_fen", min_fen=None, metadata={"description": "As the rail moved."}
    )
    occurred_on = own.Day(required=True)
    opened_at = own.Instant(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATES))
    resolution = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)
    debit = fields.String(required=True, allow_none=True, metadata={"example": "fees platform"})
    credit = fields.String(required=True, allow_none=True)
    posted = own.Money(required=True, allow_none=True, attribute="posted_fen")
    proposed_at = own.Instant(required=True, allow_none=True)
    decided_at = own.Instant(required=True, allow_none=True)
    producer = fields.String(required=True, allow_none=True)
    order = own.PublicId(required=True, allow_none=True)
    number = fields.String(required=True, allow_none=True)


class ExceptionMoveSchema(Schema):
    """What was done with an exception."""

    at = own.Instant(required=True)
    event = fields.String(required=True)
    to = fields.String(required=True)
    who = fields.String(required=True)
    why = fields.String(required=True)


class ExceptionLineSchema(Schema):
    """The provider's line that an exception is about, in the smallest unit of its currency."""

    ref = fields.String(required=True)
    source_ref = fields.String(required=True)
    type = fields.String(required=True)
    amount = fields.Integer(required=True)
    fee = fields.Integer(required=True)
    net = fields.Integer(required=True)
    currency = fields.String(required=True)
    occurred_at = own.Instant(required=True)


class ExceptionDetailSchema(Schema):
    """An exception with its history and the provider's lines that it is about."""

    exception = fields.Nested(ExceptionSchema, required=True, attribute="row")
    history = fields.List(fields.Nested(ExceptionMoveSchema), required=True)
    lines = fields.List(fields.Nested(ExceptionLineSchema), required=True)


class ExceptionQuery(PageQuery):
    """Which exceptions."""

    statuses = Several(fields.String(validate=validate.OneOf(STATES)), data_key="status", load_default=())
    rails = Several(fields.String(validate=validate.OneOf(RAILS)), data_key="rail", load_default=())
    kinds = Several(fields.String(validate=validate.Length(1, 60)), data_key="kind", load_default=())
    occurred_on = own.Day(data_key="on", load_default=None)
    age_days = fields.Integer(
        data_key="age", load_default=None, validate=validate.Range(1, 3650),
        metadata={"description": "Waiting for so many days, or longer."},
    )  # fmt: skip


class ExceptionPage(Schema):
    """A page of exceptions: of those that wait the oldest first, else the newest first."""

    items = fields.List(fields.Nested(ExceptionSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class RefundLinePartSchema(Schema):
    """How much of it was for accepted goods of a line, which are then no longer owed."""

    line = own.PublicId(required=True)
    amount_fen = own.Money(data_key="amount", required=True, min_fen=1)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Allowance:
        """Return it as a value."""
        return Allowance(**data)


class RefundPartSchema(Schema):
    """How much of a refund by hand was an order's."""

    order = own.PublicId(required=True)
    amount_fen = own.Money(data_key="amount", required=True, min_fen=1)
    lines = fields.List(fields.Nested(RefundLinePartSchema), load_default=list, validate=validate.Length(max=200))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Part:
        """Return it as a value."""
        return Part(**data)


class ProposeSchema(Schema):
    """What is proposed: a note, a posting between two kinds of accounts, or of which orders a refund by hand was."""

    resolution = fields.String(required=True, validate=validate.OneOf(("note", "posting", "refund")))
    parts = fields.List(fields.Nested(RefundPartSchema), load_default=list, validate=validate.Length(max=100))
    note = fields.String(required=True, validate=validate.Length(1, 1000))
    debit = fields.String(load_default=None, validate=validate.OneOf(_ACCOUNTS))
    credit = fields.String(load_default=None, validate=validate.OneOf(_ACCOUNTS))
    amount = own.Money(load_default=None, allow_none=True, min_fen=1, metadata={"description": "All of it by default."})

    @validates_schema
    def check_accounts(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Ask for both accounts of a posting, and for none of a note."""
        given = [data.get("debit"), data.get("credit"), data.get("amount")]
        if data.get("resolution") == "posting" and None in given[:2]:
            raise ValidationError(_("入账须写明借方和贷方。"), "debit")
        if data.get("resolution") != "posting" and any(given):
            raise ValidationError(_("说明不入账，不写科目和金额。"), "resolution")
        if (data.get("resolution") == "refund") != bool(data.get("parts")):
            raise ValidationError(_("认定为订单退款时须写明各订单的金额。"), "parts")
