"""Recalls: who is told that goods it got are called back, what it says of them, and how far a recall has come."""
