"""What corrections of organisations bring to the factory."""

MODELS = ("shop.corrections.models",)
MOVES = ("shop.corrections.rules.RULES",)
API = ("shop.corrections.views.bp",)
PAGES = ("shop.corrections.pages.bp",)
INIT = ("shop.corrections.pages.init_app",)
NOTICES = ("shop.corrections.notices.RULES",)
TOPICS = {
    "identity.organisation_corrected": "Two of the operator's people corrected who an organisation is or where: `fields`, `why`",
    "identity.correction_proposed": "A correction of an organisation waits for a second person: `correction_id`, `name`, `why`, `by`",
    "identity.correction_refused": "It was refused or taken back: the same",
}
