"""What the query interface brings to traceability."""

PROTOCOLS = ("traceability.asking.views.bp",)
