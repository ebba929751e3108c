"""Who is told what about orders: always the one who must act next."""

from __future__ import annotations

from typing import Any

from shop.i18n import lazy
from shop.notices.rules import BUYERS, SELLERS, NoticeRule

_PROCUREMENT = "/desk/procurements/{procurement_id}"
_DESK, _PRODUCER, _PAY = "/desk/orders/{order_id}", "/producer/orders/{order_id}", "/desk/payments/{order_id}"


def _buyer(topic: str, kind: str, permission: str, sentence: Any, *, link: str = _DESK, **more: str) -> NoticeRule:
    return NoticeRule(f"orders.{topic}", kind, permission, sentence, BUYERS, link, **more)


def _seller(topic: str, kind: str, permission: str, sentence: Any, *, link: str = _PRODUCER, **more: str) -> NoticeRule:
    return NoticeRule(f"orders.{topic}", kind, permission, sentence, SELLERS, link, **more)


def _operator(topic: str, kind: str, permission: str, sentence: Any, *, link: str) -> NoticeRule:
    """Tell the operator of what it must do with money of the supervised account."""
    return NoticeRule(f"orders.{topic}", kind, permission, sentence, ("operator",), link, needs="by_operator")


#: Officials of a county, of its prefecture and province, and the operator.
_DECIDERS = ("authority", "operator")


def _filing(topic: str, kind: str, sentence: Any) -> tuple[NoticeRule, NoticeRule]:
    """Return what tells who enters filings, of an authority and of a seller, each at its own desk."""
    return tuple(
        NoticeRule(f"orders.{topic}", f"{kind}{end}", "filings:enter", sentence, audience, link, but="by")
        for end, audience, link in (
            ("", _DECIDERS, "/official/filings/{filing_id}"), ("_seller", SELLERS, "/producer/filings/{filing_id}"),
        )
    )  # type: ignore[return-value]  # fmt: skip


