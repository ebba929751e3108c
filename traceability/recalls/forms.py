"""Forms of recalls."""

from __future__ import annotations

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from shop.forms import Form
from shop.i18n import lazy
from traceability.journey.forms import TermsForm


class LiftForm(Form):
    """Why a recall is lifted."""

    reason = TextAreaField(lazy("撤回原因"), [InputRequired(lazy("请填写撤回原因。")), Length(max=500)])


class ReplyForm(Form):
    """What became of the goods; the quantities of each consignment are fields of their own."""

    note = StringField(lazy("备注"), [Optional(), Length(max=500)])


class ChangeTermsForm(TermsForm):
    """Level and deadline, and of which version they were read."""

    version = HiddenField()
