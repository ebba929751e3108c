"""Forms of the producer desk for products, packs and listings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, ValidationError

from catalog.producers.models import Producer
from catalog.producers.queries import producers_of
from catalog.products.listings import MAX_TIERS, Terms
from catalog.products.models import Category
from catalog.products.offers import Tier
from catalog.products.services import NewProduct, NewSku
from catalog.shopfront.labels import TAXES, UNITS
from shop import money
from shop.auth import Actor
from shop.db import db
from shop.forms import Form
from shop.geo.models import AssistedCounty, Division
from shop.i18n import _, lazy
from shop.identity.models import Organisation
from shop.inputs import QuantityField, at_most, choices, needed, optional
from shop.typed import fold

KINDS = {"farm": lazy("农产品"), "handicraft": lazy("手工艺品"), "service": lazy("服务")}


def own_producers(actor: Actor, on: date) -> list[tuple[str, str]]:
    """Return public id and name of the registered producers for whom the actor may act."""
    rows = db.session.execute(
        select(Organisation.public_id, Organisation.name)
        .join(Producer, Producer.organisation_id == Organisation.id)
        .where(Organisation.id.in_(producers_of(actor, on)))
        .order_by(Organisation.name)
    )
    return [(str(row[0]), row[1]) for row in rows]


def category_choices() -> list[SelectChoice]:
    """Return leaf categories under their groups."""
    rows = db.session.scalars(select(Category).order_by(Category.code)).all()
    groups = {row.code: row.name_zh for row in rows if row.parent_code is None}
    leaves = [row for row in rows if row.parent_code is not None]
    return [SelectChoice("", _("请选择"))] + [
        SelectChoice(row.code, f"{row.name_zh} {row.name_en}", optgroup=groups[row.parent_code or ""]) for row in leaves
    ]


def county_choices(actor: Actor, on: date) -> list[SelectChoice]:
    """Return assisted counties: those of the provinces where the actor's producers are, or all."""
    provinces = db.session.scalars(
        select(AssistedCounty.province_code)
        .join(Producer, Producer.county_code == AssistedCounty.code)
        .where(Producer.organisation_id.in_(producers_of(actor, on)))
        .distinct()
    ).all()
    wanted = (
        select(AssistedCounty.code, AssistedCounty.name, Division.name)
        .join(Division, Division.code == AssistedCounty.province_code)
        .order_by(AssistedCounty.province_code, AssistedCounty.pinyin)
    )
    if provinces:
        wanted = wanted.where(AssistedCounty.province_code.in_(provinces))
    rows = db.session.execute(wanted)
    return [
        SelectChoice("", _("请选择")),
        *(SelectChoice(code, f"{name} {code}", optgroup=top) for code, name, top in rows),
    ]


class ProductForm(Form):
    """A product."""

    producer = SelectField(lazy("供应商"), validators=[needed()])
    name = StringField(lazy("品名"), validators=[needed(), at_most(80)], description=lazy("如：靖远枸杞"))
    name_en = StringField(lazy("英文名"), validators=[optional(), at_most(160)])
    category_code = SelectField(lazy("品类"), validators=[needed()])
    county_code = SelectField(lazy("产地县"), validators=[needed()], description=lazy("提交认定或证书后不能更换。"))
    kind = SelectField(lazy("类型"), validators=[needed()])
    description = TextAreaField(lazy("说明"), validators=[optional(), at_most(4000)])

    def fill(self, actor: Actor, on: date) -> None:
        """Offer what this actor can choose."""
        self.producer.choices = choices(own_producers(actor, on))
        self.category_code.choices, self.county_code.choices = category_choices(), county_choices(actor, on)
        self.kind.choices = choices(KINDS)

    def read(self) -> NewProduct:
        """Return what was typed."""
        return NewProduct(
            category_code=self.category_code.data, county_code=self.county_code.data, name=self.name.data or "",
            name_en=self.name_en.data or "", description=self.description.data or "", kind=self.kind.data,
        )  # fmt: skip


class SkuForm(Form):
    """A pack of a product."""

    pack_spec = StringField(lazy("规格"), validators=[needed(), at_most(60)], description=lazy("如：500 g/袋"))
    unit = SelectField(lazy("计量单位"), validators=[needed()])
    net_weight_g = IntegerField(
        lazy("净重"),
        validators=[optional(), NumberRange(1, 10**9, message=lazy("净重须大于零。"))],
        description=lazy("填写后可按每500克比价。"),
    )
    gtin = StringField(
        lazy("商品条码"), validators=[optional(), at_most(20)], description=lazy("8、12、13或14位数字。")
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.unit.choices = choices(UNITS)

    def read(self) -> NewSku:
        """Return what was typed."""
        return NewSku(
            pack_spec=self.pack_spec.data or "", unit=self.unit.data, net_weight_g=self.net_weight_g.data,
            gtin=self.gtin.data or None,
        )  # fmt: skip


class ListingForm(Form):
    """The terms of an offer; tiers are lines of quantity and price, as they come from a spreadsheet."""

    title = StringField(lazy("标题"), validators=[needed(), at_most(80)])
    tiers = TextAreaField(
        lazy("阶梯价格"),
        validators=[needed()],
        description=lazy(
            "每行一档：起订数量、含税单价（元），用空格或制表符隔开，可从 Excel 复制粘贴。第一档的数量就是起订量。"
        ),
    )
    step_quantity = QuantityField(lazy("递增数量"), validators=[needed()], default=Decimal(1))
    lead_days = IntegerField(
        lazy("备货天数"), validators=[needed(), NumberRange(0, 365, message=lazy("备货天数为0至365天。"))], default=3
    )
    tax_rate = SelectField(lazy("税率"), validators=[needed()])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.tax_rate.choices = choices(TAXES)

    def validate_tiers(self, field: TextAreaField) -> None:
        """Say which row of the tiers cannot be read."""
        try:
            list(read_tiers(field.data or ""))
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def read(self) -> Terms:
        """Return what was typed."""
        return Terms(
            title=self.title.data or "", tiers=tuple(read_tiers(self.tiers.data or "")),
            step_quantity=self.step_quantity.data or Decimal(0), lead_days=self.lead_days.data or 0,
            tax_rate=self.tax_rate.data,
        )  # fmt: skip


def read_tiers(text: str) -> Iterator[Tier]:
    """Read lines of quantity and price; a first line without digits is a head and is left out.

    :raises ValueError: naming the row that cannot be read.
    """
    lines = [line.strip() for line in fold(text).splitlines() if line.strip()]
    if lines and not re.search(r"\d", lines[0]):
        lines = lines[1:]
    if len(lines) > MAX_TIERS:
        raise ValueError(_("最多20档。"))
    for number, line in enumerate(lines, 1):
        parts = [part for part in re.split(r"[\t;]+|\s{1,}|,(?=\s)", line) if part]
        if len(parts) != 2:  # noqa: PLR2004  quantity and price
            raise ValueError(_("第 %(row)s 行须是数量和单价两列。", row=number))
        quantity, price = (part.replace(",", "").removeprefix("¥").removesuffix("元") for part in parts)
        try:
            yield Tier(money.parse_quantity(quantity), money.parse_yuan(price))
        except ValueError as error:
            raise ValueError(_("第 %(row)s 行的数量或单价不是数字（单价最多两位小数）。", row=number)) from error


def show_tiers(tiers: tuple[Tier, ...]) -> str:
    """Return tiers as lines to edit."""
    return "\n".join(f"{tier.min_quantity.normalize():f}\t{money.format_yuan(tier.price_fen)}" for tier in tiers)
