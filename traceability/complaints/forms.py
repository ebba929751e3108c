"""Forms of complaints."""

from __future__ import annotations

from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from shop.forms import Form
from shop.i18n import lazy
from traceability.complaints.labels import KINDS

_MOST = 1000


class ComplaintForm(Form):
    """What is wrong, and how to reach who says so."""

    kind = RadioField(
        lazy("哪里有问题"),
        [InputRequired(lazy("请选择哪里有问题。"))],
        choices=[SelectChoice(*each) for each in KINDS.items()],
    )
    words = TextAreaField(
        lazy("具体情况"), [DataRequired(lazy("请写明具体情况。")), Length(max=_MOST)],
        filters=[lambda text: text.strip() if text else text],
        description=lazy("请写明在哪里买的、发现了什么。供应商会看到这段话，请不要写姓名和电话。"),
    )  # fmt: skip
    contact = StringField(
        lazy("联系方式"), [Length(max=100)], filters=[lambda text: text.strip() if text else text],
        description=lazy("手机号或邮箱。只有处理人员能看到，办结 90 天后删除。不留也可以凭编号查看答复。"),
    )  # fmt: skip


class WordsForm(Form):
    """An answer, a reason, or what the producer has to say."""

    words = TextAreaField(
        lazy("说明"), [DataRequired(lazy("请填写说明。")), Length(max=_MOST)],
        filters=[lambda text: text.strip() if text else text],
    )  # fmt: skip
