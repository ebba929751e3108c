"""What the log of trace events brings to traceability."""

API = ("traceability.proofs.views.bp",)
INIT = ("traceability.proofs.source.init_app",)
