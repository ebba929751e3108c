"""Forms of payments by card, accounts and disputes."""

from __future__ import annotations

from wtforms import EmailField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from orders.purchase.amounts import YuanField
from shop.forms import Form
from shop.i18n import lazy as _

_NEEDED = InputRequired(_("请填写。"))


class PayForm(Form):
    """How to pay, and how much of what is owed."""

    mode = SelectField(
        _("付款方式"),
        choices=[
            SelectChoice("element", _("在本页付款（银行卡、支付宝、微信）")),
            SelectChoice("checkout", _("到支付机构页面付款")),
            SelectChoice("invoice", _("开具支付机构账单，到期前付款")),
        ],
    )
    amount = YuanField(_("付款金额"), [Optional()], description=_("不填为全部待付金额；部分付款先付较早的订单。"))


class AccountForm(Form):
    """Where the receiving company is registered, and whom the provider writes to."""

    country = StringField(
        _("收款公司注册地代码"), [_NEEDED, Regexp(r"^[A-Za-z]{2}$", message=_("两个字母的国家或地区代码，如 HK。"))],
        description=_("两个字母，如 HK、SG、US。须是支付机构支持的国家或地区。"),
    )  # fmt: skip
    email = EmailField(_("联系邮箱"), [_NEEDED, Regexp(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", message=_("请填写有效的邮箱。"))])


class DisputeEvidenceForm(Form):
    """What speaks for the charge."""

    words = TextAreaField(
        _("证据说明"), [_NEEDED, Length(max=20000)],
        description=_("写明订单、发货和验收情况。提交后直接送达付款人的银行，只能提交一次。"),
    )  # fmt: skip
