"""What the desks bring to the orders feature."""

API = ("orders.desk.views.bp", "orders.desk.receipt_views.bp")
PAGES = (
    "orders.desk.pages.bp",
    "orders.desk.approval_pages.bp",
    "orders.desk.basket_pages.bp",
    "orders.desk.budget_pages.bp",
    "orders.desk.sales_pages.bp",
    "orders.desk.act_pages.bp",
    "orders.desk.document_pages.bp",
)
TASKS = ("orders.desk.tasks",)
#: Seconds between looks for what waits for somebody: once a day would do, and a day that was missed is caught up.
SCHEDULE = {"desk.remind": 3600.0}
TOPICS = {
    "orders.acceptance_due_soon": "Goods that nobody has decided on count as accepted in some days: `order_id`, `number`, `shipment_id`, `shipment`, `accept_by`",
    "orders.acceptance_overdue": "They count as accepted from that day on: the same",
    "orders.contract_unsigned": "A contract lapses in some days unless it is signed: `order_id`, `number`, `contract_id`, `sign_by`, and `by_buyer` or `by_producer`, whose turn it is",
    "orders.invoice_unchecked": "An invoice waits for its buyer: `invoice_id`, `number`, `days`",
}
INIT = ("orders.desk.nav.init_app",)
