"""What invoices bring to the orders feature."""

API = ("orders.invoices.views.bp",)
PAGES = ("orders.invoices.pages.bp",)
PERMISSIONS = {
    "invoices:record": "Record invoices that the own organisation issued",
    "invoices:check": "Check or refuse invoices that the own organisation received (验票)",
}
TOPICS = {
    "orders.invoice_recorded": "A producer recorded an invoice: `invoice_id`, `order_ids`, `status`",
    "orders.invoice_checked": "A buyer checked an invoice: `invoice_id`, `order_ids`, `status`",
    "orders.invoice_withdrawn": "Who recorded an invoice took it back before it was checked: `invoice_id`, `order_ids`, `status`",
    "orders.invoice_refused": "A buyer refused an invoice: `invoice_id`, `order_ids`, `status`",
}
