"""What files bring to the factory."""

MODELS = ("shop.files.models",)
