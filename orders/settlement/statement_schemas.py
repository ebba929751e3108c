"""Statements of account and what is reported about sellers, on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from orders.settlement.statements import ACCOUNTS
from shop import fields as own
from shop.api import Schema
from shop.paging import PageQuery

_MONTH = validate.Regexp(r"\A[0-9]{4}-[0-9]{2}\Z")
_QUARTER = validate.Regexp(r"\A[0-9]{4}Q[1-4]\Z")


class StatementProducerQuery(PageQuery):
    """Which producers."""

    name = fields.String(load_default="", validate=validate.Length(max=100))


class StatementProducerSchema(Schema):
    """A producer with what it is owed now."""

    producer = own.PublicId(required=True, attribute="id")
    name = fields.String(required=True)
    payable = own.Money(required=True, attribute="payable_fen")


class StatementProducerPage(Schema):
    """A page of producers, and the sums of all of them."""

    items = fields.List(fields.Nested(StatementProducerSchema), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)
    payable = own.Money(required=True)


class MonthQuery(Schema):
    """Which month; this one if left out."""

    month = fields.String(load_default=None, validate=_MONTH, metadata={"example": "2026-07"})


class AccountMovementSchema(Schema):
    """One posting, signed as it moves the balance, and the balance after it."""

    on = own.Day(required=True)
    what = fields.String(required=True, attribute="words")
    document = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    balance = own.Money(required=True, attribute="balance_fen")


class AccountBlockSchema(Schema):
    """An account in a month: opening and movements make its closing."""

    account = fields.String(required=True, validate=validate.OneOf(ACCOUNTS))
    name = fields.String(required=True, attribute="words")
    opening = own.Money(required=True, attribute="opening_fen")
    movements = fields.List(fields.Nested(AccountMovementSchema), required=True)
    closing = own.Money(required=True, attribute="closing_fen")


class AccountStatementSchema(Schema):
    """A producer's accounts in a month."""

    producer = own.PublicId(required=True, attribute="producer_id")
    name = fields.String(required=True, attribute="producer")
    first_day = own.Day(required=True, attribute="month")
    last_day = own.Day(required=True)
    accounts = fields.List(fields.Nested(AccountBlockSchema), required=True, attribute="blocks")


class QuarterQuery(Schema):
    """Which quarter; the last one that is over if left out."""

    quarter = fields.String(load_default=None, validate=_QUARTER, metadata={"example": "2026Q3"})


class SellerSchema(Schema):
    """What is reported about a seller for a quarter, or what corrects that."""

    quarter = fields.String(required=True)
    seller = fields.String(required=True)
    name = fields.String(required=True)
    credit_code = fields.String(required=True)
    form = fields.String(required=True)
    address = fields.String(required=True)
    gross = own.Money(required=True, attribute="gross_fen")
    returns = own.Money(required=True, attribute="returns_fen")
    net = own.Money(required=True, attribute="net_fen")
    fee = own.Money(required=True, attribute="fee_fen")
    sales = fields.Integer(required=True)
    returned = fields.Integer(required=True)


class TaxSheetSchema(Schema):
    """A quarter's sheet of all sellers: as it was reported, or as it would be now."""

    quarter = fields.String(required=True)
    last_day = own.Day(required=True)
    gross = own.Money(required=True, attribute="gross_fen")
    returns = own.Money(required=True, attribute="returns_fen")
    reported_sha256 = fields.String(required=True, allow_none=True)
    sellers = fields.List(fields.Nested(SellerSchema), required=True)
    corrections = fields.List(fields.Nested(SellerSchema), required=True)
