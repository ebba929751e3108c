"""What recalls bring to traceability."""

MODELS = ("traceability.recalls.models",)
API = ("traceability.recalls.views.bp",)
PAGES = ("traceability.recalls.pages.bp",)
INIT = ("traceability.recalls.pages.init_app",)
TASKS = ("traceability.recalls.tasks",)
#: Half an hour is little beside the hours of the gravest level; running again reminds nobody twice.
SCHEDULE = {"traceability.remind_of_recalls": 1800.0}
NOTICES = ("traceability.recalls.notices.RULES",)
TOPICS = {
    "traceability.recall_reached": "Goods that an organisation got are called back: `recall_id`, `lot_id`, `code`, `product`, `reason`, `order_id`, `number`, `quantity`, `unit`",
    "traceability.recall_announced": "A lot is called back, for whose it is and who watches over it: `recall_id`, `lot_id`, `code`, `product`, `producer`, `reason`, `orders`",
    "traceability.recall_lifted": "A lot is not called back any more: `recall_id`, `lot_id`, `code`, `product`, `reason`",
    "traceability.recall_answered": "Who got recalled goods said what became of them: `recall_id`, `consignee`, `codes`",
    "traceability.recall_unanswered": "An organisation that got recalled goods has not said what became of them: `recall_id`, `code`, `product`, `level`, `due_on`",
    "traceability.recall_overdue": "The deadline of a recall is over and goods are not back: `recall_id`, `code`, `product`, `level`, `due_on`, `consignees`",
}
