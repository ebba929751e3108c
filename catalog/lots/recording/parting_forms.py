"""Short forms for a phone: a batch split, batches mixed, packs opened, and the temperatures in which a pack is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from wtforms import Field, SelectField, StringField

from catalog.lots.batches.models import Place
from catalog.lots.batches.queries import BatchView
from catalog.lots.recording.forms import DoneForm, PlacedForm, batch_choices, product_choices
from catalog.products.reads import ProductView
from shop.forms import Form
from shop.i18n import _, lazy
from shop.inputs import QuantityField, at_most, needed, optional
from shop.layout import plain_quantity

_HUNDRED = Decimal(100)
#: Parts on the page at first, and in all.
SHOWN, MOST = 3, 20
_TAKEN = "taken-"
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_DEGREES = re.compile(r"[-−]?\d{1,3}(\.\d{1,2})?\Z", re.ASCII)


class SplitForm(PlacedForm, DoneForm):
    """Parts taken off a batch, each with its kilograms and, if wanted, its code; rows left empty are no parts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place, row in enumerate(self._filled()):
            self.names |= {f"parts/{place}/quantity": f"quantity_{row}", f"parts/{place}/code": f"code_{row}"}
        self.names["parts"] = f"quantity_{next(iter(self._filled()), 0)}"

    def rows(self) -> list[tuple[Field, Field]]:
        """Return the fields of each part: kilograms and code."""
        return [(self[f"quantity_{row}"], self[f"code_{row}"]) for row in range(MOST)]

    def parts(self) -> list[tuple[str, Decimal]]:
        """Return the parts as the service takes them."""
        return [(self[f"code_{row}"].data or "", self[f"quantity_{row}"].data or Decimal(0)) for row in self._filled()]

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate the fields; at least one part, and no code without kilograms."""
        valid = super().validate(extra_validators)
        wrong = [kg for kg, code in self.rows() if code.data and not _is_typed(kg)]
        if not wrong and not self._filled():
            wrong = [self["quantity_0"]]
        for kg in wrong:
            kg.errors = [_("请填写重量。")]
        return valid and not wrong

    def _filled(self) -> list[int]:
        return [row for row, (kg, _code) in enumerate(self.rows()) if _is_typed(kg)]


def _is_typed(field: Field) -> bool:
    return bool(field.raw_data and field.raw_data[0].strip())


for _row in range(MOST):
    _kilograms = QuantityField(lazy("重量"), validators=[optional()])
    _code = StringField(lazy("新批号"), validators=[optional(), at_most(40)], description=lazy("不填则自动编号。"))
    setattr(SplitForm, f"quantity_{_row}", _kilograms)
    setattr(SplitForm, f"code_{_row}", _code)


class MixForm(PlacedForm, DoneForm):
    """Kilograms taken of batches of one product; made by :func:`mix_form`, which adds a field a batch."""

    code = StringField(lazy("新批号"), validators=[optional(), at_most(40)], description=lazy("不填则自动编号。"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names |= {f"inputs/{place}/quantity": _TAKEN + str(key) for place, key in enumerate(self.inputs())}
        self.names["inputs"] = next(field.name for field in self.batches())

    def batches(self) -> list[Field]:
        """Return the fields of the batches."""
        return [field for field in self if field.name.startswith(_TAKEN)]

    def inputs(self) -> dict[UUID, Decimal]:
        """Return how many kilograms of which batch, as the service takes them."""
        return {UUID(field.name.removeprefix(_TAKEN)): field.data for field in self.batches() if field.data is not None}


def mix_form(batches: Sequence[BatchView]) -> MixForm:
    """Return the form with a field for each batch, which says what is left of it."""
    return cast("MixForm", type("MixOfTheseForm", (MixForm,), _fields_of(batches))())


def _fields_of(batches: Sequence[BatchView], *, is_named: bool = False) -> dict[str, QuantityField]:
    return {
        f"{_TAKEN}{view.batch.public_id}": QuantityField(
            f"{view.product_name} {view.batch.code}" if is_named else view.batch.code, validators=[optional()],
            description=_("余 %(left)s 公斤", left=plain_quantity(view.on_hand_kg)),
        )
        for view in batches
    }  # fmt: skip


def asked_of(values: Mapping[str, str]) -> list[UUID]:
    """Return the batches of which something was asked, whatever the page offered."""
    names = (name.removeprefix(_TAKEN) for name, text in values.items() if name.startswith(_TAKEN) and text.strip())
    return [UUID(name) for name in names if _KEY.match(name)]


class ProcessForm(PlacedForm, DoneForm):
    """Batches that become a batch of a product; made by :func:`process_form`, which adds a field for each other batch."""

    batch = SelectField(lazy("投料批次"), validators=[needed()])
    taken = QuantityField(lazy("投料重量"), validators=[needed()])
    product = SelectField(lazy("产出产品"), validators=[needed()])
    quantity = QuantityField(lazy("产出重量"), validators=[needed()])
    yield_percent = QuantityField(
        lazy("申报出成率"),
        validators=[needed()],
        description=lazy("每100公斤投料最多产出多少公斤。超过的不能登记，差额记为损耗。"),
    )
    method = StringField(
        lazy("加工方式"), validators=[optional(), at_most(60)], description=lazy("如：烘干、脱壳、分级")
    )
    added = StringField(
        lazy("辅料"), validators=[optional(), at_most(60)], description=lazy("如：水、食盐；没有的不填。")
    )
    added_kg = QuantityField(lazy("辅料重量"), validators=[optional()])
    code = StringField(lazy("新批号"), validators=[optional(), at_most(40)], description=lazy("不填则自动编号。"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.names |= {"inputs": "batch", "inputs/0/quantity": "taken", "yield_bound": "yield_percent"}
        self.names |= {f"inputs/{n}/quantity": field.name for n, field in enumerate(self._others_taken(), 1)}

    def others(self) -> list[Field]:
        """Return the fields of the other batches."""
        return [field for field in self if field.name.startswith(_TAKEN)]

    def inputs(self) -> dict[UUID, Decimal]:
        """Return how many kilograms of which batch, as the service takes them."""
        others = {UUID(field.name.removeprefix(_TAKEN)): field.data for field in self._others_taken()}
        return {UUID(self.batch.data): self.taken.data or Decimal(0), **others}

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate the fields; no batch stands there twice."""
        valid = super().validate(extra_validators)
        twice = [field for field in self._others_taken() if field.name == f"{_TAKEN}{self.batch.data}"]
        for field in twice:
            field.errors = [_("同一批次填写了两次。")]
        return valid and not twice

    def _others_taken(self) -> list[Field]:
        return [field for field in self.others() if field.data is not None]

    def fill(self, batches: Sequence[BatchView], products: Sequence[ProductView], places: Sequence[Place]) -> None:
        """Offer what this actor can choose."""
        self.batch.choices = batch_choices(batches)
        self.product.choices = product_choices(products)
        self.offer_places(places)

    def bound(self) -> Decimal:
        """Return the declared yield as a part of one."""
        return (self.yield_percent.data or Decimal(0)) / _HUNDRED


