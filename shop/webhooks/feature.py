"""What outbound webhooks bring to the factory."""

MODELS = ("shop.webhooks.models",)
