"""What orders bring to the factory."""

MODELS = (
    "orders.ledger.models",
    "orders.purchase.models",
    "orders.contracts.models",
    "orders.fulfilment.models",
    "orders.invoices.models",
    "orders.payments.models",
)
REFERENCE = ("orders.ledger.reference:load",)
