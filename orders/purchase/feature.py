"""What purchases, contracts and fulfilment bring to the orders feature."""

PERMISSIONS = {
    "basket:edit": "Fill and empty one's basket",
    "procurements:read": "See the procurements of the own organisation",
    "procurements:create": "Draw up, edit and give up procurements",
    "procurements:submit": "Submit procurements for approval, and place them",
    "procurements:approve": "Approve or reject procurements that others made, and place them",
    "orders:read": "See the orders that the own organisation buys or sells",
    "orders:inspect": "See the orders within one's scope (officials, operator)",
    "orders:confirm": "Confirm or decline orders for the producer",
    "orders:cancel": "Cancel orders before shipping, close short what is part shipped",
    "contracts:sign": "Sign or decline contracts for one's side",
    "goods:ship": "Ship lots for orders, take goods back",
    "goods:accept": "Accept or reject delivered goods, send accepted ones back",
}
TOPICS = {
    "orders.reserved_goods_expired": "Goods that an order had reserved expired, and no others cover it: `order_id`, `number`, `product`, `lots`, `quantity`, `unit`",
    "orders.approval_requested": "A procurement waits for an approver: `procurement_id`, `number`, `total`, `by`",
    "orders.approval_passed": "It passed a level of approval and waits for the next: `procurement_id`, `number`, `total`, `level`, `by`",
    "orders.procurement_approved": "It was approved and may be placed: `procurement_id`, `number`, `total`, `by`",
    "orders.procurement_rejected": "It was not approved: `procurement_id`, `number`, `why`, `by`",
    "orders.procurement_placed": "An order was placed: `procurement_id`, `procurement_number`, `order_id`, `number`, `total`",
    "orders.order_confirmed": "The producer confirmed: `order_id`, `contract_id`, `promised_on`, `total`",
    "orders.order_declined": "The producer declined: `order_id`, `why`",
    "orders.order_lapsed": "Nobody confirmed the order in time: `order_id`",
    "orders.order_cancelled": "The order was cancelled before shipping: `order_id`, `why`, `due`",
    "orders.order_closed_short": "The rest of a part-shipped order will not come: `order_id`, `why`, `due`",
    "orders.contract_offered": "The producer has signed, the buyer is next: `order_id`, `contract_id`, `sign_by`, `total`, and `ordered`, the goods' sum when it was placed, if prices changed or freight was added",
    "orders.contract_signed": "Both sides have signed: `order_id`, `contract_id`, `terms_sha256`",
    "orders.account_amendment_offered": "A producer asks to be paid to another account than the contract's: `order_id`, `contract_id`, `contract_number`, `tail` (last digits)",
    "orders.account_amendment_decided": "The buyer agreed or declined: `order_id`, `contract_id`, `contract_number`, `tail`, `answer`",
    "orders.payee_account_changed": "A producer with open orders of a buyer will have another account: `name`, `tail` (last digits), `used_from`",
    "orders.order_shipped": "Goods left: `order_id`, `shipment_id`, `consignee`, `items` of lot, quantity and movement",
    "orders.goods_accepted": "Goods were accepted or rejected: `order_id`, `acceptance_id`, `items`, `accepted`, `rejected` (sums of it), `pay_due_on`",
}
API = (
    "orders.purchase.views.bp",
    "orders.purchase.approval_views.bp",
    "orders.contracts.views.bp",
    "orders.fulfilment.views.bp",
)
TASKS = ("orders.purchase.tasks", "orders.contracts.tasks", "orders.fulfilment.tasks")
#: Seconds between looks for orders that nobody confirmed, and contracts that a side did not sign, in time.
SCHEDULE = {"purchase.lapse_orders": 60.0, "contracts.lapse_contracts": 60.0}
INIT = ("orders.purchase.verify.init_app", "orders.fulfilment.evidence.init_app")
