"""Filings at the operator's desk, and those that an agent enters for the producers it has a mandate of."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from catalog.producers.models import AgentMandate
from orders.ledger.filings.models import Filing
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Organisation, User
from tests.conftest import count
from tests.factories import make_eligibility, make_member, make_producer, make_product
from tests.ledger.filers import PDF, another, confirmed, officials, submitted
from tests.ledger.test_filing_views import BODY
from tests.ledger.world import ANDING, HEPING, JINGYUAN, make_world

FORM = {
    "buyer_name": "天津乙公司", "buyer_division": HEPING, "mode": "direct", "sold_from": "2026-06-01",
    "sold_to": "2026-06-20", "lines-0-category": "lamb", "lines-0-product_name": "羊羔肉", "lines-0-amount": "12,300.00",
    "lines-0-eligibility_scheme": "county_recommendation", "lines-0-eligibility_number": "R-羊羔肉",
}  # fmt: skip


@pytest.fixture(autouse=True)
def world(session):
    make_world()
    db.session.commit()


def agent_of(*producers: Actor, until: date | None = None) -> Actor:
    """Return a clerk of an agent with a mandate of each producer."""
    with transaction():
        agent = make_member("agent", "agent_clerk")
        for producer in producers:
            db.session.add(
                AgentMandate(
                    agent_id=agent.organisation_id, producer_id=producer.organisation_id,
                    valid_from=date(2026, 1, 1), valid_to=until,
                )
            )  # fmt: skip
    return agent


def maker(county: str = JINGYUAN) -> Actor:
    """Return a producer; one of Anding has lamb that the county recommends."""
    with transaction():
        made = make_producer(county)
        if county == ANDING:
            make_eligibility(make_product(made, is_eligible=False, county_code=county), number="R-羊羔肉")
        return made


def file_for(client: Any, headers: dict[str, str], producer: Any, key: str = "k", **changes: Any) -> Any:
    body = {**BODY, "producer": str(producer) if producer else None, **changes}
    return client.post("/api/v1/filings", json=body, headers={**headers, "Idempotency-Key": key})


def test_an_agent_files_for_a_producer_that_gave_it_a_mandate(client, bearer):
    first, second = maker(), maker()
    agent = agent_of(first, second)

    made = file_for(client, bearer(agent), second.organisation_public_id, seller_name="别人")

    assert made.status_code == 201, made.json
    assert made.json["producer_id"] == str(second.organisation_public_id)
    assert made.json["filing"]["seller_name"] == second.organisation_name
    assert made.json["entered_by"] == agent.organisation_name
    address = f"/api/v1/filings/{made.json['filing']['id']}"
    assert client.get(address, headers=bearer(second)).status_code == 200
    assert client.get(address, headers=bearer(first)).status_code == 404


def test_another_s_producer_is_not_there_for_an_agent(client, bearer):
    mine, other = maker(), maker()
    agent, idle = agent_of(mine), agent_of(mine, until=date(2026, 7, 14))

    answers = [
        file_for(client, bearer(agent), other.organisation_public_id, "a"),
        file_for(client, bearer(idle), mine.organisation_public_id, "b"),
        file_for(client, bearer(idle), None, "c"),
        file_for(client, bearer(mine), other.organisation_public_id, "d"),
    ]

    assert [(answer.status_code, answer.json["type"]) for answer in answers] == [
        (404, "/problems/no-such-producer")
    ] * 4
    assert count("filings") == 0


def test_the_county_is_the_producer_s_and_officials_name_no_producer(client, bearer):
    producer = maker()
    agent, (official, _second) = agent_of(producer), officials()

    elsewhere = file_for(client, bearer(agent), None, county=ANDING)
    named = file_for(client, bearer(official), producer.organisation_public_id)

    assert (elsewhere.status_code, named.status_code) == (403, 422)
    assert named.json["errors"][0]["pointer"] == "#/producer"
    assert count("filings") == 0


def test_what_was_entered_for_an_agent_is_not_changed_by_the_same_person_for_another_organisation(client, bearer):
    producer = maker()
    agent = agent_of(producer, until=date(2026, 7, 15))
    organisation = db.session.get_one(Organisation, producer.organisation_id)
    same = make_member("producer", organisation=organisation, user=db.session.get_one(User, agent.user_id))
    address = f"/api/v1/filings/{file_for(client, bearer(agent), None).json['filing']['id']}"
    header = bearer(same)

    assert client.get(address, headers=header).status_code == 200
    answers = [
        client.put(address, json=BODY, headers={**header, "If-Match": '"2"'}),
        client.post(f"{address}/submit", headers={**header, "Idempotency-Key": "s"}),
        client.post(f"{address}/withdraw", json={"reason": "x"}, headers={**header, "Idempotency-Key": "w"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert db.session.scalars(select(Filing.status)).one() == "draft"


def test_an_agent_whose_mandate_has_ended_submits_nothing(client, bearer):
    producer = maker()
    agent = agent_of(producer)
    paper = client.post("/api/v1/files", data={"file": (io.BytesIO(PDF), "发票.pdf")}, headers=bearer(agent)).json["id"]
    made = file_for(client, bearer(agent), None, documents=[{"file_id": paper, "kind": "invoice"}]).json["filing"]["id"]
    with transaction():
        db.session.scalars(select(AgentMandate)).one().valid_to = date(2026, 7, 14)

    answer = client.post(f"/api/v1/filings/{made}/submit", headers={**bearer(agent), "Idempotency-Key": "s"})

    assert answer.status_code == 404
    assert db.session.scalars(select(Filing.status)).one() == "draft"


def test_an_agent_sees_all_filings_of_its_producers_while_it_holds_their_mandate(client, bearer, login):
    producer, other = maker(), maker()
    agent, idle = agent_of(producer), agent_of(producer, until=date(2026, 7, 14))
    own = file_for(client, bearer(producer), None).json["filing"]
    foreign = file_for(client, bearer(other), None, "o", keys=[]).json["filing"]

    def seen(actor: Actor) -> tuple[int, int, list[str]]:
        header = bearer(actor)
        codes = [client.get(f"/api/v1/filings/{one['id']}", headers=header).status_code for one in (own, foreign)]
        listed = client.get("/api/v1/filings", headers=header).json["items"]
        return (*codes, [one["number"] for one in listed])

    assert seen(agent) == (200, 404, [own["number"]])
    assert seen(idle) == (404, 404, [])
    assert own["number"] in login(agent).get("/producer/filings").text
    change = client.post(f"/api/v1/filings/{own['id']}/submit", headers={**bearer(agent), "Idempotency-Key": "s"})
    assert change.status_code == 403


def test_an_agent_files_on_pages_for_a_producer_it_chooses(client, login):
    producer, other = maker(ANDING), maker()
    login(agent_of(producer))
    page = client.get("/producer/filings/new")
    assert producer.organisation_name in page.text
    assert other.organisation_name not in page.text
    assert 'name="county"' not in page.text

    foreign = {**FORM, "producer": str(other.organisation_public_id), "idempotency_key": "a"}
    assert client.post("/producer/filings/new", data=foreign).status_code == 422
    assert count("filings") == 0
    own = {**FORM, "producer": str(producer.organisation_public_id), "idempotency_key": "b"}
    saved = client.post("/producer/filings/new", data={**own, "invoices": (io.BytesIO(PDF), "发票.pdf")})

    assert saved.status_code == 302, saved.text
    filing = db.session.scalars(select(Filing)).one()
    assert (filing.producer_id, filing.county_code) == (producer.organisation_id, ANDING)
    edit = client.get(f"{saved.location}/edit").text
    assert f'selected value="{producer.organisation_public_id}"' in edit
    client.post(f"{saved.location}/submit", data={"idempotency_key": "c"})
    assert "待确认" in client.get("/producer/filings").text


def test_the_operator_lists_finds_and_decides_filings(client, login):
    filing = submitted(officials()[0])
    submitted(officials(ANDING)[0], county_code=ANDING, keys=another())
    with transaction():
        operator = make_member("operator", "operator_confirmer")
    login(operator)

    assert "待确认的线下申报" in client.get("/operator").text
    page = client.get("/operator/filings?county=靖远县").text
    assert (page.count('<th scope="row">'), filing.number in page) == (1, True)
    assert "没有申报。" in client.get("/operator/filings?county=没有县").text
    assert client.get(f"/official/filings/{filing.public_id}").location == f"/operator/filings/{filing.public_id}"
    address = f"/operator/filings/{filing.public_id}"
    assert "确认后，1,234.56 元将计入靖远县 2026年6月 帮扶额。" in client.get(address).text
    assert client.post(f"{address}/confirm", data={"idempotency_key": "a"}).location == address

    assert db.session.get_one(Filing, filing.id, populate_existing=True).status == "confirmed"
    assert filing.number not in client.get("/operator/filings?status=asked").text


def test_the_operator_s_desk_shows_what_was_asked_back(client, login):
    first, second = officials()
    filing = confirmed(first, second)
    login(first)
    client.post(f"/official/filings/{filing.public_id}/ask-withdrawal", data={"idempotency_key": "a", "reason": "退货"})
    with transaction():
        operator = make_member("operator", "operator_confirmer")
    login(operator)

    assert filing.number in client.get("/operator/filings?status=asked").text
    assert client.post(f"/operator/filings/{filing.public_id}/grant", data={"idempotency_key": "b"}).status_code == 302

    assert db.session.get_one(Filing, filing.id, populate_existing=True).status == "withdrawn"
