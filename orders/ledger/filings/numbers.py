"""Numbers of filings: each of one sale, and of none that was made here. Submitted and confirmed filings hold theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from orders.ledger.filings import queries
from orders.ledger.filings.models import Filing, FilingKey
from orders.ledger.filings.parts import numbers_of
from orders.numbers import hold_number
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.typed import compared

#: Kind and number, as compared.
Key = tuple[str, str]

#: A contract's or an order's number here, without its signs: prefix, day, letters, and an order's place.
_OURS = re.compile(r"(HT|DK)(\d{8})([0-9A-Z]{6})(\d*)\Z", re.ASCII)
_INVOICED = text("SELECT 1 FROM invoices WHERE code = :code AND number = :number AND status <> 'refused' LIMIT 1")
_CONTRACTED = text("""
    SELECT 1 FROM contracts WHERE number = :number AND status NOT IN ('declined', 'lapsed')
    UNION ALL SELECT 1 FROM orders WHERE number = :order AND status NOT IN ('declined', 'lapsed', 'cancelled') LIMIT 1""")
#: The index knows the Latin letters and digits of a serial; the rest is compared here.
_PAID = text("""
    SELECT bank_serial FROM payments p WHERE upper(regexp_replace(bank_serial, '[^0-9A-Za-z]', '', 'g')) = :latin
      AND p.rail = 'bank' AND p.status = 'confirmed'
      AND EXISTS (SELECT FROM payment_allocations a WHERE a.payment_id = p.id)""")
_CONFIRMED = text("""
    SELECT 1 FROM filing_keys k JOIN filings f ON f.id = k.filing_id
    WHERE k.kind = :kind AND k.key = :key AND f.status = 'confirmed'""")


class AlreadyFiled(Conflict):
    """The invoice, contract or bank serial is in another filing, or of an order here; ``filing`` is its number if the actor may see it."""

    code = "already-filed"


def name(filing: Filing, keys: Iterable[Key], actor: Actor, on: date) -> None:
    """Write a draft's numbers down without taking them; what another filing holds already is refused at once.

    :raises AlreadyFiled: if so, or if one is of an order here.
    """
    wanted = sorted(set(keys))
    for kind, key in wanted:
        require_not_ordered(kind, key)
        holder = db.session.scalar(
            select(FilingKey.filing_id).where(
                FilingKey.kind == kind, FilingKey.key == key, FilingKey.filing_id != filing.id
            )
        )
        if holder is not None:
            _refuse_filed(kind, key, actor, on)
    filing.numbers = [list(pair) for pair in wanted]


def take(filing: Filing, actor: Actor, on: date) -> int:
    """Take a filing's numbers while it is decided about and counts; who comes second waits for the first and is refused.

    Return how many there are.

    :raises AlreadyFiled: if another filing holds one, or one is of an order here.
    """
    wanted = numbers_of(filing)
    for kind, key in wanted:
        require_not_ordered(kind, key)
        values = {"kind": kind, "key": key, "filing_id": filing.id}
        db.session.execute(insert(FilingKey).values(values).on_conflict_do_nothing())
        holder = db.session.scalar(select(FilingKey.filing_id).where(FilingKey.kind == kind, FilingKey.key == key))
        if holder != filing.id:
            _refuse_filed(kind, key, actor, on)
    return len(wanted)


def release(filing: Filing) -> None:
    """Let a filing's numbers be filed by others; it still names them."""
    filing.numbers = [list(pair) for pair in numbers_of(filing)]
    db.session.execute(delete(FilingKey).where(FilingKey.filing_id == filing.id))


def _refuse_filed(kind: str, key: str, actor: Actor, on: date) -> None:
    number = db.session.scalar(
        select(Filing.number)
        .join(FilingKey, FilingKey.filing_id == Filing.id)
        .where(FilingKey.kind == kind, FilingKey.key == key, queries.visible(actor, on))
    )
    members = {"kind": kind, "number": key} | ({"filing": number} if number else {})
    raise AlreadyFiled(_("%(key)s 已在另一份申报中，不能重复申报。", key=key), **members)


def require_not_ordered(kind: str, key: str) -> None:
    """Refuse an invoice, contract or bank serial of orders placed here, which count by themselves.

    :raises AlreadyFiled: if so.
    """
    hold_number(kind, key)
    if _is_ordered(kind, key):
        detail = _("%(key)s 属于平台订单，已按订单计算，不能申报。", key=key)
        raise AlreadyFiled(detail, kind=kind, number=key)


def _is_ordered(kind: str, key: str) -> bool:
    if kind == "invoice":
        code, _dash, number = key.rpartition("-")
        return db.session.execute(_INVOICED, {"code": code, "number": number}).first() is not None
    if kind == "contract":
        ours = _OURS.match(key)
        return ours is not None and db.session.execute(_CONTRACTED, _written(*ours.groups())).first() is not None
    latin = "".join(each for each in key if each.isascii())
    found = db.session.scalars(_PAID, {"latin": latin}) if latin else ()
    return any(compared(serial) == key for serial in found)


def _written(prefix: str, day: str, letters: str, place: str) -> dict[str, Any]:
    number = f"{prefix}{day}-{letters}"
    return {"number": number, "order": f"{number}-{place}" if place else number}


def require_not_filed(kind: str, number: str) -> None:
    """Refuse a number of an order here whose sale counts by a confirmed filing; one that only waits blocks nobody.

    :param number: as written; it is compared without signs and width.
    :raises AlreadyFiled: if so.
    """
    key = compared(number)
    hold_number(kind, key)
    if db.session.execute(_CONFIRMED, {"kind": kind, "key": key}).first() is not None:
        detail = _("%(key)s 已作为平台外的销售申报并确认，不能再用于订单；请先由两人撤销申报。", key=number)
        raise AlreadyFiled(detail, kind=kind, number=number)
