"""What bank statements bring to the orders feature."""

PERMISSIONS = {
    "banking:manage": "Enter, confirm and end supervised accounts; keep the closing days of treasuries",
}
TOPICS = {
    "orders.statement_imported": "A bank statement was imported: `statement_id`, `added`, `known`, `refused`",
}
