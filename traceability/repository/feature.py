"""What the EPCIS repository brings to traceability."""

MODELS = ("traceability.repository.models", "traceability.repository.derived")
PROTOCOLS = ("traceability.repository.views.bp",)
TASKS = ("traceability.repository.tasks",)
INIT = ("traceability.repository.refusals.init_app",)
#: Seconds between looks for jobs whose worker was killed.
SCHEDULE = {"traceability.capture": 10.0}
PERMISSIONS = {
    "trace:capture": "Hand in events of traced goods for the own organisation",
    "trace:read": "Ask for events of traced goods: the own organisation's, those about goods that it handled or bought, an official's scope",
}
TOPICS = {
    "traceability.capture_accepted": "A large EPCIS document waits for a worker: `job_id`; to our own parts only",
    "traceability.events_captured": "Events were stored: their keys `first_id` to `last_id`, `count`, `job_id`; to our own parts only",
}
