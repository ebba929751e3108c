"""Forms of returns; quantities of items are fields that the pages draw."""

from __future__ import annotations

from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from shop.forms import Form
from shop.i18n import lazy as _


class OpenForm(Form):
    """Why goods go back."""

    reason = TextAreaField(
        _("退货原因"), [InputRequired(_("请填写退货原因。")), Length(max=500)],
        description=_("如：开箱后发现内部霉变；批次被召回；双方商定退回。"),
    )  # fmt: skip


class SendForm(Form):
    """By whom the goods travel."""

    carrier = StringField(_("承运单位"), [Optional(), Length(max=100)])
    tracking_ref = StringField(_("运单号"), [Optional(), Length(max=100)])


class ReceiveForm(Form):
    """What the producer says of what came."""

    note = StringField(_("收货情况"), [Optional(), Length(max=500)])


class RefuseForm(Form):
    """Why goods stay where they are."""

    reason = StringField(_("原因"), [InputRequired(_("请填写原因。")), Length(max=500)])
