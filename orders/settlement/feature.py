"""What the settlement of producers brings to the orders feature."""

API = (
    "orders.settlement.views.bp",
    "orders.settlement.return_views.bp",
    "orders.settlement.slip_views.bp",
    "orders.settlement.split_views.bp",
    "orders.settlement.statement_views.bp",
)
PAGES = (
    "orders.settlement.pages.bp",
    "orders.settlement.end_pages.bp",
    "orders.settlement.order_pages.bp",
    "orders.settlement.return_pages.bp",
    "orders.settlement.slip_pages.bp",
    "orders.settlement.rule_pages.bp",
    "orders.settlement.split_pages.bp",
    "orders.settlement.statement_pages.bp",
)
TASKS = ("orders.settlement.tasks",)
INIT = (
    "orders.settlement.checks.init_app",
    "orders.settlement.slips.init_app",
    "orders.settlement.split_lines.init_app",
    "orders.settlement.nav.init_app",
)
#: Seconds between looks whether the day's run is still to be made.
SCHEDULE = {"settlement.run": 600.0}
PERMISSIONS = {
    "payouts:read": "See what is due and paid to producers, and statements of account (operator: of all)",
    "payouts:prepare": "Start payout runs and splits of the main account, check what the schedule made, hold orders, make the bank's file",
    "payouts:release": "Release payouts and splits that another person prepared, confirm what the bank did, agree that it did not pay or sent back",
    "fees:edit": "Enter platform fees, and after how many days producers are paid",
    "fees:confirm": "Agree to a fee or a number of days that another person entered",
    "taxes:read": "See what is reported about sellers to the tax authority",
    "taxes:report": "Mark a quarter's sheet of sellers as reported",
}
TOPICS = {
    "orders.payout_run_started": "A run will prepare a producer's payouts: `producer_id`, `runs`, `starter`",
    "orders.payout_paid": "A producer was paid: `payout_id`, `number`, `producer_id`, `amount`, `value_on`",
    "orders.payout_returned": "The bank sent a payout back, its money is owed again: `payout_id`, `number`, `amount`, `returned_on`, `why`",
    "orders.payout_return_refused": "A payout did not come back after all; for the platform's own parts: `return_id`, `payout_id`",
    "orders.payout_failed": "A payout did not arrive, its money is owed again: `payout_id`, `number`, `amount`, `why`",
}
