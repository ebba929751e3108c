"""The shape of payouts, runs and rules over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.settlement.bank import Confirmation
from orders.settlement.models import PAYOUT_RAILS, PAYOUT_STATES, RULE_KINDS
from orders.settlement.payment_files import KINDS
from orders.settlement.proposals import RuleFacts
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery

_MOST = 500


class PayoutItemSchema(Schema):
    """An order's part of a payout; negative where it gives back what it was paid too much."""

    order_id = own.PublicId(required=True, attribute="order")
    number = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    fee = own.Money(required=True, attribute="fee_fen")


class PayoutReturnSchema(Schema):
    """A payout's return, as one person or a bank line says and another person agrees to."""

    id = own.PublicId(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("recorded", "confirmed", "refused")))
    returned_on = own.Day(required=True)
    bank_serial = fields.String(required=True)
    reason = fields.String(required=True)
    same_account = fields.Boolean(required=True)
    recorded_at = own.Instant(required=True)
    decided_at = own.Instant(required=True, allow_none=True)


class PayoutSchema(Schema):
    """What a producer is paid at once."""

    id = own.PublicId(required=True)
    number = fields.String(required=True)
    run_id = own.PublicId(required=True, attribute="run")
    producer_id = own.PublicId(required=True)
    producer_name = fields.String(required=True, attribute="producer")
    rail = fields.String(required=True, validate=validate.OneOf(PAYOUT_RAILS))
    amount = own.Money(required=True, attribute="amount_fen")
    status = fields.String(required=True, validate=validate.OneOf(PAYOUT_STATES))
    account_holder = fields.String(required=True)
    account_bank = fields.String(required=True)
    account_number = fields.String(required=True)
    bank_serial = fields.String(required=True, allow_none=True)
    value_on = own.Day(required=True, allow_none=True)
    prepared_at = own.Instant(required=True)
    released_at = own.Instant(required=True, allow_none=True)
    failure = fields.String(required=True)
    found_at = own.Instant(
        required=True, allow_none=True,
        metadata={"description": "When a statement showed that it was paid although it had been said to have failed."},
    )  # fmt: skip
    items = fields.List(fields.Nested(PayoutItemSchema), required=True, metadata={"description": "Empty in lists."})
    returned = fields.Nested(
        PayoutReturnSchema, required=True, allow_none=True, attribute="back", metadata={"description": "Not in lists."}
    )


class PayoutPage(Schema):
    """A page of payouts."""

    items = fields.List(fields.Nested(PayoutSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class PayoutQuery(PageQuery):
    """Which payouts."""

    statuses = Several(fields.String(validate=validate.OneOf(PAYOUT_STATES)), data_key="status", load_default=())
    run = own.PublicId(load_default=None)


class PayoutRunSchema(Schema):
    """A run over all that is due on a day."""

    id = own.PublicId(required=True)
    rail = fields.String(required=True, validate=validate.OneOf(PAYOUT_RAILS))
    on = own.Day(required=True)
    started_at = own.Instant(required=True)
    finished_at = own.Instant(required=True, allow_none=True)
    producers = fields.Integer(required=True)
    done = fields.Integer(required=True)
    payouts = fields.Integer(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    card = own.Money(
        required=True, attribute="card_fen", min_fen=None,
        metadata={"description": "Money that came by card: by bank it is first moved from the provider."},
    )  # fmt: skip
    file_id = own.PublicId(required=True, allow_none=True, attribute="file")
    file_sha256 = fields.String(required=True, allow_none=True, attribute="sha256")


class PayoutRunPage(Schema):
    """A page of runs."""

    items = fields.List(fields.Nested(PayoutRunSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class PayoutRunListSchema(Schema):
    """The runs that were started: none if nobody has anything to get."""

    items = fields.List(fields.Nested(PayoutRunSchema), required=True)


class PayoutListSchema(Schema):
    """Payouts that were moved."""

    items = fields.List(fields.Nested(PayoutSchema), required=True)


class PayoutsSchema(Schema):
    """Payouts to move together: all or none."""

    payouts = fields.List(own.PublicId(), required=True, validate=validate.Length(1, _MOST))


class BankFileSchema(Schema):
    """The form of the file for the bank."""

    format = fields.String(load_default="csv", validate=validate.OneOf(sorted(KINDS)))


class BankPaymentSchema(Schema):
    """What the bank says of one payout."""

    payout = own.PublicId(required=True)
    bank_serial = fields.String(required=True, validate=validate.Length(1, 64))
    value_on = own.Day(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Confirmation:
        """Return it as a value."""
        return Confirmation(**data)


class BankPaymentsSchema(Schema):
    """What the bank says of several: all or none."""

    payouts = fields.List(fields.Nested(BankPaymentSchema), required=True, validate=validate.Length(1, _MOST))


class PayoutReasonSchema(Schema):
    """Why."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class PayoutDaySchema(Schema):
    """What is due on a day."""

    due_on = own.Day(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    orders = fields.Integer(required=True)


class PayoutOverviewSchema(Schema):
    """Money of producers: due by day, on its way, held, owed back, last paid."""

    days = fields.List(fields.Nested(PayoutDaySchema), required=True)
    moving = own.Money(required=True, attribute="moving_fen")
    held = own.Money(required=True, attribute="held_fen")
    owed = own.Money(required=True, attribute="owed_fen")
    last_paid = own.Money(
        required=True, attribute="last_paid_fen", metadata={"description": "All payouts of the last day with one."}
    )
    last_paid_on = own.Day(required=True, allow_none=True)
    last_paid_count = fields.Integer(required=True)


class FeeRuleSchema(Schema):
    """A fee in hundredths of a percent, or days from acceptance until money is due."""

    id = own.PublicId(required=True, attribute="public_id")
    kind = fields.String(required=True, validate=validate.OneOf(RULE_KINDS))
    value = fields.Integer(required=True)
    producer = own.PublicId(required=True, allow_none=True)
    valid_from = own.Day(required=True)
    valid_to = own.Day(required=True, allow_none=True)
    note = fields.String(required=True)
    status = fields.String(required=True)
    reason = fields.String(required=True)


class FeeRuleListSchema(Schema):
    """Rules as they were entered, newest first."""

    items = fields.List(fields.Nested(FeeRuleSchema), required=True)


class ProposeRuleSchema(Schema):
    """A rule to enter."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(RULE_KINDS),
        metadata={
            "description": "`fee`: hundredths of a percent; `days`: from acceptance; `clearing`: 0 pays the producer, 1 the supervised account; `unpaid`: days without a statement's line until a sent transfer is an exception; `aging`: days until an exception is told again daily."
        },
    )
    value = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10000))
    producer = own.PublicId(load_default=None, allow_none=True)
    valid_from = own.Day(required=True)
    valid_to = own.Day(load_default=None, allow_none=True)
    note = fields.String(load_default="", validate=validate.Length(max=500))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> RuleFacts:
        """Return it as a value."""
        return RuleFacts(**data)


class HeldPayoutSchema(Schema):
    """From when an order may be paid out, and whether it waits."""

    due_on = own.Day(required=True)
    held_at = own.Instant(required=True, allow_none=True)
    held_why = fields.String(required=True)
