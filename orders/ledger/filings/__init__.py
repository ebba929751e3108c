"""Sales made off the platform: entered with their papers by one person, confirmed by another."""
