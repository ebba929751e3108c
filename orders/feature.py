"""What orders bring to the factory."""

from orders.invoices import feature as invoices
from orders.ledger import feature as ledger
from orders.payments import feature as payments
from orders.purchase import feature as purchase

MODELS = (
    *ledger.MODELS,
    "orders.purchase.models",
    "orders.contracts.models",
    "orders.fulfilment.models",
    "orders.invoices.models",
    "orders.payments.models",
)
NOTICES = ("orders.notices.RULES",)
REFERENCE = (*ledger.REFERENCE,)
API = (*ledger.API, *invoices.API, *payments.API)
INIT = (*ledger.INIT,)
COMMANDS = ("orders.commands:verify_books",)
TASKS = (*ledger.TASKS,)
SCHEDULE = {**ledger.SCHEDULE}
PERMISSIONS = {**ledger.PERMISSIONS, **purchase.PERMISSIONS, **invoices.PERMISSIONS, **payments.PERMISSIONS}
TOPICS = {**purchase.TOPICS, **invoices.TOPICS, **payments.TOPICS}
