"""Forms of the producer desk for lots."""

from __future__ import annotations

from wtforms import DateField, SelectField, StringField, TextAreaField

from shop.forms import Form
from shop.i18n import lazy
from shop.inputs import QuantityField, at_most, choices, needed, optional

DIRECTIONS = {"down": lazy("减少"), "up": lazy("增加")}


class LotForm(Form):
    """A new batch."""

    code = StringField(
        lazy("批号"), validators=[needed(), at_most(40)], description=lazy("与包装上的批号一致，如：20260701-A")
    )
    quantity = QuantityField(lazy("数量"), validators=[needed()])
    produced_on = DateField(lazy("生产（采收）日期"), validators=[needed()])
    expires_on = DateField(
        lazy("到期日期"), validators=[optional()], description=lazy("到期当日仍可发货，次日起不再计入库存。")
    )
    origin_note = TextAreaField(
        lazy("产地说明"), validators=[optional(), at_most(500)], description=lazy("如：乡镇、基地、地块")
    )


class AdjustForm(Form):
    """A correction after a count."""

    direction = SelectField(lazy("增减"), validators=[needed()])
    quantity = QuantityField(lazy("数量"), validators=[needed()])
    reason = StringField(lazy("原因"), validators=[needed(), at_most(200)], description=lazy("如：盘点短少、抽检取样"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.direction.choices = choices(DIRECTIONS)


class WriteOffForm(Form):
    """Why a lot is destroyed."""

    why = StringField(lazy("报废原因"), validators=[needed(), at_most(200)])
