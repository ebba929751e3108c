"""Lots, their movements and the stock they add up to: the only place where a quantity changes."""
