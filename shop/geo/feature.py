"""What divisions and pairings bring to the factory."""

MODELS = ("shop.geo.models",)
API = ("shop.geo.views.bp",)
COMMANDS = ("shop.commands:load",)
REFERENCE = ("shop.geo.reference:load",)
