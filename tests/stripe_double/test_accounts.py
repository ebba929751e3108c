"""Connected accounts of version 2 and the notices about them."""

from typing import Any

import pytest
import stripe

from tests.stripe_double.webhooks import SECRETS, signed

INCLUDE: Any = {"include": ["configuration.recipient", "requirements", "identity"]}
RECIPIENT: Any = {
    "contact_email": "farm@example.cn",
    "display_name": "遵义合作社",
    "identity": {"country": "CN", "entity_type": "company"},
    "configuration": {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}},
    "metadata": {"producer": "7"},
}
CHANGED = "v2.core.account[configuration.recipient].capability_status_updated"


def transfers_of(account):
    return account.configuration.recipient.capabilities.stripe_balance.stripe_transfers


def test_an_account_begins_restricted_and_says_what_is_due(client):
    account = client.v2.core.accounts.create({**RECIPIENT, **INCLUDE})

    assert (transfers_of(account).status, transfers_of(account).status_details[0].code) == (
        "restricted",
        "requirements_past_due",
    )
    assert [one.description for one in account.requirements.entries] == [
        "identity.business_details.registered_name",
        "configuration.recipient.default_outbound_destination",
    ]
    assert account.requirements.summary.minimum_deadline.status == "currently_due"
    assert (account.applied_configurations, account.metadata["producer"]) == (["recipient"], "7")


def test_large_members_are_shown_only_when_asked_for(client):
    account = client.v2.core.accounts.create(RECIPIENT)

    assert (account.configuration, account.requirements, account.identity) == (None, None, None)
    shown = client.v2.core.accounts.retrieve(account.id, {"include": ["identity"]})
    assert (shown.identity.country, shown.requirements) == ("CN", None)


def test_an_account_is_activated_and_restricted_and_rejected_on_command(double, client):
    account = client.v2.core.accounts.create(RECIPIENT).id
    seen = []
    for step in (double.activate, double.restrict, double.reject):
        step(account)
        found = client.v2.core.accounts.retrieve(account, INCLUDE)
        seen.append((transfers_of(found).status, len(found.requirements.entries)))

    assert seen == [("active", 0), ("restricted", 2), ("rejected", 2)]
    assert len(double.of_type(CHANGED)) == 6


def test_notices_are_thin_and_the_event_behind_is_fetched(double, client):
    account = client.v2.core.accounts.create(RECIPIENT).id
    double.activate(account)
    body, headers = signed(double.of_type(CHANGED)[1])
    notice = client.parse_event_notification(body, headers["Stripe-Signature"], SECRETS["thin"])

    assert b"updated_capability" not in body
    assert (notice.type, notice.related_object.id) == (CHANGED, account)
    assert notice.fetch_event().data.updated_capability == "stripe_balance.stripe_transfers"
    assert notice.fetch_related_object().id == account
    assert [one.type for one in client.v2.core.events.list({"object_id": account, "types": [CHANGED]}).data] == [
        CHANGED
    ] * 2


def test_a_link_leads_to_a_page_of_the_double_and_works_once(double, client):
    account = client.v2.core.accounts.create(RECIPIENT).id
    onboarding = {"refresh_url": "http://app/again", "return_url": "http://app/back"}
    link = client.v2.core.account_links.create(
        {"account": account, "use_case": {"type": "account_onboarding", "account_onboarding": onboarding}}
    )

    assert link.url.startswith(f"{double.url}/onboard/{account}/")
    assert link.expires_at == "2026-07-15T04:05:00.000Z"


def test_an_account_that_is_not_there_and_one_that_is_closed(client):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v2.core.accounts.retrieve("acct_none")
    account = client.v2.core.accounts.create(RECIPIENT).id

    assert refusal.value.http_status == 404
    assert client.v2.core.accounts.close(account).closed is True
    assert client.v2.core.accounts.list().data == []
    assert [one.id for one in client.v2.core.accounts.list({"closed": True}).data] == [account]


def test_an_account_is_updated_and_keeps_the_rest(client):
    account = client.v2.core.accounts.create(RECIPIENT).id
    changed = client.v2.core.accounts.update(
        account, {"display_name": "新名", "identity": {"country": "HK"}, **INCLUDE}
    )

    assert (changed.display_name, changed.identity.country, changed.identity.entity_type) == ("新名", "HK", "company")
    assert changed.contact_email == "farm@example.cn"
