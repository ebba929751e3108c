"""The transparency log of trace events, and receipts from it."""
