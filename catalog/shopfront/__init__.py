"""The public pages of the shop, and what keeps them fast."""
