"""What the desks and the demo bring to the factory."""

MODELS = ("admin.demo.models",)
