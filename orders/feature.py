"""What orders bring to the factory."""

from orders.payments import feature as payments

MODELS = (
    "orders.ledger.models",
    "orders.purchase.models",
    "orders.contracts.models",
    "orders.fulfilment.models",
    "orders.invoices.models",
    "orders.payments.models",
)
REFERENCE = ("orders.ledger.reference:load",)
PERMISSIONS = {**payments.PERMISSIONS}
TOPICS = {**payments.TOPICS}
