"""What the ledger brings to the factory."""

MODELS = ("orders.ledger.models", "orders.ledger.filings.models")
REFERENCE = ("orders.ledger.reference:load",)
API = ("orders.ledger.views.bp", "orders.ledger.filings.views.bp")
PAGES = ("orders.ledger.filings.pages.bp", "orders.ledger.filings.bulk_pages.bp")
INIT = (
    "orders.ledger.checks.init_app",
    "orders.ledger.county_block.init_app",
    "orders.ledger.transparency.init_app",
    "orders.ledger.filings.evidence.init_app",
    "orders.ledger.filings.pages.init_app",
)
TASKS = ("orders.ledger.tasks",)
#: Seconds between seals when nobody asks for a report.
SCHEDULE = {"ledger.seal": 5.0}
TOPICS = {
    "orders.filing_confirmed": "A filing was confirmed and counts: `filing_id`, `number`, `seller`, `total`, `by`",
    "orders.filing_refused": "A filing was sent back: `filing_id`, `number`, `seller`, `total`, `why`, `by`",
    "orders.filing_withdrawal_asked": "Somebody asks that a confirmed filing be taken back: the same",
    "orders.filing_withdrawal_denied": "A confirmed filing stays as it is: the same",
    "orders.filing_withdrawn": "A confirmed filing was taken back and counts no more: the same",
    "orders.filing_submitted": "A filing waits for its county: `filing_id`, `number`, `seller`, `county`, `total`, `entered_by`",
}
PERMISSIONS = {
    "totals:read": "Read totals and the lines behind them, within one's scope",
    "filings:enter": "Enter sales made off the platform, submit them, ask that one be taken back",
    "filings:confirm": "Confirm or refuse a filing that another person entered; decide on taking one back",
    "filings:read": "See filings: one's own, those about one's sales, an official's scope",
}
