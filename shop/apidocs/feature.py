"""What the API's reference brings to the factory."""

PAGES = ("shop.apidocs.pages.bp", "shop.apidocs.problem_pages.bp")
