"""Forms of the trace's desks."""

from __future__ import annotations

from wtforms import DateField, DecimalField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from catalog.lots.recall_terms import LEVELS, Terms
from catalog.lots.recording.place_forms import PassageForm
from shop.forms import Form
from shop.i18n import lazy
from shop.inputs import choices

#: What the levels mean, where one is chosen.
LEVEL_CHOICES = {
    "one": lazy("一级：已经或可能导致严重健康损害甚至死亡，24 小时内启动"),
    "two": lazy("二级：已经或可能导致一般健康损害，48 小时内启动"),
    "three": lazy("三级：标签、标识有虚假标注，72 小时内启动"),
}
_DAYS = {"one": LEVELS["one"].days, "two": LEVELS["two"].days, "three": LEVELS["three"].days}


class TermsForm(Form):
    """How grave a recall is and by when its goods must be back."""

    level = SelectField(lazy("召回级别"), [InputRequired(lazy("请选择召回级别。"))])
    due_on = DateField(
        lazy("召回完成期限"), [Optional()],
        description=lazy("不填时：一级 %(one)s 天、二级 %(two)s 天、三级 %(three)s 天。", **_DAYS),
    )  # fmt: skip

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.level.choices = [("", lazy("请选择")), *choices(LEVEL_CHOICES)]

    def terms(self) -> Terms:
        """Return what was chosen."""
        return Terms(self.level.data or "", due_on=self.due_on.data)


class RecallForm(TermsForm):
    """Why a lot is called back, and how grave that is."""

    reason = TextAreaField(lazy("召回原因"), [InputRequired(lazy("请填写召回原因。")), Length(max=500)])


class LiftForm(Form):
    """Why a recall is lifted."""

    reason = TextAreaField(lazy("撤回原因"), [InputRequired(lazy("请填写撤回原因。")), Length(max=500)])


class PassingForm(PassageForm):
    """Goods of others that pass at a place of one's own, with what was measured there."""

    celsius = DecimalField(
        lazy("温度"), [Optional(), NumberRange(-90, 90, lazy("请填写 -90 至 90 之间的温度。"))], places=None,
        description=lazy("冷链货物填写到达或离开时测得的温度。"),
    )  # fmt: skip
