"""The history of lots and items."""
