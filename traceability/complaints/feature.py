"""What complaints bring to traceability."""

MODELS = ("traceability.complaints.models",)
PAGES = ("traceability.complaints.pages.bp", "traceability.complaints.desk_pages.bp")
INIT = ("traceability.complaints.desk_pages.init_app",)
TASKS = ("traceability.complaints.tasks",)
SCHEDULE = {"traceability.erase_contacts": 86_400.0}
NOTICES = ("traceability.complaints.notices.RULES",)
PERMISSIONS = {
    "complaints:read": "See complaints of consumers about goods: the own producers', an official's county's (operator: all)",
    "complaints:handle": "Look into complaints, answer and close them, and see how to reach who complained (officials and operator only)",
    "complaints:respond": "Say what the producer has to say to a complaint about its goods",
}
TOPICS = {
    "traceability.complaint_received": "Somebody complained about goods: `complaint_id`, `kind`, `lot`, `received_at`",
    "traceability.complaint_answered": "A complaint was answered: `complaint_id`, `answered_at`",
}
