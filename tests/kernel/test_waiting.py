"""Nothing in the application waits without end, edits nobody's change away, or tells the log what people typed."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shop.connections import limits
from shop.db import db, joined_transaction, transaction
from shop.etag import VersionChanged
from shop.identity.models import Unit
from shop.security import SIGNED_IN
from tests import factories


def _shown(name: str) -> str:
    return str(db.session.execute(text(f"SHOW {name}")).scalar_one())


@pytest.mark.committed
def test_a_request_waits_less_than_a_job(committed_app):
    with committed_app.test_request_context("/"):
        db.engine.dispose()
        asked = [_shown(name) for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")]
        db.session.remove()
        db.engine.dispose()
    job = [_shown(name) for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")]

    assert asked == ["10s", "30s", "1min"]
    assert job == ["1min", "0", "15min"]


@pytest.mark.committed
def test_a_lock_that_nobody_gives_back_is_waited_for_so_long_only(committed_app):
    with transaction():
        factories.make_organisation()
    with db.engine.connect() as holder:
        holder.execute(text("SELECT id FROM organisations FOR UPDATE"))
        db.session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text("SELECT id FROM organisations FOR UPDATE"))

    assert getattr(refused.value.orig, "sqlstate", "") == "55P03"
    assert "lock_timeout" in limits()


def _edit_behind(opened) -> None:
    with opened():
        unit = db.session.query(Unit).one()
        db.session.execute(text("UPDATE units SET version = version + 1"))
        unit.name = "改过"


@pytest.mark.parametrize("opened", [transaction, joined_transaction])
def test_an_edit_of_a_row_that_was_changed_meanwhile_is_refused_as_such(session, opened):
    factories.make_member("institution")

    with pytest.raises(VersionChanged):
        _edit_behind(opened)
    assert session.execute(text("SELECT name FROM units")).scalar_one() != "改过"


def test_errors_of_the_database_do_not_repeat_what_was_typed(session):
    with pytest.raises(DBAPIError) as failed:
        session.execute(text("SELECT 1 / :divisor"), {"divisor": 0.0, "secret": "13800138000"})

    assert "13800138000" not in str(failed.value)
    assert "hide_parameters" in str(failed.value)


def test_browsers_keep_no_page_of_who_is_signed_in(client, session):
    plain = client.get("/problems")
    client.set_cookie(SIGNED_IN, "x")
    signed_in = client.get("/problems")

    assert plain.headers.get("Cache-Control") is None
    assert signed_in.headers["Cache-Control"] == "private, no-store"
