"""What single packs bring to traceability."""

MODELS = ("traceability.pieces.models",)
PAGES = ("traceability.pieces.pages.bp",)
INIT = ("traceability.pieces.pages.init_app",)
TOPICS = {
    "traceability.pieces_issued": "Packs of a lot got serial numbers: `run_id`, `lot_id`, `pieces`, `issued_at`; for our own parts, no webhook hears of it",
}
