"""What repayments of producers bring to the orders feature."""

API = ("orders.repayments.views.bp",)
PAGES = ("orders.repayments.pages.bp",)
TASKS = ("orders.repayments.tasks",)
INIT = ("orders.repayments.checks.init_app", "orders.repayments.nav.init_app")
TOPICS = {
    "orders.repayment_recorded": "A producer's repayment was recorded and waits for a second person: `repayment_id`, `amount`, `bank_serial`, `value_on`",
    "orders.repayment_confirmed": "A producer has paid back what it owed: `repayment_id`, `amount`, `bank_serial`, `value_on`",
}
