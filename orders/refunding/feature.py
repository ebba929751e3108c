"""What refunds in files for the bank bring to the orders feature."""

API = ("orders.refunding.views.bp", "orders.refunding.slip_views.bp")
PAGES = ("orders.refunding.pages.bp", "orders.refunding.slip_pages.bp")
TASKS = ("orders.refunding.tasks",)
INIT = ("orders.refunding.nav.init_app", "orders.refunding.slips.init_app")
TOPICS = {
    "orders.refund_transfer_failed": "The bank did not make a refund, it waits again: `transfer_id`, `number`, `amount`, `payer`, `why`",
}
