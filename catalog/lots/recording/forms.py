"""Short forms for a phone: harvest, processing, packing, places, tests, temperatures, certificates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from uuid import UUID

from flask_wtf.file import FileField
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from catalog.lots.batches.models import Place
from catalog.lots.batches.queries import BatchView
from catalog.lots.recording.labels import BASES, BIRTHS, MEAT_PAPERS, REPORTS, SUPPLIERS
from catalog.lots.records.reports import Item
from catalog.products.reads import ProductView
from shop.clock import SHANGHAI, business_day
from shop.forms import Form
from shop.i18n import _, lazy, mark
from shop.inputs import QuantityField, at_most, choices, needed, optional
from shop.typed import fold


class DoneForm(Form):
    """Something that was done on a day."""

    done_on = DateField(lazy("日期"), validators=[needed()])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.names["occurred_at"] = "done_on"

    def when(self, now: datetime, born: Iterable[datetime] = ()) -> datetime:
        """Return when it was done: now if it was today, else noon of that day.

        :param born: when what was used came into being; later on that day, it was used then.
        """
        day: date = self.done_on.data
        if day == business_day(now):
            return now
        return max(
            [datetime.combine(day, time(12), tzinfo=SHANGHAI), *(each for each in born if business_day(each) == day)]
        )


class PlacedForm(Form):
    """Something that was done at a place, if it is told."""

    place = SelectField(lazy("地点"), validators=[optional()])

    def offer_places(self, places: Sequence[Place]) -> None:
        """Offer what this actor can choose."""
        self.place.choices = place_choices(places, _("不填"))

    def where(self) -> UUID | None:
        """Return the place that was chosen."""
        return UUID(self.place.data) if self.place.data else None


class HarvestForm(DoneForm):
    """A batch from the field, the stable or a purchase."""

    kind = RadioField(lazy("来源"), validators=[needed()], default="harvest")
    product = SelectField(lazy("产品"), validators=[needed()])
    quantity = QuantityField(lazy("重量"), validators=[needed()])
    place = SelectField(lazy("地点"), validators=[needed()])
    variety = StringField(lazy("品种"), validators=[optional(), at_most(60)], description=lazy("如：宁杞7号"))
    heads = IntegerField(
        lazy("头数"),
        validators=[optional(), NumberRange(1, 10**6, message=lazy("头数须大于零。"))],
        description=lazy("屠宰时填写。"),
    )
    code = StringField(lazy("批号"), validators=[optional(), at_most(40)], description=lazy("不填则自动编号。"))
    note = StringField(
        lazy("备注"), validators=[optional(), at_most(200)], description=lazy("不要填写个人姓名、电话。")
    )

    def fill(self, products: Sequence[ProductView], places: Sequence[Place]) -> None:
        """Offer what this actor can choose."""
        self.kind.choices = choices(BIRTHS)
        self.product.choices = product_choices(products)
        self.place.choices = place_choices(places, _("请选择"))


class PackForm(PlacedForm, DoneForm):
    """Packs made out of a batch."""

    sku = SelectField(lazy("规格"), validators=[needed()])
    quantity = QuantityField(lazy("包装数量"), validators=[needed()], description=lazy("按规格的计量单位；整数。"))
    loss = QuantityField(lazy("包装损耗"), validators=[optional()])
    code = StringField(lazy("包装批号"), validators=[needed(), at_most(40)], description=lazy("与包装上印的一致。"))
    expires_on = DateField(lazy("到期日期"), validators=[optional()])
    net_weight_g = IntegerField(
        lazy("每件净重"), validators=[optional(), NumberRange(1, 10**6, message=lazy("净重须大于零。"))],
        description=lazy("规格没有净重时填写，以后不能改。"),
    )  # fmt: skip


class DiscardForm(PlacedForm):
    """What was lost of a batch."""

    quantity = QuantityField(lazy("重量"), validators=[needed()])
    reason = StringField(lazy("原因"), validators=[needed(), at_most(200)], description=lazy("如：霉变、失水、抽样"))


class FileForm(Form):
    """A form with a file that is stored by itself, so that it need not be sent twice."""

    file = FileField(lazy("文件"))
    evidence = HiddenField()

    def validate_file(self, _field: FileField) -> None:
        """Ask for the file unless it is there.

        :raises ValidationError: without one.
        """
        try:
            UUID(self.evidence.data or "")
        except ValueError as error:
            raise ValidationError(_("请上传文件。")) from error


class ReportForm(FileForm):
    """A test report; its lines come as text, one a line."""

    kind = SelectField(lazy("检测类型"), validators=[needed()])
    laboratory = StringField(lazy("检测机构"), validators=[needed(), at_most(120)])
    number = StringField(lazy("报告编号"), validators=[needed(), at_most(120)])
    tested_on = DateField(lazy("检测日期"), validators=[needed()])
    expires_on = DateField(lazy("有效期至"), validators=[optional()])
    items = TextAreaField(
        lazy("检测项目"), validators=[needed()],
        description=lazy("每行一项：项目、限量、结果、合格或不合格，用逗号或制表符隔开，可从 Excel 复制。如：毒死蜱，≤0.02，未检出，合格"),
    )  # fmt: skip

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(REPORTS)

    def validate_items(self, field: TextAreaField) -> None:
        """Say which line cannot be read.

        :raises ValidationError: naming it.
        """
        try:
            read_items(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error


class MeatPaperForm(FileForm):
    """A quarantine or meat inspection certificate."""

    kind = SelectField(lazy("证明"), validators=[needed()])
    number = StringField(lazy("编号"), validators=[needed(), at_most(120)])
    issuer = StringField(lazy("出具单位"), validators=[needed(), at_most(120)])
    issued_on = DateField(lazy("出具日期"), validators=[needed()])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(MEAT_PAPERS)


class SupplierForm(FileForm):
    """From whom a batch was bought, and the paper that came with it."""

    kind = RadioField(lazy("来源"), validators=[needed()], default="organisation")
    name = StringField(
        lazy("单位名称"),
        validators=[optional(), at_most(60)],
        description=lazy("企业、合作社、家庭农场必填；农户不填，不登记姓名和证件号。"),
    )
    credit_code = StringField(lazy("统一社会信用代码"), validators=[optional(), at_most(40)])
    division_code = StringField(
        lazy("所在地行政区划代码"), validators=[needed(), at_most(6)], description=lazy("六位县级代码，默认本县。")
    )
    township = StringField(lazy("乡镇"), validators=[optional(), at_most(60)])
    village = StringField(lazy("村"), validators=[optional(), at_most(60)], description=lazy("农户必填。"))
    document_number = StringField(
        lazy("随货证明编号"), validators=[needed(), at_most(120)],
        description=lazy("对方的承诺达标合格证编号；农户没有的，填收购凭证编号。"),
    )  # fmt: skip

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(SUPPLIERS)


class TemperatureForm(FileForm):
    """A logger's export."""


