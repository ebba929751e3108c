"""What identity brings to the factory."""

from shop.identity.roles import PERMISSIONS

MODELS = ("shop.identity.models", "shop.ratelimit")
INIT = ("shop.identity.loader.init_app",)
PAGES = ("shop.identity.pages.bp",)
TASKS = ("shop.identity.tasks",)
SCHEDULE = {"identity.sweep": 3600.0}

__all__ = ["INIT", "MODELS", "PAGES", "PERMISSIONS", "SCHEDULE", "TASKS"]
