"""What payment by card brings to the orders feature."""

HOOKS = ("orders.online.hooks.bp",)
API = ("orders.online.views.bp",)
PAGES = ("orders.online.buyer_pages.bp", "orders.online.producer_pages.bp", "orders.online.operator_pages.bp")
TASKS = ("orders.online.tasks",)
#: Seconds between looks for calls that wait, for what nobody told us lately, and within the last week.
SCHEDULE = {"online.calls": 5.0, "online.reconcile": 300.0, "online.reconcile_week": 21600.0, "online.forget": 86400.0}
INIT = ("orders.online.checks.init_app", "orders.online.expecting.init_app", "orders.online.nav.init_app")
PERMISSIONS = {
    "payments:pay": "Pay orders of the own organisation by card, and give such a payment up",
    "accounts:connect": "Open the own organisation's account at the card provider, and tell it what it asks for",
    "disputes:answer": "Tell the payer's bank what speaks for a disputed charge (operator only)",
    "provider:manage": "See the calls to the card provider, what it told, and disputes; try again what waits (operator only)",
}
TOPICS = {
    "orders.dispute_opened": "A payer disputes a charge; for the platform's own parts only: `dispute_id`, `charge`, `amount`, `reason`",
    "orders.dispute_held": "A dispute holds a part of an order's money: `order_id`, `number`, `dispute_id`, `amount`",
    "orders.dispute_won": "A dispute was won, the order has its money again: `order_id`, `number`, `dispute_id`, `amount`",
    "orders.dispute_lost": "A dispute was lost, the money went back to the payer: `order_id`, `number`, `dispute_id`, `amount`",
    "orders.dispute_closed": "A dispute was decided; for the platform's own parts only: `dispute_id`, `charge`, `status`",
    "orders.provider_event_received": "The card provider told something; for the platform's own parts only: `event`",
}
