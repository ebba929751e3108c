"""Forms of the trace's desks."""

from __future__ import annotations

from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from shop.forms import Form
from shop.i18n import lazy


class RecallForm(Form):
    """Why a lot is called back."""

    reason = TextAreaField(lazy("召回原因"), [InputRequired(lazy("请填写召回原因。")), Length(max=500)])


class LiftForm(Form):
    """Why a recall is lifted."""

    reason = TextAreaField(lazy("撤回原因"), [InputRequired(lazy("请填写撤回原因。")), Length(max=500)])
