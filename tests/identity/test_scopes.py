"""What a token may read follows its scopes and its organisation, not the person."""

import io

import pytest
from sqlalchemy import select

from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity import queries, services
from shop.identity.models import Organisation
from shop.notices.models import Notice
from shop.outbox.services import publish
from tests import factories
from tests.conftest import count

ORDER = "018f4d5a-0000-7000-8000-00000000d001"


def join(actor: Actor, other: Actor, role: str) -> Actor:
    """Make a person a member of another's organisation too."""
    today = clock.today()
    with transaction():
        services.add_member(actor.user_id, other.organisation_id, since=today, roles=[role])
    return queries.actor_of(actor.user_id, other.organisation_id, today)


@pytest.fixture
def two_hats(session, deliver):
    """Return one person in two organisations, each of which has told them something."""
    here = factories.make_member("producer")
    there = join(here, factories.make_member("producer"), "producer_clerk")
    for number, actor in enumerate((here, there), start=1):
        with transaction():
            publish(
                "orders.procurement_placed", organisations=[actor.organisation_id], order_id=ORDER,
                number=f"DK{number}", total={"amount": "12.30", "currency": "CNY"},
            )  # fmt: skip
    deliver()
    return here, there


def test_a_token_lists_the_notices_of_its_own_organisation_only(two_hats, client, bearer):
    here, _there = two_hats

    items = client.get("/api/v1/notices", headers=bearer(here)).json["items"]

    assert [item["text"][:8] for item in items] == ["新订单 DK1，"]


def test_a_token_does_not_mark_another_organisations_notices_read(two_hats, client, bearer):
    here, there = two_hats
    of_there = select(Notice).where(Notice.user_id == there.user_id, Notice.organisation_id == there.organisation_id)
    other = db.session.scalars(of_there).one()
    header = bearer(here)

    one = client.post(f"/api/v1/notices/{other.public_id}/read", headers={**header, "Idempotency-Key": "a"})
    every = client.post("/api/v1/notices/read-all", headers={**header, "Idempotency-Key": "b"})

    assert one.status_code == 404
    assert every.json == {"marked": 1}
    db.session.refresh(other)
    assert other.read_at is None


def test_a_browser_shows_the_persons_notices_of_all_organisations(two_hats, login):
    here, _there = two_hats

    page = login(here).get("/account/notices").get_data(as_text=True)

    assert [name in page for name in ("新订单 DK1", "新订单 DK2")] == [True, True]


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/api/v1/notices", "notices:read"),
        ("/api/v1/organisation", "organisation:read"),
        ("/api/v1/organisation/units", "organisation:read"),
        ("/api/v1/organisation/bank-accounts", "organisation:read"),
        ("/api/v1/bank-account-changes", "organisation:read"),
    ],
)
def test_a_token_reads_what_its_scopes_name(session, client, bearer, path, scope):
    actor = factories.make_member("producer")

    without = client.get(path, headers=bearer(actor, "trace:capture"))
    with_it = client.get(path, headers=bearer(actor, scope))

    assert (without.status_code, without.json["permission"]) == (403, scope)
    assert with_it.status_code == 200


def test_a_token_without_the_scope_neither_stores_nor_reads_files(session, client, bearer):
    actor = factories.make_member("producer")
    paper = b"%PDF-1.7\n"

    def send(*scopes: str):
        return client.post(
            "/api/v1/files", data={"file": (io.BytesIO(paper), "a.pdf")}, headers=bearer(actor, *scopes)
        )  # fmt: skip

    refused = send("trace:capture", "files:read")
    assert (refused.status_code, refused.json["permission"], count("stored_files")) == (403, "files:store", 0)

    address = f"/api/v1/files/{send('files:store').json['id']}"
    assert client.get(address, headers=bearer(actor, "files:store")).status_code == 403
    assert client.get(address, headers=bearer(actor, "files:read")).data == paper


def test_a_suspended_organisation_reads_and_stores_nothing(session, client, bearer):
    actor = factories.make_member("producer")
    with transaction():
        db.session.get_one(Organisation, actor.organisation_id).suspended_at = clock.now()
    header = bearer(actor)

    sent = client.post("/api/v1/files", data={"file": (io.BytesIO(b"%PDF-1.7\n"), "a.pdf")}, headers=header)

    assert (sent.status_code, sent.json["permission"], count("stored_files")) == (403, "files:store", 0)
    assert client.get("/api/v1/organisation", headers=header).status_code == 200
