"""Who answers for a figure opens the papers behind it: the invoice and the bank slip, within scope, and it is written down."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from orders.invoices import services as invoices
from orders.invoices.services import InvoiceFacts, InvoiceShare
from orders.payments import receipts, refunds
from orders.purchase.models import Order
from shop.auth import Actor
from shop.db import db, transaction
from shop.files import services as files
from shop.identity.models import AuthorityScope, BankAccount, Organisation, Unit, UnitPlacement
from tests import factories
from tests.payments.help import facts as receipt_facts
from tests.payments.help import pay, slip
from tests.purchase.world import World, make_world

PDF = b"%%PDF-1.7\n%d\n"


@dataclass
class Sellers:
    """The two persons of the producer who record and confirm a receipt."""

    clerk: Actor
    checker: Actor


@dataclass
class Paid:
    """An order that was accepted, invoiced and paid, and its two papers."""

    world: World
    order: Order
    invoice: str
    bank_slip: str


@pytest.fixture
def paid(session) -> Paid:
    world = make_world()
    with transaction():
        seller_id = world.producer.organisation_id
        account = BankAccount(
            organisation_id=seller_id, holder="靖远供货", bank="靖远支行", number="6217001234567890123"
        )
        db.session.add(account)
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "10")
    seller = db.session.get_one(Organisation, seller_id)
    other = factories.make_member("producer", organisation=seller)
    with transaction():
        invoice, bank_slip = (files.store(PDF % n, name, world.producer) for n, name in enumerate(("fp.pdf", "hd.pdf")))
        facts = InvoiceFacts(
            number="24" * 10, amount_fen=200_00, tax_fen=16_51, tax_rate="9", issued_on=date(2026, 7, 15),
            buyer_header=world.buyer.organisation_name, orders=[InvoiceShare(order=order.public_id, amount_fen=200_00)],
            file=invoice.public_id,
        )  # fmt: skip
        invoices.record(facts, world.producer, world.at)
        pay(Sellers(world.producer, other), (world.reload(order), 200_00), evidence_file=bank_slip.public_id)
    return Paid(world, order, str(invoice.public_id), str(bank_slip.public_id))


def official(**scope: Any) -> Actor:
    """Return a viewer of a new authority that sees what ``scope`` says."""
    with transaction():
        authority = factories.make_organisation("authority")
        db.session.add(AuthorityScope(organisation_id=authority.id, valid_from=date(2019, 1, 1), **scope))
    return factories.make_member("authority", "authority_viewer", organisation=authority)


def by_division(code: str) -> Actor:
    return official(kind="division", division_code=code)


def by_budget(paid: Paid) -> Actor:
    placed = db.session.scalars(
        select(UnitPlacement)
        .join(Unit, Unit.id == UnitPlacement.unit_id)
        .where(Unit.organisation_id == paid.world.buyer.organisation_id)
    ).one()
    return official(kind="budget", budget_level=placed.budget_level, division_code=placed.finance_division_code)


def opened(client: Any, paid: Paid, headers: dict[str, str] | None = None) -> list[int]:
    """Return the statuses of opening the invoice and the bank slip."""
    where = "/api/v1/files" if headers else "/files"
    return [client.get(f"{where}/{key}", headers=headers).status_code for key in (paid.invoice, paid.bank_slip)]


def trail() -> list[tuple[int, int]]:
    """Return who opened which file."""
    rows = db.session.execute(
        text("""SELECT a.organisation_id, a.subject_id FROM audit_entries a
                WHERE a.action = 'files.file_opened' AND a.subject_type = 'stored_file' ORDER BY a.id""")
    )
    return [(organisation, file) for organisation, file in rows]


@pytest.mark.parametrize("code", ["620421", "620400", "620000", "120101", "120000"])
def test_county_prefecture_and_province_of_either_side_open_the_invoice_and_the_slip(paid, login, code):
    reader = by_division(code)

    assert opened(login(reader), paid) == [200, 200]
    assert [organisation for organisation, _file in trail()] == [reader.organisation_id] * 2


def test_a_finance_bureau_opens_them_by_budget_and_over_the_api(paid, login, client, bearer):
    reader = by_budget(paid)

    assert opened(login(reader), paid) == [200, 200]
    assert opened(client, paid, bearer(reader)) == [200, 200]


def test_out_of_scope_they_are_not_there_and_nothing_is_written_down(paid, login):
    strangers = [
        by_division("522722"), by_division("330000"), official(kind="budget", budget_level="central"),
        factories.make_member("authority", "authority_viewer"), factories.make_member("producer"),
        factories.make_member("institution"),
    ]  # fmt: skip

    assert [opened(login(reader), paid) for reader in strangers] == [[404, 404]] * 6
    assert trail() == []


def test_papers_of_a_refused_invoice_or_a_receipt_not_yet_confirmed_are_nobody_s_but_the_parties(paid, login):
    with transaction():
        db.session.execute(text("UPDATE invoices SET status = 'refused'"))
        receipt = pay_later(paid)

    client = login(by_division("620421"))
    assert opened(client, paid) == [404, 200]
    assert client.get(f"/files/{receipt}").status_code == 404
    assert opened(login(paid.world.producer), paid) == [200, 200]
    assert len(trail()) == 1


def pay_later(paid: Paid) -> str:
    """Record a receipt of one more yuan, which nobody confirms."""
    from_bank = files.store(PDF % 9, "later.pdf", paid.world.producer)
    receipts.record(
        receipt_facts((paid.order, 1_00), evidence_file=from_bank.public_id), paid.world.producer, paid.world.at
    )
    return str(from_bank.public_id)


def test_the_line_page_and_the_order_page_lead_to_the_papers(paid, login, client, bearer):
    reader = by_division("620421")
    page = login(reader).get("/official/lines?measure=counted").text
    order_page = login(reader).get(f"/official/orders/{paid.order.public_id}").text

    for text_of_page in (page, order_page):
        found = {one.rsplit("/", 1)[1] for one in re.findall(r'href="(/files/[^"]+)"', html.unescape(text_of_page))}
        assert found == {paid.invoice, paid.bank_slip}
    (line,) = client.get("/api/v1/totals/lines", headers=bearer(reader)).json["items"]
    papers = {paper["kind"]: paper["address"] for paper in line["source"]["documents"]}
    assert papers["invoice"] == f"/files/{paid.invoice}"
    assert papers["bank_receipt"] == f"/files/{paid.bank_slip}"
    assert login(reader).get(papers["contract"], follow_redirects=True).status_code == 200


def test_money_given_back_stands_there_with_its_own_slip(paid, login):
    seller = db.session.get_one(Organisation, paid.world.producer.organisation_id)
    with transaction():
        from_bank = files.store(PDF % 5, "back.pdf", paid.world.producer)
        made = refunds.request(paid.order.public_id, 10_00, "协商退款", actor=paid.world.buyer, at=paid.world.at)
        refunds.record(made.public_id, slip(evidence_file=from_bank.public_id), paid.world.producer, paid.world.at)
        other = factories.make_member("producer", organisation=seller)
        refunds.confirm(made.public_id, other, paid.world.at)

    client = login(by_division("620421"))
    assert f"/files/{from_bank.public_id}" in client.get("/official/lines?measure=paid").text
    assert client.get(f"/files/{from_bank.public_id}").status_code == 200


def test_an_account_number_in_a_contract_is_masked_for_who_only_looks_on(paid, login):
    number = db.session.scalar(text("SELECT terms #>> '{payment,payee,number}' FROM contracts"))
    assert number

    seen = login(by_division("620421")).get(f"/official/orders/{paid.order.public_id}/contract").text
    assert (number in seen, f"•••• {number[-4:]}" in seen) == (False, True)
    assert number in login(paid.world.buyer).get(f"/desk/orders/{paid.order.public_id}/contract").text


def test_no_address_and_no_answer_tells_who_only_looks_on_an_account_or_a_person(paid, login, client, bearer):
    number = db.session.scalar(text("SELECT terms #>> '{payment,payee,number}' FROM contracts"))
    key, order = paid.world.contract(paid.order).public_id, paid.order.public_id
    official, seller, buyer = by_division("620421"), paid.world.producer, paid.world.buyer

    desk = login(official)
    for path in (f"/producer/orders/{order}", f"/desk/orders/{order}/contract", f"/producer/orders/{order}/contract"):
        assert desk.get(path).location == path.replace("/producer/", "/official/").replace("/desk/", "/official/")
    assert number not in desk.get(f"/contracts/{key}/print").text
    answers = {
        actor.user_id: [client.get(path, headers=bearer(actor)) for path in (f"/api/v1/contracts/{key}", f"/api/v1/orders/{order}")]
        for actor in (official, seller, buyer)
    }  # fmt: skip
    assert [[number in one.text for one in answers[actor.user_id]] for actor in (official, seller, buyer)] == [
        [False, False], [True, True], [True, True],
    ]  # fmt: skip
    contract, page = (one.json for one in answers[official.user_id])
    assert contract["terms"]["payment"]["payee"]["number"] == f"•••• {number[-4:]}"
    assert contract["terms_sha256"] == answers[buyer.user_id][0].json["terms_sha256"]
    people = {
        actor.organisation_kind: (told["shipments"][0]["shipped_by"], told["acceptances"][0]["accepted_by"])
        for actor in (official, seller, buyer) for told in [answers[actor.user_id][1].json]
    }  # fmt: skip
    assert people == {
        "authority": ("", ""), "producer": (seller.user_name, ""), "institution": ("", buyer.user_name),
    }  # fmt: skip
    assert page["contract"] == contract


def test_what_counts_for_a_budget_since_a_unit_moved_is_opened_there_too(paid, login):
    with transaction():
        db.session.execute(text("UPDATE orders SET placed_at = placed_at - interval '200 days'"))
        db.session.execute(
            text(
                "UPDATE unit_placements SET valid_from = '2026-07-01' WHERE unit_id IN (SELECT unit_id FROM ledger_dimensions)"
            )
        )
    reader = login(by_budget(paid))

    assert reader.get(f"/official/orders/{paid.order.public_id}").status_code == 200
    assert opened(reader, paid) == [200, 200]
