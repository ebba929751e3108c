"""What divisions and pairings bring to the factory."""

MODELS = ("shop.geo.models",)
