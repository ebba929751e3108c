"""The one table of moves: machine, from, event, to, who, guard."""

from __future__ import annotations

from orders.ledger.filings.rules import RULES as _FILING
from orders.purchase import guards
from shop.moves.table import SYSTEM as _SYSTEM
from shop.moves.table import Rule, Table, Who

_CREATE: Who = ("buyer", "procurements:create")
_SUBMIT: Who = ("buyer", "procurements:submit")
_APPROVE: Who = ("buyer", "procurements:approve")
_CONFIRM: Who = ("producer", "orders:confirm")
_CANCEL: tuple[Who, ...] = (("buyer", "orders:cancel"), ("producer", "orders:cancel"), _SYSTEM)
_SHIP: Who = ("producer", "goods:ship")
_CHECK: Who = ("buyer", "invoices:check")

_PROCUREMENT = (
    Rule("procurement", "", "draft", "draft", (_CREATE,)),
    Rule("procurement", "draft", "submit", "submitted", (_SUBMIT,), guards.has_lines),
    Rule("procurement", "draft", "place", "placed", (_SUBMIT,), guards.needs_no_approval),
    Rule("procurement", "submitted", "place", "placed", (_SUBMIT, _APPROVE), guards.is_approved),
    Rule("procurement", "submitted", "reopen", "draft", (_CREATE,)),
    Rule("procurement", "draft", "cancel", "cancelled", (_CREATE,)),
    Rule("procurement", "submitted", "cancel", "cancelled", (_CREATE,)),
    Rule("procurement", "placed", "complete", "completed", (_SYSTEM,), guards.all_resolved),
)
_APPROVAL = (
    *(Rule("approval", was, "request", "pending", (_SUBMIT,)) for was in ("none", "rejected", "void")),
    Rule("approval", "pending", "pass", "pending", (_APPROVE,), guards.may_decide),
    Rule("approval", "pending", "approve", "approved", (_APPROVE,), guards.may_decide),
    Rule("approval", "pending", "reject", "rejected", (_APPROVE,), guards.may_decide),
    *(Rule("approval", was, "void", "void", (_CREATE,)) for was in ("pending", "approved", "rejected")),
)
_ORDER = (
    Rule("order", "", "place", "awaiting_confirmation", (_SUBMIT, _APPROVE)),
    Rule("order", "awaiting_confirmation", "confirm", "confirmed", (_CONFIRM,), guards.in_time),
    Rule("order", "awaiting_confirmation", "decline", "declined", (_CONFIRM,)),
    Rule("order", "awaiting_confirmation", "lapse", "lapsed", (_SYSTEM,), guards.out_of_time),
    Rule("order", "awaiting_confirmation", "cancel", "cancelled", _CANCEL),
    Rule("order", "confirmed", "cancel", "cancelled", _CANCEL),
    Rule("order", "confirmed", "extend_payment", "confirmed", (("buyer", "payments:announce"),), guards.may_extend),
    Rule("order", "confirmed", "ship_part", "part_shipped", (_SHIP,), guards.may_ship),
    Rule("order", "confirmed", "ship_all", "shipped", (_SHIP,), guards.may_ship),
    Rule("order", "part_shipped", "ship_part", "part_shipped", (_SHIP,), guards.may_ship),
    Rule("order", "part_shipped", "ship_all", "shipped", (_SHIP,), guards.may_ship),
    Rule("order", "part_shipped", "close_short", "closed_short", _CANCEL),
)
_SIGN_B: Who = ("buyer", "contracts:sign")
_SIGN_P: Who = ("producer", "contracts:sign")
_CONTRACT = (
    Rule("contract", "", "offer", "offered", (_CONFIRM,)),
    Rule("contract", "offered", "sign", "signed_by_producer", (_SIGN_P,), guards.in_time_to_sign),
    Rule("contract", "signed_by_producer", "sign", "signed", (_SIGN_B,), guards.in_time_to_sign),
    *(Rule("contract", was, "decline", "declined", (_SIGN_B, _SIGN_P)) for was in ("offered", "signed_by_producer")),
    *(Rule("contract", was, "lapse", "lapsed", (_SYSTEM,)) for was in ("offered", "signed_by_producer")),
)
_INVOICE = (
    Rule("invoice", "", "record", "recorded", (("producer", "invoices:record"),)),
    Rule("invoice", "recorded", "check", "checked", (_CHECK,)),
    Rule("invoice", "recorded", "refuse", "refused", (_CHECK,)),
    Rule("invoice", "recorded", "withdraw", "refused", (("producer", "invoices:record"),), guards.same_person_recorded),
)
_RECORD_PAYMENT: tuple[Who, ...] = (("producer", "payments:record"), ("operator", "payments:record"))
_CONFIRM_PAYMENT: tuple[Who, ...] = (("producer", "payments:confirm"), ("operator", "payments:confirm"))
_RECORD_REFUND: tuple[Who, ...] = (("producer", "refunds:record"), ("operator", "refunds:record"))
_CONFIRM_REFUND: tuple[Who, ...] = (("producer", "refunds:confirm"), ("operator", "refunds:confirm"))
_ASK_REFUND: tuple[Who, ...] = tuple((side, "refunds:request") for side in ("buyer", "producer", "operator"))
_RECEIPT = (
    Rule("receipt", "", "record", "recorded", _RECORD_PAYMENT),
    Rule("receipt", "", "take", "confirmed", (_SYSTEM,)),
    Rule("receipt", "recorded", "confirm", "confirmed", _CONFIRM_PAYMENT, guards.payees_other_person),
    Rule("receipt", "recorded", "refuse", "refused", _CONFIRM_PAYMENT, guards.another_person_recorded),
    Rule("receipt", "confirmed", "reverse", "reversed", _CONFIRM_PAYMENT),
    Rule("receipt", "recorded", "withdraw", "refused", _RECORD_PAYMENT, guards.same_person_recorded),
)
_CORRECTION = (
    Rule("receipt_correction", "", "propose", "proposed", _RECORD_PAYMENT),
    Rule("receipt_correction", "proposed", "agree", "confirmed", _CONFIRM_PAYMENT, guards.payees_other_proposer),
    Rule("receipt_correction", "proposed", "refuse", "refused", _CONFIRM_PAYMENT, guards.another_person_proposed),
    Rule("receipt_correction", "proposed", "withdraw", "withdrawn", _RECORD_PAYMENT, guards.same_person_proposed),
)
_GATHER: tuple[Who, ...] = (("operator", "refunds:record"),)
_RELEASE_REFUND: tuple[Who, ...] = (("operator", "refunds:confirm"),)


