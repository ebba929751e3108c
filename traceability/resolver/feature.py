"""What the resolver brings to traceability."""

PAGES = ("traceability.resolver.pages.bp",)
