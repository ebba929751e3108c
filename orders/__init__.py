"""Procurement, contracts, orders, payments and the two books."""
