"""What the transparency logs bring to the factory."""

MODELS = ("shop.translog.models",)
API = ("shop.translog.views.bp",)
PAGES = ("shop.translog.pages.bp",)
TASKS = ("shop.translog.tasks",)
COMMANDS = ("shop.translog.commands:log_commands", "shop.translog.commands:receipt_commands")
#: Seconds between checkpoints when nobody asks for a receipt.
SCHEDULE = {"translog.seal": 10.0}
