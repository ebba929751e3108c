"""GS1 keys and their EPC schemes: which digits stand where in a URN and in a Digital Link."""

import re
from dataclasses import dataclass
from types import MappingProxyType

#: Digits of a GS1 company prefix.
PREFIX_LENGTHS = range(6, 13)


def check_digit(digits: str) -> str:
    """Return the check digit that GS1 puts behind ``digits`` (GenSpecs 7.9.1)."""
    total = 3 * sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2]))
    return str(-total % 10)


def has_valid_check_digit(digits: str) -> bool:
    """Tell whether the last digit is the check digit of those before it."""
    return len(digits) > 1 and digits.isascii() and digits.isdigit() and check_digit(digits[:-1]) == digits[-1]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One EPC scheme: ``urn:epc:id:NAME:PREFIX.REFERENCE...`` and the application identifiers that carry it."""

    name: str
    #: Application identifier of the key.
    ai: str
    #: Digits of company prefix and reference together; 0 when the reference is free text.
    digits: int
    #: What follows the reference: ``""`` nothing, ``"*"`` text in the key itself, else the AI of the qualifier.
    then: str = ""
    #: The first digit of the reference stands before the company prefix in the key.
    leads: bool = False
    #: What stands before the company prefix in the key.
    padding: str = ""
    #: Digits between reference and what follows, in the key: piece and total of an ITIP.
    pieces: bool = False
    #: ``id`` or ``class``.
    space: str = "id"


SCHEMES = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            Scheme("sgtin", "01", 13, "21", leads=True),
            Scheme("sscc", "00", 17, leads=True),
            Scheme("sgln", "414", 12, "254"),
            Scheme("grai", "8003", 12, "*", padding="0"),
            Scheme("giai", "8004", 0),
            Scheme("gsrn", "8018", 17),
            Scheme("gsrnp", "8017", 17),
            Scheme("gdti", "253", 12, "*"),
            Scheme("sgcn", "255", 12, "*"),
            Scheme("cpi", "8010", 0, "8011"),
            Scheme("ginc", "401", 0),
            Scheme("gsin", "402", 16),
            Scheme("itip", "8006", 13, "21", leads=True, pieces=True),
            Scheme("upui", "01", 13, "235", leads=True),
            Scheme("pgln", "417", 12),
            Scheme("lgtin", "01", 13, "10", leads=True, space="class"),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key of a Digital Link: what its value looks like and which qualifiers may follow, in that order."""

    value: re.Pattern[str]
    qualifiers: tuple[str, ...] = ()
    #: Of these the first that is there names the thing alone: a serial number makes the lot superfluous.
    narrows: tuple[str, ...] = ()


def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.ASCII)


_GTIN = _pattern(r"\d{12,14}|\d{8}")
KEYS = MappingProxyType(
    {
        "00": Key(_pattern(r"\d{18}")),
        "01": Key(_GTIN, ("22", "10", "21", "235"), ("21", "235", "10")),
        "253": Key(_pattern(r"\d{13}.{0,17}")),
        "255": Key(_pattern(r"\d{13}\d{0,12}")),
        "401": Key(_pattern(r"\d{4}.{1,26}")),
        "402": Key(_pattern(r"\d{17}")),
        "414": Key(_pattern(r"\d{13}"), ("254",), ("254",)),
        "417": Key(_pattern(r"\d{13}"), ("7040",), ("7040",)),
        "8003": Key(_pattern(r"\d{14}.{0,16}")),
        "8004": Key(_pattern(r"\d{4}.{1,26}")),
        "8006": Key(_pattern(r"\d{18}"), ("22", "10", "21"), ("21", "10")),
        "8010": Key(_pattern(r"\d{4}.{1,26}"), ("8011",), ("8011",)),
        "8017": Key(_pattern(r"\d{18}"), ("8019",), ("8019",)),
        "8018": Key(_pattern(r"\d{18}"), ("8019",), ("8019",)),
    }
)
#: Longest value of a qualifier.
QUALIFIER_LENGTH = MappingProxyType(
    {"10": 20, "21": 20, "22": 20, "235": 28, "254": 20, "7040": 4, "8011": 12, "8019": 10}
)
#: Words that older Digital Links write for application identifiers.
SHORT_NAMES = MappingProxyType(
    {
        "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017",
        "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003",
        "giai": "8004", "cpv": "22", "lot": "10", "ser": "21", "srin": "8019",
    }
)  # fmt: skip
GTIN_DIGITS = 14
