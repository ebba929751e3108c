"""What the sample brings to the factory."""

API = ("tests.kernel.sample.views.bp",)
TASKS = ("tests.kernel.sample.tasks",)
PAGES = ("tests.kernel.sample.views.pages",)
PERMISSIONS = {"samples:edit": "Edit samples."}
TOPICS = {"samples.sample_made": "A sample was made."}
