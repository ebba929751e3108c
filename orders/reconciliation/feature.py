"""What reconciliation brings to the orders feature."""

API = (
    "orders.reconciliation.exception_views.bp",
    "orders.reconciliation.own_views.bp",
    "orders.reconciliation.desk_views.bp",
)
PAGES = (
    "orders.reconciliation.exception_pages.bp",
    "orders.reconciliation.own_pages.bp",
    "orders.reconciliation.desk_pages.bp",
)
TASKS = ("orders.reconciliation.tasks",)
INIT = (
    "orders.payments.exceptions.init_app",
    "orders.reconciliation.checks.init_app",
    "orders.reconciliation.nav.init_app",
)
#: Seconds between listings of the provider's account of its balance, and between looks at what differs since days.
SCHEDULE = {"reconciliation.fetch": 600.0, "reconciliation.tell": 6 * 3600.0}
PERMISSIONS = {
    "exceptions:read": "See money that does not fit, and the reconciliation of each rail by day (operator only)",
    "exceptions:propose": "Propose a posting or a note for money that does not fit (operator only)",
    "exceptions:agree": "Agree to what another person proposed for money that does not fit, or send it back (operator only)",
}
TOPICS = {
    "orders.exceptions_aging": "Money that does not fit waits too long, told once a day: `on`, `days`, `oldest_days`, `open`, `proposed`",
}
