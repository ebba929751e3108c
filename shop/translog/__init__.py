"""Transparency logs: Merkle trees of opaque leaves, published in C2SP form, that show any later change."""
