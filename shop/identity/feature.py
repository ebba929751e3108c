"""What identity brings to the factory."""

MODELS = ("shop.identity.models",)
