"""Invoices recorded and checked."""
