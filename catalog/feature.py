"""What the catalogue brings to the factory."""

MODELS = (
    "catalog.producers.models",
    "catalog.products.models",
    "catalog.papers.models",
    "catalog.lots.batches.models",
    "catalog.lots.models",
    "catalog.lots.records.models",
    "catalog.lots.records.supplier_models",
    "catalog.shopfront.models",
)
MOVES = ("catalog.rules.RULES",)
API = (
    "catalog.producers.views.bp",
    "catalog.products.views.bp",
    "catalog.products.listing_views.bp",
    "catalog.papers.views.eligibility_bp",
    "catalog.papers.views.certificates_bp",
    "catalog.lots.views.bp",
    "catalog.lots.batches.views.bp",
    "catalog.lots.records.views.bp",
    "catalog.shopfront.views.bp",
)
PAGES = (
    "catalog.shopfront.pages.bp",
    "catalog.counties.pages.bp",
    "catalog.producers.pages.bp",
    "catalog.products.pages.bp",
    "catalog.products.listing_pages.bp",
    "catalog.lots.pages.bp",
    "catalog.lots.recording.pages.bp",
    "catalog.lots.recording.parting_pages.bp",
    "catalog.lots.recording.passage_pages.bp",
    "catalog.lots.recording.watching_pages.bp",
    "catalog.lots.recording.paper_pages.bp",
    "catalog.lots.recording.paper_pages.public_bp",
    "catalog.papers.pages.bp",
    "catalog.papers.review_pages.bp",
)
INIT = (
    "catalog.producers.agents.init_app",
    "catalog.shopfront.serving.init_app",
    "catalog.shopfront.reference.init_app",
    "catalog.lots.records.evidence.init_app",
    "catalog.lots.recording.pages.init_app",
    "catalog.papers.evidence.init_app",
    "catalog.producers.evidence.init_app",
    "catalog.products.pages.init_app",
    "catalog.producers.pages.init_app",
    "catalog.papers.review_pages.init_app",
)
TASKS = ("catalog.lots.tasks", "catalog.products.tasks", "catalog.shopfront.tasks")
#: Every quarter of an hour, so that it has run soon after midnight; running again changes nothing.
SCHEDULE = {"catalog.end_of_day": 900.0, "catalog.forget_changes": 3600.0}
REFERENCE = ("catalog.products.reference:load", "catalog.lots.records.reference:load")
NOTICES = ("catalog.notices.RULES",)
TOPICS = {
    "catalog.act_undone": "What was recorded of batches by mistake was undone.",
    "catalog.batch_discarded": "Part of a batch was lost: spoilt, dried up, sampled.",
    "catalog.batch_recorded": "A batch was harvested, slaughtered or bought.",
    "catalog.batch_transformed": "Batches became others: processed, split, mixed, or packs opened again.",
    "catalog.commitment_issued": "A commitment certificate of a batch or lot was issued.",
    "catalog.listing_paused": "An offer is no longer on sale, its product has no eligibility basis in force: `listing_id`, `title`, `on`",
    "catalog.reserved_goods_expired": "For the platform's own parts: goods expired that orders had reserved: `sku_id`, `lots`",
    "catalog.lot_recalled": "A lot was called back: `recall_id`, `lot_id`, `code`, `product`, `county`, `reason`",
    "catalog.recall_lifted": "A lot is not called back any more: `recall_id`, `lot_id`, `code`, `product`, `county`, `reason`",
    "catalog.lot_moved": "A lot was put in stock without a batch, counted, destroyed, expired, or goods came back.",
    "catalog.lot_packed": "A batch was packed into a lot.",
    "catalog.paper_recorded": "A quarantine or meat inspection certificate of a batch or lot was recorded.",
    "catalog.temperature_recorded": "A logger's temperatures of a batch or lot were recorded.",
    "catalog.paper_withdrawn": "A quarantine or meat inspection certificate was taken back.",
    "catalog.temperature_withdrawn": "A logger's file was taken back.",
    "catalog.supplier_recorded": "From whom a batch was bought was recorded, or put right.",
    "catalog.place_added": "A producer added a place.",
    "catalog.goods_passed": "Goods arrived at a place, were stored there or left it.",
    "catalog.passage_withdrawn": "A passage was taken back.",
    "catalog.test_reported": "A test report of a batch or lot was recorded.",
    "catalog.test_withdrawn": "A test report was taken back.",
    "catalog.paper_decided": "An eligibility basis or quality certificate was put in force or refused.",
    "catalog.paper_revoked": "An eligibility basis or quality certificate no longer holds from a day on, which may be past.",
}
PERMISSIONS = {
    "catalogue:edit": "Products, packs, listings and the producer's own profile",
    "lots:edit": "Lots: new batches, counts, write-offs",
    "lots:recall": "Call lots back",
    "goods:pass": "Record that goods of others pass at shared places of the own side",
    "papers:submit": "Hand in eligibility bases and quality certificates",
    "papers:review": "See papers of the own scope, propose to revoke one",
    "papers:decide": "Put papers of the own scope in force, refuse or revoke them",
}
