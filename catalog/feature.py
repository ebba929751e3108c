"""What the catalogue brings to the factory."""

MODELS = (
    "catalog.producers.models",
    "catalog.products.models",
    "catalog.papers.models",
    "catalog.lots.models",
    "catalog.shopfront.models",
)
REFERENCE = ("catalog.products.reference:load",)
