"""What the ledger brings to the factory."""

MODELS = ("orders.ledger.models", "orders.ledger.filings.models")
REFERENCE = ("orders.ledger.reference:load",)
API = ("orders.ledger.views.bp",)
INIT = ("orders.ledger.checks.init_app",)
TASKS = ("orders.ledger.tasks",)
#: Seconds between seals when nobody asks for a report.
SCHEDULE = {"ledger.seal": 5.0}
PERMISSIONS = {
    "totals:read": "Read totals and the lines behind them, within one's scope",
}
