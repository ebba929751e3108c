"""What outbound webhooks bring to the factory."""

MODELS = ("shop.webhooks.models",)
API = ("shop.webhooks.views.bp",)
PAGES = ("shop.webhooks.pages.bp",)
TASKS = ("shop.webhooks.tasks",)
NOTICES = ("shop.webhooks.notices.RULES",)
INIT = ("shop.webhooks.pages.init_app",)
#: Beat's entries, in seconds.
SCHEDULE = {"webhooks.send": 5.0, "webhooks.tidy": 3600.0}
#: What waits for strangers' servers, and the queue it waits in.
QUEUES = {"webhooks.send": "outgoing"}
PERMISSIONS = {"webhooks:manage": "Edit the own organisation's webhook endpoints, see and repeat what was sent"}
TOPICS = {
    "webhooks.endpoint_pinged": "A test asked for by a person; `endpoint_id`.",
    "webhooks.endpoint_disabled": "An endpoint was switched off by itself; `endpoint_id`, `url`, `reason` (`gone`, `silent`).",
}
