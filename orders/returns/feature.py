"""What returns bring to the orders feature."""

MODELS = ("orders.returns.models",)
API = ("orders.returns.views.bp",)
PAGES = ("orders.returns.pages.bp",)
INIT = ("orders.returns.checks.init_app", "orders.returns.nav.init_app")
TOPICS = {
    "orders.return_opened": "Accepted goods are to go back: `order_id`, `goods_return_id`, `return_number`, `reason`, and `by_buyer` or `by_producer`; `is_recall` where they are called back and nobody has to agree",
    "orders.return_agreed": "The other side agreed that goods go back: `order_id`, `goods_return_id`, `return_number`, and `by_buyer` or `by_producer`",
    "orders.return_refused": "Goods stay where they are: refused, taken back or never arrived: `order_id`, `goods_return_id`, `return_number`, `why`, and `by_buyer` or `by_producer`",
    "orders.goods_sent_back": "Accepted goods are on their way back: `order_id`, `goods_return_id`, `return_number`, `sent_at`, `consignor`, `consignee` (of the order: it is the consignee who sends), `items` of lot, quantity and the movement by which they had left",
    "orders.goods_returned": "Accepted goods have come back: `order_id`, `goods_return_id`, `return_number`, `received_at`, `consignor`, `consignee`, `items` of lot, movement, `quantity` and what of it was `destroyed`",
}
