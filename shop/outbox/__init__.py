"""Events that leave with the commit, and their deliveries to subscribers."""
