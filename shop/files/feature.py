"""What files bring to the factory."""

MODELS = ("shop.files.models",)
INIT = ("shop.files.blobs.init_app", "shop.files.keeping.init_app")
API = ("shop.files.views.bp",)
PAGES = ("shop.files.pages.bp",)
PERMISSIONS = {"files:read": "Download files by API", "files:store": "Upload files by API"}
