"""Marshmallow fields of the API: money, quantities, instants, days, codes; each knows its JSON schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from marshmallow import ValidationError, fields

from shop import money
from shop.clock import SHANGHAI
from shop.i18n import _, lazy
from shop.money import Measure

T = TypeVar("T")
CURRENCY = "CNY"
#: Years that a day or instant may lie in: enough for every paper, no overflow in any time zone.
_YEARS = "(19|20|21)"
_DAY = re.compile(rf"{_YEARS}\d\d-\d\d-\d\d\Z", re.ASCII)
_INSTANT = re.compile(rf"{_YEARS}\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{{1,9}})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_CREDIT = "0-9A-HJ-NPQRTUWXY"


class _Field(fields.Field[T]):
    """A field that says what is wrong in the caller's language and describes itself to OpenAPI."""

    #: The JSON schema without its ``type``, which ``json_type`` names.
    json_schema: ClassVar[dict[str, Any]] = {}
    json_type: ClassVar[str] = "string"
    json_format: ClassVar[str | None] = None
    wrong: ClassVar[Any] = lazy("格式不对。")

    def refuse(self) -> ValidationError:
        """Return the error that the value has the wrong form."""
        return ValidationError(str(self.wrong))

    def _read(self, value: Any) -> T:
        """Return the value of what came in.

        :raises ValidationError: if it has the wrong form.
        """
        raise NotImplementedError

    def _show(self, value: T, _obj: Any) -> Any:
        """Return what is sent for ``value`` of the object."""
        return str(value)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> T:
        return self._read(value)

    def _serialize(self, value: T | None, attr: str | None, obj: Any, **_kwargs: Any) -> Any:  # noqa: ARG002
        return None if value is None else self._show(value, obj)

    def describe(self) -> dict[str, Any]:
        """Return what OpenAPI is told beyond type and format."""
        return dict(self.json_schema)


class _Pattern(_Field[str]):
    """A string of one form."""

    pattern: ClassVar[re.Pattern[str]]

    def _read(self, value: Any) -> str:
        if not isinstance(value, str) or not self.pattern.match(value):
            raise self.refuse()
        return value


