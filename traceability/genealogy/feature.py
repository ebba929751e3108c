"""What genealogy brings to traceability."""

API = ("traceability.genealogy.views.bp",)
