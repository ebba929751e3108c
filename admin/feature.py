"""What the desks and the demo bring to the factory."""

MODELS = ("admin.demo.models",)
DEMO_ACCOUNTS = ("admin.demo.accounts.DEMO_ACCOUNTS",)
API = ("admin.official.views:bp",)
PAGES = (
    "admin.official.pages:bp",
    "admin.official.watch_pages:bp",
    "admin.official.people_pages:bp",
    "admin.operator.pages:bp",
)
INIT = ("admin.official.pages:init_app", "admin.operator.pages:init_app", "admin.deliveries:init_app")
#: Imported for what they attach to the group ``load``.
TASKS = ("admin.demo.commands",)
