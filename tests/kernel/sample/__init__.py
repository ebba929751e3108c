"""A small feature that shows what the kernel gives to any."""
