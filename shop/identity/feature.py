"""What identity brings to the factory."""

from shop.identity.roles import PERMISSIONS

MODELS = ("shop.identity.models", "shop.identity.account_change_models", "shop.ratelimit")
MOVES = ("shop.identity.change_rules.RULES",)
INIT = (
    "shop.outgoing.init_app",
    "shop.identity.loader.init_app",
    "shop.identity.navigation.init_app",
    "shop.identity.colleagues.init_app",
)
API = (
    "shop.identity.views.bp",
    "shop.identity.organisation_views.bp",
    "shop.identity.account_change_views.bp",
    "shop.identity.operator_views.bp",
)
PAGES = (
    "shop.identity.pages.bp",
    "shop.identity.account_pages.bp",
    "shop.identity.placement_pages.bp",
    "shop.identity.organisation_pages.bp",
    "shop.identity.account_change_pages.bp",
    "shop.identity.member_pages.bp",
    "shop.identity.operator_pages.bp",
)
COMMANDS = ("shop.identity.commands.token", "shop.identity.commands.operator")
TASKS = ("shop.identity.tasks",)
SCHEDULE = {"identity.sweep": 3600.0}
TOPICS = {
    "identity.account_change_asked": "Another account is to be the one an organisation is paid to, and waits for a second person: `change_id`, `name`, `tail` (last digits)",
    "identity.account_change_refused": "It was refused or withdrawn: the same",
    "identity.account_changed": "A second person agreed: the same, `used_from`",
    "identity.bank_account_closed": "An account was taken out of use: `account_id`, `tail` (last digits)",
    "identity.bank_account_reopened": "It was taken into use again: the same",
    "identity.password_reset_asked": "Somebody asked for a link to set a password anew: `user_id`, or null if nobody has that contact",
    "identity.account_disabled": "The operator disabled an account: `user_id`",
    "identity.contact_change_asked": "Somebody wants another phone number or address: `secret_id`",
    "identity.contact_changed": "Somebody has another phone number or address: `secret_id`",
    "identity.member_invited": "Somebody was invited: `user_id`, `organisation_id`",
    "identity.token_issued": "Somebody made an API token: `user_id`, `organisation_id`, `name`",
    "identity.second_factor_was_reset": "An administrator cleared a lost second factor: `user_id`",
}

__all__ = ["API", "COMMANDS", "INIT", "MODELS", "PAGES", "PERMISSIONS", "SCHEDULE", "TASKS", "TOPICS"]
