"""Fields of forms for people: quantities, money, days, choices, with messages in the page's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from wtforms import StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from shop import money
from shop.i18n import _, lazy
from shop.typed import digits


class QuantityField(StringField):
    """A quantity with at most three decimals; ``data`` is a ``Decimal``."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; blanks and thousands separators are taken out."""
        text = _plain(valuelist)
        if not text:
            self.data = None
            return
        try:
            self.data = money.parse_quantity(text)
        except ValueError as error:
            self.data = None
            raise ValueError(_("请填写数字，最多三位小数。")) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data.normalize():f}" if isinstance(self.data, Decimal) else ""


class YuanField(StringField):
    """An amount of yuan with at most two decimals; ``data`` is integer fen."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; blanks and thousands separators are taken out."""
        text = _plain(valuelist)
        if not text:
            self.data = None
            return
        try:
            self.data = money.parse_yuan(text)
        except ValueError as error:
            self.data = None
            raise ValueError(_("请填写金额，最多两位小数。")) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return money.format_yuan(self.data) if isinstance(self.data, int) else ""


def _plain(valuelist: list[str]) -> str:
    return digits(valuelist[0]) if valuelist else ""


def needed() -> InputRequired:
    """Return the validator that something must be given."""
    return InputRequired(message=lazy("必填。"))


def optional() -> Optional:
    """Return the validator that nothing may be given."""
    return Optional()


def at_most(length: int) -> Length:
    """Return the validator that a text is no longer than ``length`` characters."""
    return Length(max=length, message=lazy("文字太长。"))


def choices(options: Mapping[str, Any] | Iterable[tuple[str, Any]], *, empty: Any = None) -> list[SelectChoice]:
    """Return the choices of a select field from codes and words; ``empty`` words the choice of nothing."""
    pairs = options.items() if isinstance(options, Mapping) else options
    first = [] if empty is None else [SelectChoice("", str(empty))]
    return [*first, *(SelectChoice(code, str(word)) for code, word in pairs)]
