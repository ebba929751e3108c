"""Short forms for a phone: places, and goods that arrive there, are stored or leave."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TimeField

from catalog.lots.recording.forms import DoneForm, PlacedForm
from catalog.lots.recording.labels import PASSAGES, PLACES, TIERS
from shop.clock import SHANGHAI
from shop.forms import Form
from shop.i18n import _, lazy
from shop.inputs import QuantityField, at_most, choices, needed, optional

_DEGREES = re.compile(r"[-−]?\d{1,3}(\.\d{1,6})?\Z", re.ASCII)


class CoordinateField(StringField):
    """Degrees of latitude or longitude with at most six decimals; ``data`` is a ``Decimal``."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if text and not _DEGREES.match(text):
            raise ValueError(_("请填写度数，最多六位小数。"))
        if text:
            self.data = Decimal(text.replace("−", "-"))

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""


class PlaceForm(Form):
    """A place."""

    kind = SelectField(lazy("类型"), validators=[needed()])
    tier = SelectField(lazy("集货点层级"), validators=[optional()], description=lazy("只有集货点选择。"))
    name = StringField(
        lazy("名称"), validators=[needed(), at_most(60)], description=lazy("如：三号地块、1号羊舍。不要用个人姓名。")
    )
    township = StringField(lazy("乡镇"), validators=[optional(), at_most(60)])
    village = StringField(lazy("村"), validators=[optional(), at_most(60)])
    gln = StringField(
        lazy("GLN"), validators=[optional(), at_most(13)], description=lazy("有 GS1 全球位置码的填写，13位数字。")
    )
    latitude = CoordinateField(
        lazy("纬度"), validators=[optional()], description=lazy("如：36.561234。经度、纬度要一起填写，不公开。")
    )
    longitude = CoordinateField(lazy("经度"), validators=[optional()], description=lazy("如：104.683456"))
    used_since = DateField(
        lazy("开始使用日期"), validators=[optional()], description=lazy("不填则视为一直在用，可以补记以前的事项。")
    )
    is_shared = BooleanField(lazy("本县其他供应商也可使用"))
    is_public = BooleanField(
        lazy("在溯源页上公开名称和乡镇"),
        default=True,
        description=lazy("不公开的，溯源页只写类型和县。村和坐标从不公开。"),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.names["county_code"] = "township"
        self.kind.choices = choices(PLACES)
        self.tier.choices = choices(TIERS, empty=_("不是集货点"))


class PassageForm(PlacedForm, DoneForm):
    """Goods that arrive at a place, are stored there or leave it."""

    kind = RadioField(lazy("事项"), validators=[needed()], default="arrived")
    place = SelectField(lazy("地点"), validators=[needed()])
    quantity = QuantityField(lazy("数量"), validators=[needed()])
    done_at = TimeField(
        lazy("时间"), validators=[optional()], description=lazy("同一天有到达又有离开的，请填写时间，先后才清楚。")
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(PASSAGES)

    def when(self, now: datetime, born: Iterable[datetime] = ()) -> datetime:
        """Return when it was: at the time of that day that was told."""
        if self.done_at.data is None:
            return super().when(now, born)
        return datetime.combine(self.done_on.data, self.done_at.data, tzinfo=SHANGHAI)
