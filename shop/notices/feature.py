"""What notices bring to the factory."""

MODELS = ("shop.notices.models",)
