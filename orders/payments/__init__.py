"""Announced transfers, receipts confirmed by two persons, allocations and refunds."""
