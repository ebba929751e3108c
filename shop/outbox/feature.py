"""What the outbox brings to the factory."""

MODELS = ("shop.outbox.models", "shop.idempotency", "shop.audit")
TASKS = ("shop.outbox.tasks",)
#: Beat's entry: the sweep is the guarantee, the broker is not.
SCHEDULE = {"outbox.drain": 30.0}
