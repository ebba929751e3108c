"""The eligibility basis that each line of a filing names: in force over the days of the sale, for that seller and county."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from catalog.papers.models import EligibilityBasis
from catalog.products.models import Product
from orders.ledger.filings.drafts import BadFiling
from orders.ledger.filings.models import Filing, FilingLine
from shop.db import db
from shop.i18n import _
from shop.typed import compared

#: First and last day of schemes that were not always there; the others have none.
SCHEME_DAYS = {
    "national_directory": (date.min, date(2021, 11, 30)),
    "association": (date(2024, 1, 1), date.max),
}
#: A revoked one was in force up to its last day.
_HELD = ("in_force", "revoked")


def settle(filing: Filing, lines: Sequence[FilingLine], *, is_own: bool) -> None:
    """Find the basis of each line, as a filing is submitted: registered here, or as stated on papers.

    :param is_own: the seller files itself, or an agent for it: its bases are registered here. Officials may state one
        that is not, and the county's second person holds it against the papers.
    :raises BadFiling: naming every row without a basis, or whose basis is another's or was not in force on those days.
    """
    errors = []
    for place, line in enumerate(lines):
        line.eligibility_id, refusal = _find(filing, line, is_own=is_own)
        if refusal:
            errors.append(
                {"pointer": f"#/lines/{place}/eligibility_number", "detail": f"{line.product_name}：{refusal}"}
            )
    if errors:
        raise BadFiling(errors[0]["detail"], errors=errors)


def require_standing(filing: Filing, lines: Sequence[FilingLine]) -> None:
    """Refuse to count lines whose registered basis turned out since not to have been in force on the days of the sale.

    :raises BadFiling: naming the rows.
    """
    keys = [line.eligibility_id for line in lines if line.eligibility_id is not None]
    found = {row.id: row for row in db.session.scalars(select(EligibilityBasis).where(EligibilityBasis.id.in_(keys)))}
    errors = [
        {"pointer": f"#/lines/{place}/eligibility_number", "detail": f"{line.product_name}：{_not_in_force(line)}"}
        for place, line in enumerate(lines)
        if line.eligibility_id is not None and not _is_in_force(found[line.eligibility_id], filing)
    ]
    if errors:
        raise BadFiling(errors[0]["detail"], errors=errors)


def _find(filing: Filing, line: FilingLine, *, is_own: bool) -> tuple[int | None, str]:
    """Return the key of a line's basis, or why there is none."""
    if not line.eligibility_scheme or not line.eligibility_number:
        return None, _("请写明认定依据和编号。")
    first, last = SCHEME_DAYS.get(line.eligibility_scheme, (date.min, date.max))
    if not first <= filing.sold_from <= filing.sold_to <= last:
        return None, _("销售期间没有这类认定依据。")
    bases = _registered(line)
    own = [basis for basis, producer_id in bases if producer_id == filing.producer_id]
    if bases and not own:
        return None, _("认定依据 %(number)s 属于另一供应商。", number=line.eligibility_number)
    if not own:
        return None, _("供应商没有登记这项认定依据。") if is_own else ""
    standing = next((basis for basis in own if _is_in_force(basis, filing)), None)
    return (standing.id, "") if standing else (None, _not_in_force(line))


def _registered(line: FilingLine) -> list[tuple[EligibilityBasis, int]]:
    """Return the bases of that scheme and number, however it is written, with the producers of their products."""
    rows = db.session.execute(
        select(EligibilityBasis, Product.producer_id)
        .join(Product, Product.id == EligibilityBasis.product_id)
        .where(EligibilityBasis.scheme == line.eligibility_scheme, EligibilityBasis.status != "refused")
        .where(EligibilityBasis.number.in_({line.eligibility_number, compared(line.eligibility_number)}))
        .order_by(EligibilityBasis.id)
    )
    return [(basis, producer_id) for basis, producer_id in rows]


def _is_in_force(basis: EligibilityBasis, filing: Filing) -> bool:
    return (
        basis.status in _HELD
        and basis.county_code == filing.county_code
        and basis.valid_from <= filing.sold_from
        and (basis.valid_to is None or filing.sold_to <= basis.valid_to)
    )


def _not_in_force(line: FilingLine) -> str:
    return _("认定依据 %(number)s 在销售期间或产地县无效，跨期的请分开申报。", number=line.eligibility_number)
