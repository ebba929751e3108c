"""What comes before packs: places, batches in kilograms, and the acts that turn one into another without losing mass."""
