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
INIT = ("orders.desk.nav.init_app",)
