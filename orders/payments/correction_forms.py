"""Forms of corrections of confirmed receipts."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.fields import DateField
from wtforms.validators import InputRequired, Length, Optional

from orders.payments.forms import EvidenceForm
from orders.purchase.amounts import YuanField
from shop.forms import Form
from shop.i18n import lazy as _

_WHEN_RIGHT = _("确有其款时填写。")


class CorrectionForm(EvidenceForm):
    """Why a receipt is wrong, and what is right."""

    reason = StringField(_("为什么要更正"), [InputRequired(_("请填写原因。")), Length(max=500)])
    never_came = BooleanField(
        _("没有这笔款，或由银行流水重新匹配：只冲正，不登记新的到账"),
        description=_("勾选后，下面各项不用填。"),
    )
    bank_serial = StringField(_("银行流水号"), [Optional(), Length(max=64)], description=_WHEN_RIGHT)
    payer_name = StringField(_("付款人"), [Optional(), Length(max=200)])
    payer_account = StringField(_("付款账号"), [Optional(), Length(max=64)])
    amount = YuanField(_("到账金额"), [Optional()])
    value_on = DateField(_("起息日"), [Optional()])
    remark = StringField(_("附言"), [Optional(), Length(max=500)])
    allocations = TextAreaField(
        _("分配到订单"),
        [Optional(), Length(max=5000)],
        description=_("每行一个订单：订单号或付款识别码，空格，金额。"),
    )


class AgreeForm(Form):
    """Which version of a correction is agreed to."""

    version = HiddenField(validators=[InputRequired()])
