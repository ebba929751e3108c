"""What divisions and pairings bring to the factory."""

MODELS = ("shop.geo.models",)
COMMANDS = ("shop.commands:load",)
REFERENCE = ("shop.geo.reference:load",)
