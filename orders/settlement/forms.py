"""Forms of payouts, holds and rules."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import DateField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from orders.settlement.labels import FORMATS, RULE_KINDS
from shop.forms import Form
from shop.i18n import lazy as _
from shop.inputs import choices

_NEEDED = InputRequired(_("请填写。"))


class ActForm(Form):
    """A button without fields."""


class ReasonForm(Form):
    """Why."""

    reason = StringField(_("原因"), [InputRequired(_("请填写原因。")), Length(max=500)])


class ReturnForm(Form):
    """What the bank says of a payout that came back."""

    returned_on = DateField(_("退汇日"), [_NEEDED], description=_("款项退回监管账户的日期。"))
    bank_serial = StringField(_("退汇流水号"), [_NEEDED, Length(max=64)])
    reason = StringField(_("退汇原因"), [_NEEDED, Length(max=500)], description=_("按银行退汇通知填写，如户名不符。"))


class ConfirmReturnForm(Form):
    """Whether the account is right all the same."""

    same_account = BooleanField(
        _("收款账户无误，可以再付到同一账户"), description=_("不勾选时，供应商更正收款账户后才会再付。")
    )


class FileForm(Form):
    """The form of the bank's file."""

    format = SelectField(_("文件格式"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.format.choices = choices(FORMATS)


class ConfirmForm(Form):
    """What the bank has made, pasted from its list: a serial number for each payout."""

    value_on = DateField(_("付款日"), [_NEEDED], description=_("银行扣款的日期，不能晚于今天。"))
    serials = TextAreaField(
        _("银行流水号"), [_NEEDED, Length(max=60000)],
        description=_("在每个付款编号后填银行流水号，也可从银行回单表格粘贴；没有填流水号的不确认。"),
    )  # fmt: skip


class RuleForm(Form):
    """A fee or a number of days, for all or for one producer."""

    kind = SelectField(_("规则"), choices=choices(RULE_KINDS))
    value = IntegerField(
        _("数值"),
        [_NEEDED, NumberRange(0, 10000)],
        description=_(
            "服务费按万分之几填写（0.6% 填 60）；账期、报警和催办填天数；收款方式填 0（付到供应商账户）或 1（付到监管账户）。"
        ),
    )
    producer = StringField(
        _("适用供应商"),
        [Optional(), Length(max=200)],
        description=_("填供应商全称或统一社会信用代码；不填为全部供应商。"),
    )
    valid_from = DateField(_("生效日"), [_NEEDED], description=_("最早今天；已下单的订单不变。"))
    valid_to = DateField(_("截止日"), [Optional()], description=_("不填为长期有效。"))
    note = StringField(_("说明"), [Optional(), Length(max=500)])
