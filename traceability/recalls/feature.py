"""What recalls bring to traceability."""

MODELS = ("traceability.recalls.models",)
PAGES = ("traceability.recalls.pages.bp",)
INIT = ("traceability.recalls.pages.init_app",)
TASKS = ("traceability.recalls.tasks",)
NOTICES = ("traceability.recalls.notices.RULES",)
TOPICS = {
    "traceability.recall_reached": "Goods that an organisation got are called back: `recall_id`, `lot_id`, `code`, `product`, `reason`, `order_id`, `number`, `quantity`, `unit`",
    "traceability.recall_announced": "A lot is called back, for whose it is and who watches over it: `recall_id`, `lot_id`, `code`, `product`, `producer`, `reason`, `orders`",
    "traceability.recall_lifted": "A lot is not called back any more: `recall_id`, `lot_id`, `code`, `product`, `reason`",
    "traceability.recall_answered": "Who got recalled goods said what became of them: `recall_id`, `consignee`, `codes`",
}
