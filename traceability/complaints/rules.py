"""The moves of complaints."""

from __future__ import annotations

from shop.moves.table import Rule, Table, Who

_ANYONE: Who = ("anyone", "")
_CHARGE: tuple[Who, ...] = (("official", "complaints:handle"), ("operator", "complaints:handle"))

RULES = (
    Rule("complaint", "", "receive", "received", (_ANYONE,)),
    Rule("complaint", "received", "taken", "investigating", _CHARGE),
    Rule("complaint", "investigating", "answered", "answered", _CHARGE),
    *(Rule("complaint", was, "closed", "closed", _CHARGE) for was in ("investigating", "answered")),
)
TABLE = Table(RULES)
