"""What the resolver brings to traceability."""

PAGES = (
    "traceability.resolver.pages.bp",
    "traceability.resolver.label_pages.bp",
    "traceability.resolver.piece_label_pages.bp",
)
INIT = ("traceability.resolver.label_pages.init_app",)
