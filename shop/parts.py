"""The names of the parts that make the product; nothing is imported here, so that anybody may read them."""

from __future__ import annotations

#: The kernel's own parts, always mounted.
KERNEL = (
    "shop.outbox",
    "shop.geo",
    "shop.identity",
    "shop.files",
    "shop.notices",
    "shop.webhooks",
    "shop.trail",
    "shop.translog",
    "shop.apidocs",
)
#: Packages to mount, lowest first. Names, not imports: the kernel depends on no feature.
FEATURES = ("catalog", "traceability", "orders", "admin")
