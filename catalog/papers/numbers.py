"""What the numbers of papers say about themselves: hints for the reviewer, never a reason to refuse by machine."""

from __future__ import annotations

import re

from shop.i18n import _

#: 有机码: 17 digits. 绿色食品: LB-cc-yymm pp sssss A, or the company's GF and 6 digits of its region first.
_ORGANIC = re.compile(r"\d{17}", re.ASCII)
_GREEN_PRODUCT = re.compile(r"LB-\d{2}-\d{4}\d{2}\d{4,5}A{1,2}", re.ASCII)
_GREEN_COMPANY = re.compile(r"GF(\d{6})\d+", re.ASCII)
#: The national directory was closed in November 2021; the association recognises products since 2024.
DIRECTORY_ENDS, ASSOCIATION_BEGINS = "2021-11-30", "2024-01-01"


def number_warnings(scheme: str, number: str, county_code: str | None) -> list[str]:
    """Return what is odd about a certificate's number, for people to look at."""
    text = re.sub(r"\s", "", number).upper()
    if scheme == "organic" and not _ORGANIC.fullmatch(text):
        return [_("有机码应为17位数字。")]
    if scheme == "green_food":
        company = _GREEN_COMPANY.fullmatch(text)
        if company is not None:
            return _region_warnings(company[1], county_code)
        if not _GREEN_PRODUCT.fullmatch(text):
            return [_("绿色食品编号形如 LB-01-2401010001A 或 GF 加地区码。")]
    return []


def _region_warnings(region: str, county_code: str | None) -> list[str]:
    if county_code is None or region == county_code:
        return []
    return [_("编号中的地区码 %(region)s 与产地 %(county)s 不同。", region=region, county=county_code)]


def credit_code_warnings(credit_code: str | None, county_code: str | None) -> list[str]:
    """Return whether the producer is registered elsewhere than the county; digits 3 to 8 are its region."""
    if not credit_code or not county_code or credit_code[2:8] == county_code:
        return []
    return [
        _("统一社会信用代码的登记地 %(region)s 与产地 %(county)s 不同。", region=credit_code[2:8], county=county_code)
    ]
