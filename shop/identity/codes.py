"""Credit codes, phone numbers and e-mail addresses: read as people write them, kept in one form."""

from __future__ import annotations

import re

from stdnum.cn import uscc

from shop.errors import Invalid
from shop.i18n import _
from shop.typed import fold

#: Registering authority and type may be letters (N1 to N3: village organisations); then six digits of the division.
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}", re.ASCII)
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_ABROAD = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MAX_NAME = 120
_EMAIL = re.compile(r"[^@\s,;:<>\"()\[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
#: Digits of an account by which its owner knows it again.
_SHOWN_DIGITS = 4


class BadCreditCode(Invalid):
    """Not a 统一社会信用代码: length, letters or check character are wrong."""

    code = "bad-credit-code"


class BadName(Invalid):
    """A name that is empty or too long."""

    code = "bad-name"


class BadContact(Invalid):
    """Neither a phone number nor an e-mail address."""

    code = "bad-contact"


def read_name(text: str) -> str:
    """Return a name without blanks around it.

    :raises BadName: if it is empty or longer than 120 characters.
    """
    name = " ".join(text.split())
    if not 0 < len(name) <= MAX_NAME:
        raise BadName(_("名称必填，最多120个字。"))
    return name


def is_credit_code(code: str) -> bool:
    """Say whether ``code`` is a credit code of GB 32100-2015, its check character included."""
    return bool(_CREDIT_CODE.fullmatch(code)) and uscc.calc_check_digit(code[:17]) == code[17]


def read_credit_code(text: str) -> str:
    """Return the credit code in ``text``: full width, lower case, blanks and hyphens are accepted.

    :raises BadCreditCode: if it is none.
    """
    code = re.sub(r"[\s-]", "", fold(text)).upper()
    if not is_credit_code(code):
        raise BadCreditCode(_("统一社会信用代码不正确：应为18位，末位校验码须相符。"), credit_code=text[:40])
    return code


def read_phone(text: str) -> str | None:
    """Return a phone number as E.164, mainland numbers with ``+86``; ``None`` if it is none."""
    number = re.sub(r"[\s().-]", "", fold(text))
    number = re.sub(r"^(?:\+|00)?86(?=1[3-9][0-9]{9}$)", "", number)
    if _MOBILE.fullmatch(number):
        return f"+86{number}"
    return number if _ABROAD.fullmatch(number) and not number.startswith("+86") else None


def read_email(text: str) -> str | None:
    """Return an e-mail address in lower case; ``None`` if it is none."""
    address = fold(text).strip().lower()
    return address if len(address) <= 254 and _EMAIL.fullmatch(address) else None  # noqa: PLR2004  RFC 5321


def read_contact(text: str) -> tuple[str | None, str | None]:
    """Return ``(phone, None)`` or ``(None, email)``.

    :raises BadContact: if ``text`` is neither.
    """
    phone = read_phone(text)
    email = None if phone else read_email(text)
    if phone is None and email is None:
        raise BadContact(_("请填写手机号或邮箱。"))
    return phone, email


def mask_account(number: str) -> str:
    """Return a bank account for those who only look on: its last four digits."""
    return f"•••• {number[-_SHOWN_DIGITS:]}"
