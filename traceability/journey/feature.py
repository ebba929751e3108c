"""What the journey of the market's goods brings to traceability."""

MODELS = ("traceability.journey.models",)
PAGES = ("traceability.journey.pages.bp",)
TASKS = ("traceability.journey.tasks",)
