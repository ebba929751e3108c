"""Made-up names, valid credit codes and phone numbers of the demo's organisations and people."""

from __future__ import annotations

from random import Random

_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰飞燕红梅海波建国志远晓东春生"

#: Every demo name says so.
MARK = "（演示）"


def credit_code(kind: str, division_code: str, serial: int) -> str:
    """Return a well-formed unified social credit code (GB 32100-2015) for a made-up body.

    :param kind: two characters of the registering authority and kind, such as ``91`` (company) or ``12``.
    :param serial: makes the organisation code (GB 11714) unique.
    """
    body = f"{serial:08d}"
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(body, _ORG_WEIGHTS, strict=True)) % 11
    organisation = body + {10: "X", 11: "0"}.get(rest, str(rest))
    first = f"{kind}{division_code}{organisation}"
    total = sum(_CREDIT.index(char) * pow(3, place, 31) for place, char in enumerate(first))
    return first + _CREDIT[(31 - total % 31) % 31]


def person(rng: Random) -> str:
    """Return a made-up Chinese name."""
    return rng.choice(_SURNAMES) + "".join(rng.choice(_GIVEN) for _ in range(rng.choice((1, 2, 2))))


def phone(serial: int) -> str:
    """Return a made-up mobile number in E.164, unique by serial."""
    return f"+86199{serial:08d}"
