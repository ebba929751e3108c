"""Divisions of GB/T 2260, assisted counties, and pairings of an eastern with a western end."""
