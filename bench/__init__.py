"""Measurements against the limit in the same run, and the seeded data they need."""
