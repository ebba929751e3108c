"""What payment by card brings to the orders feature."""

TASKS = ("orders.online.tasks",)
#: Seconds between looks for calls that wait.
SCHEDULE = {"online.calls": 5.0}
