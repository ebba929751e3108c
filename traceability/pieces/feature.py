"""What single packs bring to traceability."""

MODELS = ("traceability.pieces.models",)
PAGES = ("traceability.pieces.pages.bp",)
INIT = ("traceability.pieces.pages.init_app",)
