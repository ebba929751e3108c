"""Forms of repayments."""

from __future__ import annotations

from wtforms import SelectField, StringField
from wtforms.fields import DateField
from wtforms.validators import InputRequired, Length, Optional

from orders.purchase.amounts import YuanField
from shop.forms import Form
from shop.i18n import lazy as _

_NEEDED = InputRequired(_("请填写。"))


class RepaymentForm(Form):
    """What the bank's slip of a repayment says."""

    producer = SelectField(_("供应商"), [_NEEDED])
    amount = YuanField(_("还款金额"), [_NEEDED])
    bank_serial = StringField(_("银行流水号"), [_NEEDED, Length(max=64)])
    value_on = DateField(_("到账日"), [_NEEDED], description=_("款项到监管账户的日期，不能晚于今天。"))
    payer_name = StringField(_("付款户名"), [Optional(), Length(max=200)])
