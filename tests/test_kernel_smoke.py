"""The kernel answers."""

from sqlalchemy import text

from shop.db import db


def test_health_and_ready(client):
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["database"], ready.json["migrations"]) == (200, "ok", "ok")


def test_an_unknown_page_is_a_404_in_the_callers_form(client):
    page = client.get("/nothing")
    problem = client.get("/api/v1/nothing")
    assert page.status_code == 404
    assert "text/html" in page.content_type
    assert problem.status_code == 404
    assert problem.content_type == "application/problem+json"
    assert problem.json["status"] == 404


def test_append_only_tables_refuse(session):
    assert db.session.execute(text("SELECT count(*) FROM postings")).scalar_one() == 0
