"""Baskets, procurements, orders with their lines, placing, and the machine that moves them."""
