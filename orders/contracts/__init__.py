"""Contracts confirmed by both sides."""
