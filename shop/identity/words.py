"""What permissions are called by people, beside the codes that programs use."""

from __future__ import annotations

from shop.i18n import lazy as _

PERMISSION_WORDS = {
    "accounts:connect": _("开通在线收款账户"),
    "audit:read": _("查看审计记录"),
    "banking:manage": _("登记、确认和停用监管账户,维护财政支付截止日"),
    "basket:edit": _("使用采购篮"),
    "catalogue:edit": _("维护商品与价格"),
    "contracts:sign": _("签署合同"),
    "disputes:answer": _("答复付款争议"),
    "exceptions:agree": _("同意或退回他人对异常款的处理意见"),
    "exceptions:propose": _("提出异常款的处理意见"),
    "exceptions:read": _("查看异常款与对账"),
    "fees:confirm": _("复核平台服务费与结算天数"),
    "fees:edit": _("录入平台服务费与结算天数"),
    "filings:confirm": _("确认线下销售申报"),
    "filings:enter": _("录入线下销售申报"),
    "filings:read": _("查看线下销售申报"),
    "goods:accept": _("验收货物"),
    "goods:ship": _("发货"),
    "invoices:check": _("核对发票"),
    "invoices:record": _("登记发票"),
    "lots:edit": _("维护批次与库存"),
    "lots:recall": _("召回批次"),
    "members:manage": _("管理成员与角色"),
    "orders:cancel": _("取消订单"),
    "orders:confirm": _("确认订单"),
    "orders:inspect": _("查看范围内的订单"),
    "orders:read": _("查看本单位订单"),
    "organisation:manage": _("维护单位资料"),
    "organisations:verify": _("登记、核验与暂停单位"),
    "outbox:manage": _("处理事件投递"),
    "papers:decide": _("核定认定与证书"),
    "papers:review": _("审核认定与证书"),
    "papers:submit": _("提交认定与证书"),
    "payments:announce": _("预告付款"),
    "payments:confirm": _("确认收款"),
    "payments:pay": _("在线支付"),
    "payments:read": _("查看收付款"),
    "payments:record": _("登记收款"),
    "payouts:prepare": _("制作付款批次"),
    "payouts:read": _("查看应付与已付货款"),
    "payouts:release": _("复核放款"),
    "permissions:edit": _("编辑角色权限"),
    "procurements:approve": _("审批采购"),
    "procurements:create": _("编制采购"),
    "procurements:read": _("查看采购"),
    "procurements:submit": _("提交采购"),
    "provider:manage": _("查看在线支付运行情况"),
    "refunds:confirm": _("确认退款"),
    "refunds:record": _("登记退款"),
    "refunds:request": _("申请退款"),
    "taxes:read": _("查看涉税信息报送"),
    "taxes:report": _("标记涉税信息已报送"),
    "tokens:manage": _("管理自己的访问令牌"),
    "totals:read": _("查看统计"),
    "trace:capture": _("上传追溯事件"),
    "trace:read": _("查询追溯事件"),
    "webhooks:manage": _("管理数据推送"),
}


def permission_name(code: str) -> str:
    """Return what a permission is called in the reader's language; its code if it has no name yet."""
    return str(PERMISSION_WORDS.get(code, code))