class Money(_Field[int]):
    """Integer fen here, ``{"amount": "12.30", "currency": "CNY"}`` on the wire.

    Refuses floats, exponents, blanks, more than two decimals and other currencies.

    :param min_fen: the least amount taken; 0 unless told, ``None`` for any.
    :param max_fen: the greatest amount taken.
    """

    json_type = "object"
    json_schema: ClassVar[dict[str, Any]] = {
        "properties": {
            "amount": {
                "type": "string",
                "pattern": r"^-?[0-9]{1,13}(\.[0-9]{1,2})?$",
                "description": "Yuan as a decimal string with at most two decimals.",
            },
            "currency": {"type": "string", "enum": [CURRENCY]},
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "examples": [{"amount": "12.30", "currency": CURRENCY}],
    }
    wrong = lazy('金额须写作 {"amount": "12.30", "currency": "CNY"}，至多两位小数。')

    def __init__(self, *, min_fen: int | None = 0, max_fen: int | None = money.MAX_FEN, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min_fen, self.max_fen = min_fen, max_fen

    def _show(self, value: int, _obj: Any) -> dict[str, str]:
        return {"amount": money.format_yuan(value), "currency": CURRENCY}

    def _read(self, value: Any) -> int:
        if not isinstance(value, dict) or value.keys() != {"amount", "currency"} or value["currency"] != CURRENCY:
            raise self.refuse()
        try:
            fen = money.parse_yuan(value["amount"])
        except ValueError as error:
            raise self.refuse() from error
        if self.min_fen is not None and fen < self.min_fen:
            raise ValidationError(_("金额不可少于 %(least)s 元。", least=money.format_yuan(self.min_fen)))
        if self.max_fen is not None and fen > self.max_fen:
            raise ValidationError(_("金额不可超过 %(most)s 元。", most=money.format_yuan(self.max_fen)))
        return fen


class Quantity(_Field[Measure]):
    """``{"value": "12.500", "unit": "kg"}`` on the wire; comes in as a :class:`~shop.money.Measure`.

    The unit may be left out on the way in; ``Measure.in_unit`` refuses another unit than the thing has.
    On the way out the value is a ``Measure``, or a ``Decimal`` whose unit is ``unit`` or the object's
    attribute named by ``unit_from``.

    :param above_zero: refuse zero; true unless told.
    """

    json_type = "object"
    json_schema: ClassVar[dict[str, Any]] = {
        "properties": {
            "value": {
                "type": "string",
                "pattern": r"^-?[0-9]{1,11}(\.[0-9]{1,3})?$",
                "description": "Decimal string with at most three decimals.",
            },
            "unit": {"type": "string", "maxLength": 20},
        },
        "required": ["value"],
        "additionalProperties": False,
        "examples": [{"value": "12.500", "unit": "kg"}],
    }
    wrong = lazy('数量须写作 {"value": "12.500", "unit": "kg"}，至多三位小数。')

    def __init__(self, *, unit: str = "", unit_from: str = "unit", above_zero: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit, self.unit_from, self.above_zero = unit, unit_from, above_zero

    def _show(self, value: Any, obj: Any) -> dict[str, str]:
        if isinstance(value, Measure):
            return {"value": f"{value.value:.3f}", "unit": value.unit}
        found = obj.get(self.unit_from) if isinstance(obj, Mapping) else getattr(obj, self.unit_from, None)
        return {"value": f"{Decimal(value):.3f}", "unit": self.unit or str(found or "")}

    def _read(self, value: Any) -> Measure:
        if not isinstance(value, dict) or not {"value"} <= value.keys() <= {"value", "unit"}:
            raise self.refuse()
        unit = value.get("unit", "")
        if not isinstance(unit, str) or len(unit) > 20:  # noqa: PLR2004  as the schema says
            raise self.refuse()
        try:
            number = money.parse_quantity(value["value"])
        except ValueError as error:
            raise self.refuse() from error
        if self.above_zero and not number:
            raise ValidationError(_("数量须大于零。"))
        return Measure(number, unit)


class Instant(_Field[datetime]):
    """An aware instant; RFC 3339 on the wire, sent in +08:00."""

    json_format = "date-time"
    json_schema: ClassVar[dict[str, Any]] = {"pattern": f"^{_YEARS}", "examples": ["2026-07-15T12:00:00+08:00"]}
    wrong = lazy("时刻须写作 2026-07-15T12:00:00+08:00，要有时区。")

    def _show(self, value: datetime, _obj: Any) -> str:
        return value.astimezone(SHANGHAI).isoformat()

    def _read(self, value: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.match(value):
            raise self.refuse()
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except ValueError as error:
            raise self.refuse() from error


class Day(_Field[date]):
    """A business day in Shanghai: ``2026-07-15``."""

    json_format = "date"
    json_schema: ClassVar[dict[str, Any]] = {"pattern": f"^{_YEARS}", "examples": ["2026-07-15"]}
    wrong = lazy("日期须写作 2026-07-15。")

    def _show(self, value: date, _obj: Any) -> str:
        return value.isoformat()

    def _read(self, value: Any) -> date:
        if not isinstance(value, str) or not _DAY.match(value):
            raise self.refuse()
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise self.refuse() from error


class DivisionCode(_Pattern):
    """A division's six digits (GB/T 2260)."""

    pattern = re.compile(r"[1-9]\d{5}\Z", re.ASCII)
    json_schema: ClassVar[dict[str, Any]] = {"pattern": "^[1-9][0-9]{5}$", "examples": ["620421"]}
    wrong = lazy("行政区划代码是六位数字。")


class CreditCode(_Pattern):
    """A unified social credit code (GB 32100-2015) of 18 characters.

    :param check: says whether the check character is right; its owner passes it in.
    """

    pattern = re.compile(rf"[{_CREDIT}]{{2}}\d{{6}}[{_CREDIT}]{{10}}\Z", re.ASCII)
    json_schema: ClassVar[dict[str, Any]] = {
        "pattern": rf"^[{_CREDIT}]{{2}}[0-9]{{6}}[{_CREDIT}]{{10}}$",
        "examples": ["91350100M000100Y43"],
    }
    wrong = lazy("统一社会信用代码不正确。")

    def __init__(self, *, check: Callable[[str], bool] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check

    def _read(self, value: Any) -> str:
        code = super()._read(value)
        if self.check is not None and not self.check(code):
            raise self.refuse()
        return code


class PublicId(_Field[UUID]):
    """A thing's public identifier, a UUID in its usual form."""

    json_format = "uuid"
    json_schema: ClassVar[dict[str, Any]] = {"examples": ["019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f"]}
    wrong = lazy("标识须是 UUID。")

    def _show(self, value: UUID, _obj: Any) -> str:
        if isinstance(value, int):
            message = "A key of the database is never shown; the field needs attribute='public_id'."
            raise TypeError(message)
        return str(value)

    _form = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")

    def _read(self, value: Any) -> UUID:
        if not isinstance(value, str) or not self._form.match(value):
            raise self.refuse()
        return UUID(value)


class Phone(_Field[str]):
    """A phone number in E.164; a mainland mobile number may come without +86."""

    json_schema: ClassVar[dict[str, Any]] = {
        "pattern": r"^(1[3-9][0-9]{9}|\+[1-9][0-9]{7,14})$",
        "examples": ["+8613800138000"],
    }
    wrong = lazy("手机号不正确。")
    _form = re.compile(r"(1[3-9]\d{9}|\+[1-9]\d{7,14})\Z", re.ASCII)

    def _read(self, value: Any) -> str:
        if not isinstance(value, str) or not self._form.match(value):
            raise self.refuse()
        return value if value.startswith("+") else f"+86{value}"


#: What the API tells OpenAPI about, with each one's type and format.
OWN = (Money, Quantity, Instant, Day, DivisionCode, CreditCode, PublicId, Phone)


def describe_field(_converter: Any, field: fields.Field[Any], *, ret: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    r"""Return the further JSON schema of a field; apispec calls it for every one.

    Patterns are written for Python; JSON Schema's dialect knows neither ``\A`` nor ``\Z``.
    """
    found = {}
    if isinstance(field, _Field):
        found = {name: value for name, value in field.describe().items() if name not in field.metadata}
    elif "pattern" in ret:
        pattern = ret["pattern"].replace(r"\Z", "$").replace(r"\A", "^")
        # Python's validators match from the start; a JSON Schema pattern may match anywhere.
        found["pattern"] = pattern if pattern.startswith("^") else f"^(?:{pattern})"
    return found
