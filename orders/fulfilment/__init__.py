"""Shipments and acceptance."""
