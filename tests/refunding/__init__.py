"""Refunds in files for the bank."""
