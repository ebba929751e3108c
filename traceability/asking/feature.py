"""What the query interface brings to traceability."""

MODELS = ("traceability.asking.models",)
PROTOCOLS = (
    "traceability.asking.views.bp",
    "traceability.asking.value_views.bp",
    "traceability.asking.query_views.bp",
)
