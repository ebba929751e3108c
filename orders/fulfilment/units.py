"""Quantities in another unit than the goods are counted in."""

from __future__ import annotations

from collections.abc import Iterator

from shop.i18n import _


def wrong_units(place: int, named: tuple[str, str], unit: str) -> Iterator[dict[str, str]]:
    """Yield an error for each quantity of a decision that names another unit than its line's.

    :param place: the decision's place in the request; ``named`` are the units of what is accepted and rejected.
    """
    for name, one in zip(("accepted", "rejected"), named, strict=True):
        if one and one != unit:
            yield {"pointer": f"#/items/{place}/{name}", "detail": _("计量单位应为 %(unit)s。", unit=unit)}
