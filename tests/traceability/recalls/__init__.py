"""Recalls: who is told, what they say, and lifting."""
