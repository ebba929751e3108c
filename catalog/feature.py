"""What the catalogue brings to the factory."""

MODELS = (
    "catalog.producers.models",
    "catalog.products.models",
    "catalog.papers.models",
    "catalog.lots.models",
)
REFERENCE = ("catalog.products.reference:load",)
