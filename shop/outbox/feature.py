"""What the outbox brings to the factory."""

MODELS = ("shop.outbox.models", "shop.idempotency", "shop.audit")
API = ("shop.outbox.views.bp",)
PAGES = ("shop.outbox.pages.bp",)
TASKS = ("shop.outbox.tasks",)
INIT = ("shop.outbox.pages.init_app",)
#: Beat's entries, in seconds: the sweep is the guarantee, the broker is not.
SCHEDULE = {"outbox.drain": 30.0, "outbox.tidy": 3600.0}
PERMISSIONS = {"outbox:manage": "See what waits in the outbox and try dead letters again"}
