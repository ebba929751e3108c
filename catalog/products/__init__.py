"""Categories, products, SKUs, listings and price tiers."""
