"""What the journey of the market's goods brings to traceability."""

MODELS = ("traceability.journey.models",)
TASKS = ("traceability.journey.tasks",)
