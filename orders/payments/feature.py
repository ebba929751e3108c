"""What payments bring to the orders feature."""

API = (
    "orders.payments.views.bp",
    "orders.payments.correction_views.bp",
    "orders.payments.refund_views.bp",
    "orders.payments.credit_refund_views.bp",
)
PAGES = (
    "orders.payments.pages.bp",
    "orders.payments.correction_pages.bp",
    "orders.payments.refund_pages.bp",
    "orders.payments.credit_refund_pages.bp",
    "orders.payments.buyer_pages.bp",
)
TASKS = ("orders.payments.tasks",)
#: Seconds between looks for payments that fall due or are late, and for pay-first orders that nobody pays.
SCHEDULE = {"payments.remind_of_dues": 1800.0, "payments.cancel_unpaid": 1800.0}
INIT = (
    "orders.payments.evidence.init_app",
    "orders.payments.checks.init_app",
    "orders.payments.credit_refunds.init_app",
    "orders.payments.nav.init_app",
)
PERMISSIONS = {
    "payments:read": "See receipts, refunds, credit and due dates of the own organisation's orders (operator: of all)",
    "payments:announce": "Say who will pay an order, how much and when; extend a pay-first deadline",
    "payments:record": "Record a bank receipt and allocate it to orders; say that a confirmed one is wrong",
    "payments:confirm": "Confirm or refuse a receipt that another person recorded, or a correction that another person proposed",
    "refunds:request": "Ask for money back",
    "refunds:record": "Record that a refund was transferred, or refuse the request",
    "refunds:confirm": "Confirm or refuse a refund that another person recorded",
}
TOPICS = {
    "orders.exception_opened": "Money does not fit: `exception_id`, `rail`, `kind`, `subject`, `amount`, `occurred_on`, `opened_on`, and `by_payee` where it is on a producer's own account",
    "orders.transfer_announced": "A buyer said that it will pay: `order_id`, `announcement_id`, `planned_on`",
    "orders.payment_confirmed": "A receipt was confirmed: `payment_id`, `order_ids`, `amount`, `value_on`",
    "orders.payment_refused": "A recorded receipt was refused by the second person: `payment_id`",
    "orders.receipt_correction_proposed": "A confirmed receipt is said to be wrong: `receipt_correction_id`, `payment_id`, `amount`, `why`; `by_payee` or `by_operator` says who decides",
    "orders.receipt_corrected": "A confirmed receipt was reversed, and replaced where something came: `receipt_correction_id`, `payment_id`, `replacement_id`, `order_ids`, `amount`, `why`",
    "orders.payment_extended": "A buyer took fifteen more days to pay in advance: `order_id`, `number`, `pay_due_on`",
    "orders.payment_due_soon": "A payment falls due in some days: `order_id`, `due_on`, `open`",
    "orders.payment_overdue": "A payment's day is over: `order_id`, `due_on`, `open`",
    "orders.refund_requested": "Money back was asked for: `order_id`, `refund_id`, `status`",
    "orders.refund_sent": "Money is on its way back through the card provider: `order_id`, `refund_id`, `status`",
    "orders.refund_confirmed": "Money went back: `order_id`, `refund_id`, `status`",
    "orders.credit_refund_requested": "Credit is asked back: `credit_refund_id`, `payment_id`, `status`, `amount`",
    "orders.credit_refund_confirmed": "Credit went back to its payer: `credit_refund_id`, `payment_id`, `status`, `amount`",
    "orders.credit_refund_refused": "Credit is not given back: `credit_refund_id`, `payment_id`, `status`, `amount`",
    "orders.refund_withdrawn": "Who asked for a refund took it back: `order_id`, `refund_id`, `amount`, `status`",
    "orders.refund_refused": "A refund was refused: `order_id`, `refund_id`, `amount`, `why`, `status`",
}
