"""The last day of the year on which a finance authority's treasury pays."""
