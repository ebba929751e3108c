"""What the journey of the market's goods brings to traceability."""

MODELS = ("traceability.journey.models",)
API = ("traceability.journey.views.bp",)
PAGES = (
    "traceability.journey.pages.bp",
    "traceability.journey.linked_pages.bp",
    "traceability.journey.desk_pages.bp",
    "traceability.journey.batch_pages.bp",
    "traceability.journey.genealogy_pages.bp",
    "traceability.journey.passing_pages.bp",
)
INIT = ("traceability.journey.passing_pages.init_app",)
TASKS = ("traceability.journey.tasks",)
NOTICES = ("traceability.journey.notices.RULES",)
TOPICS = {
    "traceability.recalled_goods_left": "A shipment was told of a lot that was called back by then: `lot_id`",
    "traceability.recall_reaches_others": "Others made lots of one that was called back; the operator decides: `lot_id`, `code`, `others`, `count`, `reach` (one for the same lots)",
}
