"""What bank statements bring to the orders feature."""

API = (
    "orders.banking.views.bp",
    "orders.banking.desk_views.bp",
    "orders.banking.alias_views.bp",
    "orders.banking.closing.views.bp",
)
PAGES = (
    "orders.banking.pages.bp",
    "orders.banking.line_pages.bp",
    "orders.banking.claim_pages.bp",
    "orders.banking.operator_pages.bp",
    "orders.banking.slip_pages.bp",
    "orders.banking.alias_pages.bp",
)
TASKS = ("orders.banking.tasks",)
INIT = ("orders.banking.authorising.init_app", "orders.banking.expecting.init_app", "orders.banking.nav.init_app")
#: Seconds between looks for statements whose receipts are to be confirmed.
SCHEDULE = {"banking.confirm_statements": 5.0}
PERMISSIONS = {
    "banking:manage": "Enter, confirm and end supervised accounts; keep the closing days of treasuries",
}
TOPICS = {
    "orders.treasury_closing_day_set": "A treasury's last day of a year was entered or moved, for the institutions that it pays: `division_code`, `place`, `last_on`",
    "orders.statement_imported": "A bank statement was imported: `statement_id`, `added`, `known`, `refused`",
    "orders.transfer_claimed": "Somebody says that a transfer is theirs, for orders: `claim_id`, `status`, `amount`, `paid_on`, `by` (a person's id)",
    "orders.transfer_claim_decided": "The payee's side confirmed or refused such a claim: `claim_id`, `status`, `amount`, `paid_on`, `by` (a person's id)",
}
