"""What notices bring to the factory."""

MODELS = ("shop.notices.models",)
INIT = ("shop.notices.outgoing.init_app",)
