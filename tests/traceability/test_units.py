"""Units of measurement."""

from decimal import Decimal

import pytest

from traceability.repository.units import LINEAR, from_base, to_base


@pytest.mark.parametrize(
    ("value", "uom", "based"),
    [
        ("26.0", "CEL", ("299.15", "KEL")), ("-40", "FAH", ("233.15", "KEL")), ("1.5", "TNE", ("1500", "KGM")),
        ("36", "KMH", ("10", "MTS")), ("1013.25", "MBR", ("101325", "PAL")), ("3", "XX", ("3", "XX")),
    ],
)  # fmt: skip
def test_a_value_is_brought_to_its_base_unit(value, uom, based):
    assert to_base(Decimal(value), uom) == (Decimal(based[0]), based[1])


@pytest.mark.parametrize("uom", [*LINEAR, "FAH", "A48"])
def test_there_and_back_is_the_same(uom):
    assert abs(from_base(to_base(Decimal("12.5"), uom)[0], uom) - Decimal("12.5")) < Decimal("1e-12")
