"""What orders bring to the factory: what each of its parts lists, lowest first."""

from orders.banking import feature as banking
from orders.desk import feature as desk
from orders.invoices import feature as invoices
from orders.ledger import feature as ledger
from orders.online import feature as online
from orders.payments import feature as payments
from orders.purchase import feature as purchase
from orders.reconciliation import feature as reconciliation
from orders.refunding import feature as refunding
from orders.repayments import feature as repayments
from orders.returns import feature as returns
from orders.settlement import feature as settlement

_PARTS = (
    ledger, purchase, invoices, payments, returns, banking, online, settlement, refunding, repayments, reconciliation, desk,
)  # fmt: skip


def _listed(name: str) -> tuple[str, ...]:
    return tuple(each for part in _PARTS for each in getattr(part, name, ()))


MODELS = (
    *ledger.MODELS,
    "orders.purchase.models",
    "orders.purchase.approval_models",
    "orders.contracts.models",
    "orders.fulfilment.models",
    "orders.invoices.models",
    "orders.payments.models",
    "orders.payments.credit_models",
    "orders.payments.correction_models",
    "orders.payments.refund_models",
    *returns.MODELS,
    "orders.payments.reminder_models",
    "orders.banking.models",
    "orders.banking.slip_models",
    "orders.banking.closing.models",
    "orders.online.models",
    "orders.settlement.models",
    "orders.settlement.slip_models",
    "orders.settlement.tax_models",
    "orders.settlement.waiting_models",
    "orders.refunding.models",
    "orders.refunding.slip_models",
    "orders.repayments.models",
    "orders.settlement.split_models",
    "orders.reconciliation.models",
    "orders.desk.models",
)
MOVES = ("orders.purchase.rules.RULES",)
NOTICES = ("orders.notices.RULES",)
REFERENCE = _listed("REFERENCE")
API = _listed("API")
HOOKS = _listed("HOOKS")
PAGES = _listed("PAGES")
TASKS = _listed("TASKS")
INIT = ("orders.evidence.init_app", "orders.fulfilment.checks.init_app", *_listed("INIT"))
COMMANDS = ("orders.commands:verify_books", *_listed("COMMANDS"))
SCHEDULE = {name: every for part in _PARTS for name, every in getattr(part, "SCHEDULE", {}).items()}
PERMISSIONS = {name: words for part in _PARTS for name, words in getattr(part, "PERMISSIONS", {}).items()}
TOPICS = {name: words for part in _PARTS for name, words in getattr(part, "TOPICS", {}).items()}
