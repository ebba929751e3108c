"""Refunds that leave the supervised account in files for the bank: prepared by one person, released by another."""
