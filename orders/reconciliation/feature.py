"""What reconciliation brings to the orders feature."""

API = ("orders.reconciliation.exception_views.bp",)
PAGES = ("orders.reconciliation.exception_pages.bp",)
INIT = ("orders.payments.exceptions.init_app", "orders.reconciliation.nav.init_app")
PERMISSIONS = {
    "exceptions:read": "See money that does not fit, and the reconciliation of each rail by day (operator only)",
    "exceptions:propose": "Propose a posting or a note for money that does not fit (operator only)",
    "exceptions:agree": "Agree to what another person proposed for money that does not fit, or send it back (operator only)",
}
