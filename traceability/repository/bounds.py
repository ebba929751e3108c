"""The bound of a paged answer: what had been committed when its first page was asked for, and nothing since.

Rows get their keys at insert and appear at commit, in another order: a page that went by the greatest key would miss
what a slower transaction commits below it. So the bound is the database's own snapshot, and each event knows the
transaction that stored it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, cast, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import UserDefinedType

from shop.db import db, rows_of_sent, send
from shop.pipelining import Sent, Statement
from traceability.repository.models import TraceEvent


class Snapshot(UserDefinedType[str]):
    """PostgreSQL's ``pg_snapshot``."""

    cache_ok = True

    def get_col_spec(self, **_kw: object) -> str:
        """Name the type."""
        return "pg_snapshot"


_NOW = Statement("SELECT cast(pg_current_snapshot() AS text)")


def ask_bound() -> Sent:
    """Ask for the bound of an answer that begins now, together with whatever is asked next."""
    return send(_NOW)


def told_bound(sent: Sent) -> str:
    """Return the bound that was asked for, to be carried in a page token."""
    return str(rows_of_sent(sent)[0][0])


def current_bound() -> str:
    """Return the bound of an answer that begins now."""
    return told_bound(ask_bound())


def within(bound: str, xid: InstrumentedAttribute[int] = TraceEvent.xid) -> ColumnElement[bool]:
    """Return the condition that an event had been committed when ``bound`` was taken.

    Events of the transaction that asks count as well. So do those whose transaction this server has not reached yet:
    they came with a dump of another server's database.
    """
    return or_(
        func.pg_visible_in_snapshot(xid, cast(literal(bound), Snapshot)),
        xid == func.pg_current_xact_id_if_assigned(),
        xid >= func.pg_snapshot_xmax(func.pg_current_snapshot()),
    )


def since(bound: str, xid: InstrumentedAttribute[int] = TraceEvent.xid) -> ColumnElement[bool]:
    """Return the condition that an event had not been committed when ``bound`` was taken; an index serves it."""
    taken = cast(literal(bound), Snapshot)
    return and_(xid >= func.pg_snapshot_xmin(taken), func.pg_visible_in_snapshot(xid, taken).is_(False))


def is_of_this_server(bound: str) -> bool:
    """Say whether this server can have taken ``bound``: one that came with a dump counts other transactions."""
    taken = cast(literal(bound), Snapshot)
    asked = select(func.pg_snapshot_xmax(taken) <= func.pg_snapshot_xmax(func.pg_current_snapshot()))
    return bool(db.session.execute(asked).scalar_one())
