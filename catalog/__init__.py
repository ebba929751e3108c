"""Producers, certificates, products, listings, lots and stock."""
