"""Producers, their benefit links, and agents with mandates."""
