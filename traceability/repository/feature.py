"""What the EPCIS repository brings to traceability."""

MODELS = ("traceability.repository.models", "traceability.repository.derived")
PERMISSIONS = {
    "trace:capture": "Hand in events of traced goods for the own organisation",
    "trace:read": "Ask for events of traced goods: the own organisation's, those about goods that it handled or bought, an official's scope",
}
TOPICS = {
    "traceability.events_captured": "Events were stored: their keys `first_id` to `last_id`, `count`, `job_id`; to our own parts only",
}