def _filed(refund: str) -> tuple[Rule, ...]:
    """Return the moves of a refund that goes to the bank in a file: its transfer says how far it is."""
    return (
        Rule(refund, "requested", "gather", "in_file", (*_GATHER, _SYSTEM)),
        Rule(refund, "in_file", "execute", "confirmed", (*_RELEASE_REFUND, _SYSTEM)),
        Rule(refund, "in_file", "drop", "requested", (*_GATHER, *_RELEASE_REFUND, _SYSTEM)),
    )


_REFUND = (
    Rule("refund", "", "request", "requested", (("buyer", ""), ("producer", ""), _SYSTEM)),
    Rule("refund", "requested", "record", "recorded", _RECORD_REFUND),
    Rule("refund", "requested", "refuse", "refused", _RECORD_REFUND),
    Rule("refund", "requested", "withdraw", "refused", _ASK_REFUND, guards.same_person_asked),
    Rule("refund", "recorded", "confirm", "confirmed", _CONFIRM_REFUND, guards.payees_other_person),
    Rule("refund", "recorded", "refuse", "refused", _CONFIRM_REFUND, guards.another_person_recorded),
    Rule("refund", "", "lose", "confirmed", (_SYSTEM,)),
    Rule("refund", "requested", "send", "sent", (*_RECORD_REFUND, _SYSTEM)),
    Rule("refund", "sent", "confirm", "confirmed", (_SYSTEM,)),
    Rule("refund", "sent", "fail", "requested", (_SYSTEM,)),
    Rule("refund", "confirmed", "bounce", "requested", (_SYSTEM,)),
    Rule("refund", "requested", "attribute", "confirmed", (("operator", "exceptions:agree"),)),
    *_filed("refund"),
)
_CREDIT_REFUND = (
    Rule("credit_refund", "", "request", "requested", (("buyer", ""), ("producer", ""))),
    Rule("credit_refund", "requested", "record", "recorded", _RECORD_REFUND),
    Rule("credit_refund", "requested", "refuse", "refused", _RECORD_REFUND),
    Rule("credit_refund", "requested", "withdraw", "refused", _ASK_REFUND, guards.same_person_asked),
    Rule("credit_refund", "recorded", "confirm", "confirmed", _CONFIRM_REFUND, guards.payees_other_person),
    Rule("credit_refund", "recorded", "refuse", "refused", _CONFIRM_REFUND, guards.another_person_recorded),
    *_filed("credit_refund"),
)
_REFUND_TRANSFER = (
    Rule("refund_transfer", "", "prepare", "prepared", _GATHER),
    Rule("refund_transfer", "prepared", "release", "released", _RELEASE_REFUND, guards.another_person_prepared),
    Rule("refund_transfer", "prepared", "cancel", "cancelled", (*_GATHER, *_RELEASE_REFUND, _SYSTEM)),
    Rule("refund_transfer", "released", "cancel", "cancelled", (*_RELEASE_REFUND, _SYSTEM)),
    Rule("refund_transfer", "released", "send", "sent", (*_GATHER, *_RELEASE_REFUND)),
    Rule("refund_transfer", "sent", "pay", "paid", (*_RELEASE_REFUND, _SYSTEM)),
    Rule("refund_transfer", "failing", "pay", "paid", (*_RELEASE_REFUND, _SYSTEM)),
    Rule("refund_transfer", "sent", "doubt", "failing", (*_GATHER, *_RELEASE_REFUND)),
    Rule("refund_transfer", "failing", "fail", "failed", _RELEASE_REFUND, guards.another_person_doubted),
    Rule("refund_transfer", "failing", "trust", "sent", (*_GATHER, *_RELEASE_REFUND)),
    Rule("refund_transfer", "failed", "find", "paid", (_SYSTEM,)),
)
_ACCEPT: Who = ("buyer", "goods:accept")
_RETURN = (
    Rule("goods_return", "", "request", "requested", (_ACCEPT,)),
    Rule("goods_return", "", "offer", "offered", (_SHIP,)),
    Rule("goods_return", "", "recall", "agreed", (_ACCEPT,)),
    Rule("goods_return", "requested", "agree", "agreed", (_SHIP,)),
    Rule("goods_return", "requested", "refuse", "refused", (_SHIP,)),
    Rule("goods_return", "requested", "withdraw", "refused", (_ACCEPT,)),
    Rule("goods_return", "offered", "agree", "agreed", (_ACCEPT,)),
    Rule("goods_return", "offered", "refuse", "refused", (_ACCEPT,)),
    Rule("goods_return", "offered", "withdraw", "refused", (_SHIP,)),
    Rule("goods_return", "agreed", "withdraw", "refused", (_ACCEPT,)),
    Rule("goods_return", "agreed", "send", "sent", (_ACCEPT,)),
    *(Rule("goods_return", was, "receive", "received", (_SHIP,)) for was in ("agreed", "sent")),
    Rule("goods_return", "sent", "refuse", "refused", (_SHIP,)),
)
_PREPARE: tuple[Who, ...] = (("operator", "payouts:prepare"), _SYSTEM)
_EITHER_PAYOUT: tuple[Who, ...] = (("operator", "payouts:prepare"), ("operator", "payouts:release"))
_PAYOUT = (
    Rule("payout", "", "prepare", "prepared", _PREPARE),
    Rule(
        "payout", "prepared", "release", "released", (("operator", "payouts:release"),), guards.another_person_prepared
    ),
    Rule("payout", "prepared", "cancel", "cancelled", (*_EITHER_PAYOUT, _SYSTEM)),
    Rule("payout", "released", "cancel", "cancelled", (("operator", "payouts:release"), _SYSTEM)),
    Rule("payout", "prepared", "send", "sent", (_SYSTEM,)),
    Rule("payout", "released", "send", "sent", _EITHER_PAYOUT),
    Rule("payout", "sent", "pay", "paid", (("operator", "payouts:release"), _SYSTEM)),
    Rule("payout", "sent", "fail", "failed", (_SYSTEM,)),
    Rule("payout", "sent", "doubt", "failing", _EITHER_PAYOUT),
    Rule("payout", "failing", "fail", "failed", (("operator", "payouts:release"),), guards.another_person_doubted),
    Rule("payout", "failing", "trust", "sent", _EITHER_PAYOUT),
    Rule("payout", "failing", "pay", "paid", (("operator", "payouts:release"), _SYSTEM)),
    Rule("payout", "failed", "find", "paid", (_SYSTEM,)),
    Rule("payout", "paid", "return", "returned", (("operator", "payouts:release"),)),
    Rule("payout_return", "", "record", "recorded", _PREPARE),
    Rule(
        "payout_return", "recorded", "confirm", "confirmed", (("operator", "payouts:release"),),
        guards.another_person_recorded,
    ),
    Rule(
        "payout_return", "recorded", "refuse", "refused", (("operator", "payouts:release"),),
        guards.another_person_recorded,
    ),
)  # fmt: skip
_REPAYMENT = (
    Rule("repayment", "", "record", "recorded", (("operator", "payments:record"), _SYSTEM)),
    Rule(
        "repayment", "recorded", "confirm", "confirmed", (("operator", "payments:confirm"), _SYSTEM),
        guards.another_person_recorded,
    ),
    Rule(
        "repayment", "recorded", "refuse", "refused", (("operator", "payments:confirm"),), guards.another_person_recorded
    ),
)  # fmt: skip
_SPLIT = (
    Rule("split", "", "prepare", "prepared", (("operator", "payouts:prepare"),)),
    Rule("split", "prepared", "release", "released", (("operator", "payouts:release"),), guards.another_person_prepared),
    *(
        Rule("split", was, "cancel", "cancelled", (("operator", "payouts:prepare"), ("operator", "payouts:release")))
        for was in ("prepared", "released")
    ),
    Rule("split", "released", "send", "sent", (("operator", "payouts:prepare"),)),
    Rule("split", "sent", "settle", "done", (_SYSTEM,)),
    Rule("split", "sent", "fail", "failed", (("operator", "payouts:release"), _SYSTEM)),
)  # fmt: skip
_EXCEPTION = (
    Rule("exception", "", "open", "open", (_SYSTEM,)),
    Rule("exception", "open", "propose", "proposed", (("operator", "exceptions:propose"),)),
    Rule(
        "exception", "proposed", "agree", "closed", (("operator", "exceptions:agree"),), guards.another_person_proposed
    ),
    Rule(
        "exception", "proposed", "send_back", "open",
        (("operator", "exceptions:agree"), ("operator", "exceptions:propose")),
    ),
    *(Rule("exception", was, "restate", "open", (_SYSTEM,)) for was in ("open", "proposed")),
    *(Rule("exception", was, "settle", "closed", (_SYSTEM,)) for was in ("open", "proposed")),
)  # fmt: skip
_AMENDMENT = (
    Rule("amendment", "", "offer", "offered", (_SIGN_P,)),
    Rule("amendment", "offered", "agree", "agreed", (_SIGN_B,)),
    Rule("amendment", "offered", "decline", "declined", (_SIGN_B,)),
)
_BANKING: Who = ("operator", "banking:manage")
_CLAIM: tuple[Who, ...] = (
    ("buyer", "payments:announce"),
    ("producer", "payments:record"),
    ("operator", "payments:record"),
)
_FEES: Who = ("operator", "fees:confirm")
_ENTERED = (
    Rule("supervised_account", "", "enter", "entered", (_BANKING,)),
    *(
        Rule("supervised_account", "entered", event, target, (_BANKING,), guards.another_person_entered)
        for event, target in (("confirm", "confirmed"), ("refuse", "refused"))
    ),
    Rule("transfer_claim", "", "claim", "claimed", _CLAIM),
    *(
        Rule("transfer_claim", "claimed", event, target, _CONFIRM_PAYMENT, guards.another_person_claimed)
        for event, target in (("confirm", "confirmed"), ("refuse", "refused"))
    ),
    Rule("transfer_claim", "claimed", "withdraw", "withdrawn", _CLAIM),
    Rule("rule_proposal", "", "propose", "proposed", (("operator", "fees:edit"),)),
    *(
        Rule("rule_proposal", "proposed", event, target, (_FEES,), guards.another_person_proposed)
        for event, target in (("confirm", "confirmed"), ("refuse", "refused"))
    ),
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    *_PROCUREMENT, *_APPROVAL, *_ORDER, *_CONTRACT, *_INVOICE, *_RECEIPT, *_CORRECTION, *_REFUND, *_CREDIT_REFUND,
    *_REFUND_TRANSFER, *_RETURN, *_PAYOUT, *_SPLIT, *_REPAYMENT, *_EXCEPTION, *_AMENDMENT, *_ENTERED, *_FILING,
)  # fmt: skip
TABLE = Table(RULES, attributes={"approval": "approval"})
