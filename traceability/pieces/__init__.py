"""Single packs: their serial numbers, and how often a label was scanned."""