RULES = (
    *_filing("filing_confirmed", "filing_confirmed", lazy("线下申报 %(number)s（%(seller)s，%(total)s 元）已确认，计入帮扶额。")),
    *_filing("filing_refused", "filing_refused", lazy("线下申报 %(number)s（%(seller)s，%(total)s 元）被退回：%(why)s。可修改后重新提交。")),
    *_filing("filing_withdrawn", "filing_withdrawn", lazy("线下申报 %(number)s（%(seller)s，%(total)s 元）已撤销，不再计入帮扶额：%(why)s")),
    *_filing("filing_withdrawal_denied", "filing_withdrawal_denied", lazy("线下申报 %(number)s 的撤销申请未获同意，申报仍然有效。")),
    NoticeRule("orders.filing_withdrawal_asked", "filing_withdrawal_asked", "filings:confirm",
               lazy("有人申请撤销已确认的线下申报 %(number)s（%(seller)s，%(total)s 元）：%(why)s。请复核。"),
               _DECIDERS, "/official/filings/{filing_id}", but="by"),
    NoticeRule("orders.approval_requested", "approval_requested", "procurements:approve",
               lazy("采购单 %(number)s（%(total)s 元）待审批。"), BUYERS, _PROCUREMENT, but="by"),
    NoticeRule("orders.approval_passed", "approval_passed", "procurements:approve",
               lazy("采购单 %(number)s（%(total)s 元）已通过“%(level)s”审批，待下一级审批。"), BUYERS, _PROCUREMENT, but="by"),
    NoticeRule("orders.procurement_approved", "procurement_approved", "procurements:submit",
               lazy("采购单 %(number)s 已审批通过（%(total)s 元），可以下单。"), BUYERS, _PROCUREMENT, but="by"),
    NoticeRule("orders.procurement_rejected", "procurement_rejected", "procurements:create",
               lazy("采购单 %(number)s 未通过审批：%(why)s。可修改后重新提交。"), BUYERS, _PROCUREMENT, but="by"),
    _buyer("contract_offered", "contract_to_sign", "contracts:sign",
           lazy("供应商已签署订单 %(number)s 的合同，请在 %(sign_by)s 前签署。"), unless="ordered"),
    _buyer("contract_offered", "changed_contract_to_sign", "contracts:sign",
           lazy("订单 %(number)s 下单时货款 %(ordered)s 元，供应商确认后合同金额 %(total)s 元。请核对变动后在 %(sign_by)s 前签署。"),
           needs="ordered", link="/desk/orders/{order_id}/contract"),
    _seller("order_confirmed", "order_confirmed_seller", "contracts:sign",
            lazy("订单 %(number)s 已确认，请签署合同后交采购单位签署。"), needs="to_sign"),
    _buyer("refund_refused", "refund_refused", "refunds:request",
           lazy("一笔退款申请（%(amount)s 元）未获同意：%(why)s"), link=_PAY),
    _seller("refund_refused", "refund_refused_seller", "refunds:record",
            lazy("一笔退款（%(amount)s 元）被复核人退回：%(why)s"), link="/producer/refunds/{refund_id}", needs="was_recorded"),
    NoticeRule("orders.filing_submitted", "filing_submitted", "filings:confirm",
               lazy("线下申报 %(number)s（%(county)s，%(seller)s，%(total)s 元）待确认，请核对凭证。"),
               _DECIDERS, "/official/filings/{filing_id}", once_per="filing_id", but="entered_by"),
    _seller("procurement_placed", "order_placed", "orders:confirm",
            lazy("新订单 %(number)s，货款 %(total)s 元，请确认价格、运费和交货日期。")),
    _buyer("order_confirmed", "order_confirmed", "contracts:sign",
           lazy("供应商已确认订单 %(number)s，共 %(total)s 元。合同由供应商先签署，轮到您时再通知。"), needs="to_sign"),
    _buyer("order_declined", "order_declined", "procurements:create",
           lazy("供应商未接受订单 %(number)s：%(why)s。可另选供应商。")),
    _buyer("order_lapsed", "order_lapsed_buyer", "procurements:create", lazy("订单 %(number)s 超过期限无人确认，已失效。")),
    _seller("order_lapsed", "order_lapsed_seller", "orders:confirm", lazy("订单 %(number)s 超过期限未确认，已失效。")),
    _seller("contract_signed", "contract_signed", "goods:ship", lazy("订单 %(number)s 的合同双方已签署，请按约定发货。")),
    _buyer("payee_account_changed", "payee_account_changed", "orders:read",
           lazy("供应商%(name)s登记了新的收款账户（尾号 %(tail)s，自 %(used_from)s 起用于新合同）。已签合同仍付合同载明的账户，请勿按来信改付。"),
           link="/desk/orders"),
    _buyer("account_amendment_offered", "account_amendment_offered", "contracts:sign",
           lazy("供应商请求把合同 %(contract_number)s 的收款账户改为尾号 %(tail)s 的账户，请电话核实后同意或拒绝。"),
           link="/desk/orders/{order_id}/contract"),
    _seller("account_amendment_decided", "account_amendment_decided", "contracts:sign",
            lazy("采购单位已答复合同 %(contract_number)s 的收款账户变更，请查看。"),
            link="/producer/orders/{order_id}/contract"),
    _buyer("order_shipped", "order_shipped", "goods:accept", lazy("订单 %(number)s 已发货，到货后请验收。")),
    _seller("goods_accepted", "goods_accepted_seller", "invoices:record", lazy("订单 %(number)s 已验收，请开具发票。"),
            needs="accepted"),
    _seller("goods_accepted", "goods_rejected_seller", "goods:ship",
            lazy("订单 %(number)s 有货物被拒收，已退回原批次，请查看原因。"), needs="rejected"),
    _buyer("goods_accepted", "goods_accepted_buyer", "payments:announce",
           lazy("订单 %(number)s 已验收，最迟 %(pay_by)s 付款。"), needs="pay_by"),
    _buyer("acceptance_due_soon", "acceptance_due_soon", "goods:accept",
           lazy("订单 %(number)s 的发货 %(shipment)s 还没有验收，%(accept_by)s 起按已验收计算付款期限，请在此前验收或拒收。")),
    _buyer("acceptance_overdue", "acceptance_overdue_buyer", "goods:accept",
           lazy("订单 %(number)s 的发货 %(shipment)s 逾期未验收，自 %(accept_by)s 起按已验收计算付款期限，请尽快验收。")),
    _seller("acceptance_overdue", "acceptance_overdue_seller", "payments:read",
            lazy("订单 %(number)s 的发货 %(shipment)s 采购单位逾期未验收，自 %(accept_by)s 起按已验收计算付款期限。")),
    _buyer("contract_unsigned", "contract_unsigned_buyer", "contracts:sign",
           lazy("订单 %(number)s 的合同待您签署，%(sign_by)s 前不签即失效。"), needs="by_buyer",
           link="/desk/orders/{order_id}/contract"),
    _seller("contract_unsigned", "contract_unsigned_seller", "contracts:sign",
            lazy("订单 %(number)s 的合同待您签署，%(sign_by)s 前不签即失效。"), needs="by_producer",
            link="/producer/orders/{order_id}/contract"),
    _buyer("invoice_unchecked", "invoice_unchecked", "invoices:check",
           lazy("发票 %(number)s 登记已满 %(days)s 天，请核验或退回。"), link="/desk/invoices/{invoice_id}"),
    _buyer("reserved_goods_expired", "reserved_goods_expired_buyer", "procurements:create",
           lazy("订单 %(number)s 备好的%(product)s（批次 %(lots)s）已过期，尚缺 %(quantity)s，待供应商补货。可与供应商商定，或取消、少发结单。")),
    _seller("reserved_goods_expired", "reserved_goods_expired_seller", "goods:ship",
            lazy("订单 %(number)s 备好的%(product)s（批次 %(lots)s）已过期，尚缺 %(quantity)s，请补货入库，或与采购单位商定。")),
    _seller("return_opened", "return_requested", "goods:ship",
            lazy("采购单位对订单 %(number)s 提出退货 %(return_number)s：%(reason)s。请查看并办理。"), needs="by_buyer", link="/producer/returns/{return_id}"),
    _buyer("return_opened", "return_offered", "goods:accept",
           lazy("供应商提出收回订单 %(number)s 的货物（%(return_number)s）：%(reason)s。请查看并答复。"), needs="by_producer", link="/desk/returns/{return_id}"),
    _buyer("return_agreed", "return_agreed_buyer", "goods:accept",
           lazy("供应商已同意退货 %(return_number)s，请寄回货物。"), needs="by_producer", link="/desk/returns/{return_id}"),
    _seller("return_agreed", "return_agreed_seller", "goods:ship",
            lazy("采购单位已同意退货 %(return_number)s，将寄回货物。"), needs="by_buyer", link="/producer/returns/{return_id}"),
    _buyer("return_refused", "return_refused_buyer", "goods:accept",
           lazy("退货 %(return_number)s 不再办理：%(why)s。"), needs="by_producer", link="/desk/returns/{return_id}"),
    _seller("return_refused", "return_refused_seller", "goods:ship",
            lazy("退货 %(return_number)s 不再办理：%(why)s。"), needs="by_buyer", link="/producer/returns/{return_id}"),
    _seller("goods_sent_back", "goods_sent_back", "goods:ship",
            lazy("采购单位已寄回退货 %(return_number)s，收到后请登记。"), link="/producer/returns/{return_id}"),
    _buyer("goods_returned", "goods_returned", "payments:read",
           lazy("供应商已收到退货 %(return_number)s，这部分不再付款，已付的将退回。"), link="/desk/returns/{return_id}"),
    _buyer("payment_due_soon", "payment_due_soon", "payments:announce",
           lazy("订单 %(number)s 有 %(open)s 元最迟 %(due_on)s 付款。"), link=_PAY),
    _buyer("payment_overdue", "payment_overdue_buyer", "payments:announce",
           lazy("订单 %(number)s 有 %(open)s 元已于 %(due_on)s 到期，请尽快付款。"), link=_PAY),
    _seller("payment_overdue", "payment_overdue_seller", "payments:read",
            lazy("订单 %(number)s 有 %(open)s 元已于 %(due_on)s 到期，采购单位尚未付款。")),
    _buyer("invoice_recorded", "invoice_recorded", "invoices:check", lazy("供应商已登记发票，请核验。"), link="/desk/invoices/{invoice_id}"),
    _seller("invoice_refused", "invoice_refused", "invoices:record", lazy("采购单位退回了发票，请更正后重新登记。"),
            link="/producer/invoices/{invoice_id}"),
    _seller("transfer_announced", "transfer_announced", "payments:record",
            lazy("采购单位已通知付款，计划付款日 %(planned_on)s，到账后请登记。"), needs="by_payee"),
    _seller("transfer_announced", "transfer_announced_elsewhere", "payments:read",
            lazy("采购单位已通知向监管账户付款，计划付款日 %(planned_on)s，到账由平台登记。"), needs="by_operator"),
    _operator("transfer_announced", "transfer_announced_operator", "payments:record",
              lazy("订单 %(number)s 的采购单位已通知向监管账户付款，计划付款日 %(planned_on)s，到账后请登记。"),
              link="/operator/payments/new?order={order_id}"),
    NoticeRule("orders.transfer_claimed", "transfer_claimed", "payments:confirm",
               lazy("有一笔转账（%(amount)s 元，%(paid_on)s）被认领，请核对流水后确认或退回。"),
               SELLERS, "/producer/transfer-claims/{claim_id}", but="by"),
    NoticeRule("orders.transfer_claimed", "transfer_claimed_operator", "payments:confirm",
               lazy("有一笔付到监管账户、用于几个供应商的转账（%(amount)s 元，%(paid_on)s）被认领，请核对流水后确认或退回。"),
               ("operator",), "/operator/transfer-claims/{claim_id}", but="by"),
    NoticeRule("orders.transfer_claim_decided", "transfer_claim_decided_buyer", "payments:announce",
               lazy("认领的转账（%(amount)s 元，%(paid_on)s）已有处理结果，请查看。"),
               BUYERS, "/desk/transfer-claims/{claim_id}", but="by"),
    NoticeRule("orders.transfer_claim_decided", "transfer_claim_decided_seller", "payments:record",
               lazy("认领的转账（%(amount)s 元，%(paid_on)s）已有处理结果，请查看。"),
               SELLERS, "/producer/transfer-claims/{claim_id}", but="by"),
    NoticeRule("orders.exception_opened", "exception_opened", "exceptions:propose",
               lazy("今天有款项与账上不符（如 %(subject)s，%(amount)s 元），请查明处理。"), ("operator",), "/operator/exceptions",
               once_per="opened_on"),
    NoticeRule("orders.exception_opened", "exception_opened_seller", "payments:record",
               lazy("本单位账户有款项与平台账上不符（流水 %(subject)s，%(amount)s 元，%(occurred_on)s），请登记缺少的到账或退款。"),
               SELLERS, "/producer/bank-lines", once_per="exception_id", needs="by_payee"),
    NoticeRule("orders.exceptions_aging", "exceptions_aging", "exceptions:propose",
               lazy("有 %(open)s 笔异常款超过 %(days)s 天没有处理（最久 %(oldest_days)s 天），请尽快查明。"), ("operator",),
               "/operator/exceptions?status=open&age={days}", once_per="on", needs="open"),
    NoticeRule("orders.exceptions_aging", "exceptions_aging_proposed", "exceptions:agree",
               lazy("有 %(proposed)s 笔超过 %(days)s 天的异常款等待复核（最久 %(oldest_days)s 天）。"), ("operator",),
               "/operator/exceptions?status=proposed&age={days}", once_per="on", needs="proposed"),
    _seller("payment_confirmed", "payment_confirmed_seller", "payments:read", lazy("收款 %(amount)s 元已确认。"), link="/producer/payments"),
    _buyer("payment_confirmed", "payment_confirmed_buyer", "payments:announce", lazy("付款 %(amount)s 元已确认到账。"), link="/desk/payments"),
    _seller("order_cancelled", "order_cancelled_seller", "orders:confirm", lazy("订单 %(number)s 已取消：%(why)s")),
    _buyer("order_cancelled", "order_cancelled_buyer", "procurements:create", lazy("订单 %(number)s 已取消：%(why)s")),
    _buyer("order_closed_short", "order_closed_short", "procurements:create", lazy("订单 %(number)s 未发货部分已关闭：%(why)s")),
    _seller("order_closed_short", "order_closed_short_seller", "goods:ship",
            lazy("订单 %(number)s 未发货部分已关闭：%(why)s。其余货物不用再备。")),
    _seller("payment_extended", "payment_extended", "payments:read",
            lazy("订单 %(number)s 的采购单位延期付款，最迟 %(pay_due_on)s 付款。")),
    _seller("payout_paid", "payout_paid", "payouts:read", lazy("货款 %(amount)s 元已付，付款编号 %(number)s。"),
            link="/producer/payouts/{payout_id}"),
    _seller("payout_failed", "payout_failed", "payouts:read", lazy("付款 %(number)s 未付成：%(why)s。款项保留，将重新付款，请核对收款账户。"),
            link="/producer/payouts/{payout_id}"),
    _seller("payout_returned", "payout_returned", "payouts:read",
            lazy("付款 %(number)s（%(amount)s 元）被银行退回：%(why)s。款项保留，请更正收款账户后重新付款。"),
            link="/producer/payouts/{payout_id}"),
    _seller("dispute_held", "dispute_held", "payouts:read",
            lazy("订单 %(number)s 有 %(amount)s 元被付款方向其银行提出争议，已冻结，请准备签收和验收凭证。")),
    _seller("dispute_lost", "dispute_lost", "payouts:read", lazy("订单 %(number)s 的付款争议败诉，%(amount)s 元已退给付款方。")),
    _seller("dispute_won", "dispute_won", "payouts:read", lazy("订单 %(number)s 的付款争议胜诉，%(amount)s 元已解冻。")),
    _buyer("treasury_closing_day_set", "treasury_closing_day_set", "payments:announce",
           lazy("%(place)s财政集中支付 %(last_on)s 截止，请在此前办理国库支付。"), link="/desk/payments"),
    _seller("refund_requested", "refund_requested", "refunds:record", lazy("有一笔退款待处理，请核对后办理。")),
    _operator("refund_requested", "refund_requested_operator", "refunds:record",
              lazy("订单 %(number)s 有一笔退款（%(amount)s 元）待从监管账户退回，请办理。"), link="/operator/refunds/{refund_id}"),
    _operator("refund_transfer_failed", "refund_transfer_failed", "refunds:record",
              lazy("退款 %(number)s（%(amount)s 元，退给%(payer)s）银行未付成：%(why)s。退款重新待办，请核对账户后再生成文件。"),
              link="/operator/refund-transfers/{transfer_id}"),
    _buyer("refund_transfer_failed", "refund_transfer_failed_buyer", "payments:announce",
           lazy("退给%(payer)s的 %(amount)s 元银行未付成：%(why)s。款项保留，将重新退款。"), link="/desk/refunds"),
    _seller("credit_refund_requested", "credit_refund_requested", "refunds:record",
            lazy("采购单位的余额 %(amount)s 元申请退回，请核对后办理。"), link="/producer/credit-refunds/{credit_refund_id}",
            needs="by_payee"),
    _operator("credit_refund_requested", "credit_refund_requested_operator", "refunds:record",
              lazy("采购单位在监管账户的余额 %(amount)s 元申请退回，请核对后办理。"),
              link="/operator/credit-refunds/{credit_refund_id}"),
    _buyer("credit_refund_confirmed", "credit_refund_confirmed", "payments:announce",
           lazy("余额 %(amount)s 元已退回付款人。"), link="/desk/credit-refunds/{credit_refund_id}"),
    _buyer("refund_confirmed", "refund_confirmed", "payments:announce", lazy("订单 %(number)s 的退款 %(amount)s 元已确认退回。")),
)  # fmt: skip
