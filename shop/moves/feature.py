"""What state machines bring to the factory."""

MODELS = ("shop.moves.models",)
