"""Units of measurement (UN/CEFACT Recommendation 20) in terms of one base unit for each kind of quantity."""

from __future__ import annotations

from decimal import Context, Decimal
from types import MappingProxyType

#: Code -> base unit, factor, offset: base = value * factor + offset.
_LINEAR = {
    "KEL": ("KEL", "1", "0"), "CEL": ("KEL", "1", "273.15"),
    "KGM": ("KGM", "1", "0"), "GRM": ("KGM", "0.001", "0"), "MGM": ("KGM", "0.000001", "0"),
    "TNE": ("KGM", "1000", "0"), "LBR": ("KGM", "0.45359237", "0"), "ONZ": ("KGM", "0.028349523125", "0"),
    "DTN": ("KGM", "100", "0"), "MC": ("KGM", "0.000000001", "0"),
    "MTR": ("MTR", "1", "0"), "CMT": ("MTR", "0.01", "0"), "MMT": ("MTR", "0.001", "0"), "KMT": ("MTR", "1000", "0"),
    "DMT": ("MTR", "0.1", "0"), "4H": ("MTR", "0.000001", "0"), "C45": ("MTR", "0.000000001", "0"),
    "INH": ("MTR", "0.0254", "0"), "FOT": ("MTR", "0.3048", "0"), "YRD": ("MTR", "0.9144", "0"),
    "SMI": ("MTR", "1609.344", "0"), "NMI": ("MTR", "1852", "0"),
    "MTK": ("MTK", "1", "0"), "CMK": ("MTK", "0.0001", "0"), "MMK": ("MTK", "0.000001", "0"),
    "KMK": ("MTK", "1000000", "0"), "HAR": ("MTK", "10000", "0"), "FTK": ("MTK", "0.09290304", "0"),
    "MTQ": ("MTQ", "1", "0"), "LTR": ("MTQ", "0.001", "0"), "DLT": ("MTQ", "0.0001", "0"),
    "CLT": ("MTQ", "0.00001", "0"), "MLT": ("MTQ", "0.000001", "0"), "CMQ": ("MTQ", "0.000001", "0"),
    "HLT": ("MTQ", "0.1", "0"), "GLL": ("MTQ", "0.003785411784", "0"), "GLI": ("MTQ", "0.00454609", "0"),
    "PAL": ("PAL", "1", "0"), "A97": ("PAL", "100", "0"), "KPA": ("PAL", "1000", "0"), "MPA": ("PAL", "1000000", "0"),
    "BAR": ("PAL", "100000", "0"), "MBR": ("PAL", "100", "0"), "ATM": ("PAL", "101325", "0"),
    "SEC": ("SEC", "1", "0"), "C26": ("SEC", "0.001", "0"), "MIN": ("SEC", "60", "0"), "HUR": ("SEC", "3600", "0"),
    "DAY": ("SEC", "86400", "0"), "WEE": ("SEC", "604800", "0"),
    "MTS": ("MTS", "1", "0"), "MSK": ("MSK", "1", "0"), "K40": ("MSK", "9.80665", "0"),
    "AMP": ("AMP", "1", "0"), "4K": ("AMP", "0.001", "0"), "VLT": ("VLT", "1", "0"), "2Z": ("VLT", "0.001", "0"),
    "OHM": ("OHM", "1", "0"), "WTT": ("WTT", "1", "0"), "KWT": ("WTT", "1000", "0"),
    "JOU": ("JOU", "1", "0"), "KJO": ("JOU", "1000", "0"), "KWH": ("JOU", "3600000", "0"),
    "NEW": ("NEW", "1", "0"), "HTZ": ("HTZ", "1", "0"), "KHZ": ("HTZ", "1000", "0"), "MHZ": ("HTZ", "1000000", "0"),
    "LUX": ("LUX", "1", "0"), "CDL": ("CDL", "1", "0"), "LUM": ("LUM", "1", "0"),
    "D33": ("D33", "1", "0"), "C29": ("D33", "0.001", "0"), "NX": ("P1", "0.1", "0"),
    "P1": ("P1", "1", "0"), "59": ("P1", "0.0001", "0"), "61": ("P1", "0.0000001", "0"),
    "BQL": ("BQL", "1", "0"), "2Q": ("BQL", "1000", "0"), "C34": ("C34", "1", "0"), "C18": ("C34", "0.001", "0"),
    "DD": ("DD", "1", "0"), "C81": ("DD", "57.295779513082320877", "0"),
    "KMQ": ("KMQ", "1", "0"), "GL": ("KMQ", "1", "0"), "M1": ("KMQ", "0.001", "0"), "GP": ("KMQ", "0.000001", "0"),
    "A93": ("KMQ", "0.001", "0"), "KMH": ("MTS", "0.27777777777777777777777777777777777778", "0"),
    "HM": ("MTS", "0.44704", "0"), "KNT": ("MTS", "0.51444444444444444444444444444444444444", "0"),
}  # fmt: skip
LINEAR = MappingProxyType(
    {code: (base, Decimal(factor), Decimal(offset)) for code, (base, factor, offset) in _LINEAR.items()}
)
#: Enough for any instrument, and the same for what is stored and what is asked for.
_EXACT = Context(prec=40)
_KEPT = Context(prec=18)


def to_base(value: Decimal, uom: str) -> tuple[Decimal, str]:
    """Return a value in the base unit of what ``uom`` measures, and that unit; unknown units are their own base.

    Rounded to 18 digits, so that a value which is stored in one unit and asked for in another compares equal.
    """
    if uom in ("FAH", "A48"):  # degrees Fahrenheit and Rankine
        kelvin = _EXACT.add(value, Decimal("459.67")) if uom == "FAH" else value
        return _KEPT.divide(_EXACT.multiply(kelvin, Decimal(5)), Decimal(9)), "KEL"
    base, factor, offset = LINEAR.get(uom, (uom, Decimal(1), Decimal(0)))
    return _KEPT.plus(_EXACT.add(_EXACT.multiply(value, factor), offset)), base


def from_base(value: Decimal, uom: str) -> Decimal:
    """Return what a value in base units is in ``uom``."""
    if uom in ("FAH", "A48"):
        rankine = _EXACT.divide(_EXACT.multiply(value, Decimal(9)), Decimal(5))
        return _KEPT.subtract(rankine, Decimal("459.67")) if uom == "FAH" else _KEPT.plus(rankine)
    _base, factor, offset = LINEAR.get(uom, (uom, Decimal(1), Decimal(0)))
    return _KEPT.divide(_EXACT.subtract(value, offset), factor)
