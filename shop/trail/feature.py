"""What the audit trail brings to the factory."""

API = ("shop.trail.views.bp",)
PAGES = ("shop.trail.pages.bp",)
INIT = ("shop.trail.pages.init_app",)
PERMISSIONS = {"audit:read": "Read who did what to which thing, in every organisation"}
