"""What the API's reference brings to the factory."""

PAGES = ("shop.apidocs.pages.bp",)
