"""The names of the parts that make the product; nothing is imported here, so that anybody may read them."""

from __future__ import annotations

#: The kernel's own parts, always mounted.
KERNEL = (
    "shop.outbox",
    "shop.geo",
    "shop.moves",
    "shop.identity",
    "shop.files",
    "shop.notices",
    "shop.corrections",
    "shop.webhooks",
    "shop.trail",
    "shop.translog",
    "shop.apidocs",
)
#: Packages to mount, lowest first. Names, not imports: the kernel depends on no feature.
FEATURES = ("catalog", "traceability", "orders", "admin")
#: Queues of jobs. What waits for strangers' servers stands in one of its own, so that a slow server holds up nothing of
#: ours; a worker that is told of no queue takes from both.
DEFAULT_QUEUE, OUTGOING_QUEUE = "celery", "outgoing"