def process_form(batches: Sequence[BatchView]) -> ProcessForm:
    """Return the form with a field for each batch that may go in beside the first."""
    return cast("ProcessForm", type("ProcessOfTheseForm", (ProcessForm,), _fields_of(batches, is_named=True))())


class UnpackForm(PlacedForm, DoneForm):
    """Packs of a lot that are opened."""

    quantity = QuantityField(lazy("拆开数量"), validators=[needed()])
    loss = QuantityField(lazy("拆包损耗"), validators=[optional()])
    code = StringField(lazy("新批号"), validators=[optional(), at_most(40)], description=lazy("不填则自动编号。"))


class DegreesField(StringField):
    """Degrees Celsius with at most two decimals, below zero too; ``data`` is a ``Decimal``."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if text and not _DEGREES.match(text):
            raise ValueError(_("请填写温度，最多两位小数。"))
        if text:
            self.data = Decimal(text.replace("−", "-"))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return plain_quantity(self.data) if isinstance(self.data, Decimal) else ""


class RangeForm(Form):
    """In which temperatures a pack is kept; left empty: as its category."""

    low_c = DegreesField(lazy("最低温度"), validators=[optional()])
    high_c = DegreesField(lazy("最高温度"), validators=[optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate the fields; both or neither."""
        valid = super().validate(extra_validators)
        if valid and (self.low_c.data is None) != (self.high_c.data is None):
            empty = self.low_c if self.low_c.data is None else self.high_c
            empty.errors = [_("最低、最高温度要一起填写。")]
            return False
        return valid
