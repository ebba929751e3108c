"""What the query interface brings to traceability."""

MODELS = ("traceability.asking.models", "traceability.asking.subscription_models")
PROTOCOLS = (
    "traceability.asking.views.bp",
    "traceability.asking.value_views.bp",
    "traceability.asking.query_views.bp",
    "traceability.asking.subscription_views.bp",
)
TASKS = ("traceability.asking.subscription_tasks",)
#: Seconds between looks for subscriptions that are due.
SCHEDULE = {"traceability.subscriptions": 5.0}
#: What waits for strangers' servers, and the queue it waits in.
QUEUES = {"traceability.subscriptions": "outgoing"}
TOPICS = {
    "traceability.subscription_disabled": "A subscription to an EPCIS query was switched off by itself; `subscription_id`, `query_name`, `dest`, `reason` (`gone`, `unanswered`, `not_allowed`).",
}
