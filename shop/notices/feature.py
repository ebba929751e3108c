"""What notices bring to the factory."""

MODELS = ("shop.notices.models",)
API = ("shop.notices.views.bp",)
PAGES = ("shop.notices.pages.bp",)
TASKS = ("shop.notices.tasks",)
NOTICES = ("shop.notices.identity_rules.RULES",)
INIT = ("shop.notices.pages.init_app",)
PERMISSIONS = {"notices:read": "See notices by API and mark them read"}