class CommitmentForm(Form):
    """On what the promise rests, and whom to call."""

    bases = SelectMultipleField(lazy("承诺依据"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    contact = StringField(
        lazy("联系电话"), validators=[needed(), at_most(20)], description=lazy("印在合格证上，任何人可以看到。")
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.bases.choices = choices(BASES)


def product_choices(products: Sequence[ProductView]) -> list[SelectChoice]:
    """Return farm products to choose from."""
    named = [
        (str(view.product.public_id), f"{view.product.name}{mark('(')}{view.county_name}{mark(')')}")
        for view in products
        if view.product.archived_at is None
    ]
    return choices(named, empty=_("请选择")) if len(named) != 1 else choices(named)


def place_choices(places: Sequence[Place], empty: str) -> list[SelectChoice]:
    """Return places to choose from."""
    named = [
        (str(one.public_id), " ".join(part for part in (one.township, one.village, one.name) if part)) for one in places
    ]
    return choices(named, empty=empty)


def batch_choices(batches: Sequence[BatchView]) -> list[SelectChoice]:
    """Return batches to choose from, with what is left of each."""
    named = [
        (
            str(view.batch.public_id),
            _("%(product)s %(code)s（余 %(left)s 公斤）", product=view.product_name, code=view.batch.code, left=f"{view.on_hand_kg.normalize():f}"),
        )
        for view in batches
    ]  # fmt: skip
    return choices(named, empty=_("请选择"))


def read_items(text: str) -> list[Item]:
    """Read the lines of a report.

    :raises ValueError: naming the line that cannot be read.
    """
    found = []
    for number, line in enumerate((line for line in fold(text).splitlines() if line.strip()), 1):
        parts = [part.strip() for part in re.split(r"[\t,;]", line)]
        if len(parts) == 1:
            parts = line.split()
        verdict = parts[-1].rstrip("。")
        if len(parts) != 4 or verdict not in ("合格", "不合格") or not parts[0] or not parts[2]:  # noqa: PLR2004  columns
            raise ValueError(_("第 %(row)s 行须是：项目、限量、结果、合格或不合格。", row=number))
        found.append(Item(parts[0], parts[1], parts[2], has_passed=verdict == "合格"))
    return found
