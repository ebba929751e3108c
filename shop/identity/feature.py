"""What identity brings to the factory."""

from shop.identity.roles import PERMISSIONS

MODELS = ("shop.identity.models",)
INIT = ("shop.identity.loader.init_app",)

__all__ = ["INIT", "MODELS", "PERMISSIONS"]
