"""What the catalogue brings to the factory."""

MODELS = (
    "catalog.producers.models",
    "catalog.products.models",
    "catalog.papers.models",
    "catalog.lots.models",
    "catalog.shopfront.models",
)
API = (
    "catalog.producers.views.bp",
    "catalog.products.views.bp",
    "catalog.products.listing_views.bp",
    "catalog.papers.views.eligibility_bp",
    "catalog.papers.views.certificates_bp",
    "catalog.lots.views.bp",
)
REFERENCE = ("catalog.products.reference:load",)
NOTICES = ("catalog.notices.RULES",)
TOPICS = {
    "catalog.paper_decided": "An eligibility basis or quality certificate was put in force or refused.",
    "catalog.paper_revoked": "An eligibility basis or quality certificate no longer holds from a day on, which may be past.",
}
API = ("catalog.shopfront.views.bp",)
PAGES = ("catalog.shopfront.pages.bp",)
INIT = ("catalog.shopfront.serving.init_app", "catalog.shopfront.reference.init_app")
