"""Every route of the API with another organisation's identifiers: not there, and nothing changes."""

from __future__ import annotations

import re
from itertools import count as counter
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from shop import auth, clock
from shop.apidocs.samples import make_example
from shop.db import db, transaction
from shop.identity import loader, sessions
from tests import factories
from tests.everything import TABLES, make_everything
from tests.ledger.filers import officials

#: Parameters that name nothing of anybody's: codes, roles, rails, events of the operator's outbox.
NOBODYS = {"code", "role", "event_id", "subscriber", "tag", "rail", "identifier", "index", "name"}
#: Tables that requests themselves write to, refused or not.
OWN_TRACES = {"alembic_version", "idempotency_keys", "user_sessions", "rate_limits"}
#: Routes whose identifier names a thing that all may see, and act on what is the caller's own.
OPEN_THINGS = {"/api/v1/basket/lines/<uuid:listing_id>"}
#: Identifiers of nothing at all.
NOTHING = dict.fromkeys([*TABLES, "certificates", "eligibility-bases"], "019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f")
_keys = counter(1)


def foreign_routes(app: Flask) -> list[tuple[str, str, str]]:
    """(method, rule, guard) of every API route that names somebody's thing and is not open to all."""
    return [
        (method, rule.rule, guard)
        for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule)
        if rule.rule.startswith("/api/v1/")
        and rule.arguments - NOBODYS
        and rule.rule not in OPEN_THINGS
        and (guard := getattr(app.view_functions[rule.endpoint], "guard", "public")) != "public"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_parameter_of_the_api_is_known_here(app):
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    named = {name for rule in rules for name in rule.arguments}

    assert sorted(named - TABLES.keys() - NOBODYS - {"paper_id"}) == []


def fill(rule: str, ids: dict[str, str]) -> str:
    group = rule.split("/")[3]
    known = {**ids, "paper_id": ids.get(group, ""), "role": "producer_clerk", "index": "0"}
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda match: known[match[1]], rule)


def example_body(document: dict[str, Any], method: str, rule: str) -> dict[str, Any]:
    """The keyword arguments that send a body which the schema takes."""
    path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule)
    content = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    if "application/json" in content:
        described = content["application/json"]
        return {"json": described.get("example") or make_example(document, described["schema"])}
    return {}


def ask(client: Any, method: str, path: str, header: dict[str, str], body: dict[str, Any]) -> tuple[int, str]:
    """The status and the problem's type; success is no problem and so never equal to one."""
    headers = {**header, "Idempotency-Key": f"k{next(_keys)}", "If-Match": '"1"'}
    answer = client.open(path, method=method, headers=headers, **body)
    return answer.status_code, answer.json["type"] if answer.status_code >= 400 else f"done {path}"


def fingerprint() -> dict[str, str]:
    """A digest of every table."""
    tables = db.session.execute(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(:not)"),
        {"not": list(OWN_TRACES)},
    ).scalars()
    parts = [
        f"SELECT '{table}' AS name, md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) AS digest FROM {table} t"
        for table in sorted(tables)
    ]
    return {row.name: row.digest for row in db.session.execute(text(" UNION ALL ".join(parts)))}


@pytest.fixture
def scene(session, bearer):
    """Another institution, producer and county's officials, with everything there is belonging to the first."""
    _, ids = make_everything()
    strangers = [factories.make_member("institution"), factories.make_member("producer"), officials("522301")[1]]
    agent = factories.make_member("agent")
    return ids, [(actor, bearer(actor)) for actor in (*strangers, agent)]


def test_every_route_with_anothers_identifiers_is_not_there_and_changes_nothing(app, client, scene):
    ids, strangers = scene
    document = client.get("/api/openapi.json").json
    for _, header in strangers:
        client.get("/api/v1/notices", headers=header)
    before, wrong = fingerprint(), []

    for method, rule, guard in foreign_routes(app):
        body = example_body(document, method, rule)
        for actor, header in strangers:
            status, problem = ask(client, method, fill(rule, ids), header, body)
            may = guard == "signed_in" or actor.may(guard)
            # What is checked before the thing is looked for is answered as if there were no such thing.
            if status != (404 if may else 403) and (status, problem) != ask(
                client, method, fill(rule, NOTHING), header, body
            ):
                wrong.append(f"{method} {rule} as {actor.organisation_kind}: {status} {problem}")
        after = fingerprint()
        if after != before:
            changed = sorted(name for name in after if after[name] != before.get(name))
            wrong.append(f"{method} {rule} changed {changed}")
            before = after

    assert not wrong, "\n".join(wrong)


@pytest.fixture
def browsers(app, scene):
    """A signed-in browser for each stranger."""
    found = []
    for actor, _ in scene[1]:
        now = clock.real_now()
        with transaction():
            secret = sessions.open_session(
                actor.user_id, at=now, days=1, membership_id=actor.membership_id, second_factor_at=now
            )
        browser = app.test_client()
        browser.set_cookie(loader.COOKIE, secret)
        found.append((actor, browser))
    return found


def page_routes(app: Flask) -> list[tuple[str, str, str]]:
    """(method, rule, guard) of every guarded page that names somebody's thing."""
    return [
        (method, rule.rule, guard)
        for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule)
        if not rule.rule.startswith("/api/")
        and rule.arguments & TABLES.keys() | rule.arguments & {"paper_id"}
        and (guard := getattr(app.view_functions[rule.endpoint], "guard", "public")) != "public"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_page_with_anothers_identifiers_is_not_there_and_changes_nothing(app, scene, browsers):
    ids, _ = scene
    before, wrong = fingerprint(), []

    for method, rule, guard in page_routes(app):
        for actor, browser in browsers:
            answer = browser.open(fill_page(rule, ids), method=method)
            may = guard == "signed_in" or actor.may(guard)
            nothing = browser.open(fill_page(rule, NOTHING), method=method)
            if answer.status_code not in {404 if may else 403, 403} and answer.status_code != nothing.status_code:
                wrong.append(
                    f"{method} {rule} as {actor.organisation_kind}: {answer.status_code}, not {nothing.status_code}"
                )
        after = fingerprint()
        if after != before:
            changed = sorted(name for name in after if after[name] != before.get(name))
            wrong.append(f"{method} {rule} changed {changed}")
            before = after

    assert not wrong, "\n".join(wrong)


def fill_page(rule: str, ids: dict[str, str]) -> str:
    kind = "certificates" if "certificate" in rule else "eligibility-bases"
    known = {**ids, "paper_id": ids[kind]}

    def value(match: re.Match[str]) -> str:
        choice = re.match(r"<any\(([^,)]+)", match[0])
        return choice[1].strip("'\"") if choice else known.get(match[1], "x")

    return re.sub(r"<(?:[^<>]+:)?(\w+)>", value, rule)


def test_the_table_above_meets_every_guarded_route(app):
    assert len(foreign_routes(app)) > 90
    assert auth.EXTERNAL.keys() >= {"api-docs.openapi_json"}
