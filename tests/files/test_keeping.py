"""A form that is refused keeps its files, and what was refused by a colleague is corrected, not typed again."""

from __future__ import annotations

import io
import re
from uuid import UUID

import pytest
from sqlalchemy import select, text

from orders.fulfilment.models import Acceptance
from orders.payments.models import Payment
from shop.db import db, transaction
from shop.files.models import StoredFile
from shop.identity.models import Organisation
from tests import factories
from tests.conftest import count
from tests.counting.build import accept, make_order, make_trade
from tests.everything import make_everything
from tests.purchase.world import World, make_world

PDF = b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\nendobj\n"


@pytest.fixture
def world(session) -> World:
    return make_world()


def pdf(name: str = "送货单.pdf", data: bytes = PDF) -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def kept(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(kept-[\w-]+)" value="([0-9a-f-]{36})"', page))


def test_photos_of_a_delivery_are_not_lost_with_a_forgotten_second_person(world, login):
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    with transaction():
        witness = factories.make_member("institution", "institution_receiver", organisation=organisation)
    member = db.session.scalar(text("SELECT public_id FROM memberships WHERE id = :id"), {"id": witness.membership_id})
    order = world.signed("10", fund_source="canteen")
    world.ship(order, "10")
    item = db.session.scalar(text("SELECT public_id FROM shipment_items"))
    client, path = login(world.buyer), f"/desk/orders/{order.public_id}/accept"
    typed = {f"accepted-{item}": "10", "kind-0": "photo", "kind-4": "licence"}

    first = client.post(
        path, data={**typed, "idempotency_key": "a", "file-0": pdf(), "file-4": pdf("证照.pdf", PDF + b"2")}
    )
    again = {**typed, **kept(first.text), "witness_id": str(member), "idempotency_key": "b"}
    second = client.post(path, data=again)

    assert (first.status_code, first.text.count("文件已收到，不必重新上传。"), len(kept(first.text))) == (422, 2, 2)
    assert second.status_code == 302
    made = db.session.scalars(select(Acceptance)).one()
    papers = db.session.execute(
        text("SELECT p.kind, f.name FROM acceptance_files p JOIN stored_files f ON f.id = p.file_id WHERE acceptance_id = :id ORDER BY 1"),
        {"id": made.id},
    )  # fmt: skip
    assert [tuple(row) for row in papers] == [("licence", "证照.pdf"), ("photo", "送货单.pdf")]
    assert count("stored_files") == 2


def test_a_file_that_is_not_taken_is_refused_in_its_form_and_nothing_is_recorded(session, login):
    with transaction():
        trade = make_trade(members=True)
        order = make_order(trade)
        accept(order, ("7", "3"))
    client = login(trade.clerk)

    refused = client.post(
        "/producer/payments/new", data=receipt(order, evidence=pdf("回单.exe", b"MZ nothing that is taken"))
    )

    assert refused.status_code == 422
    assert 'value="B1"' in refused.text
    assert (count("payments"), count("stored_files")) == (0, 0)


def receipt(order, **changes):
    return {
        "bank_serial": "B1", "payer_name": "和平区财政局", "amount": "70.00", "value_on": "2026-07-14", "clearing": "direct",
        "allocations": f"{order.number} 70.00", "idempotency_key": "k1", "remark": "七月", **changes,
    }  # fmt: skip


def test_a_refused_receipt_is_corrected_with_all_it_says_and_its_slip(session, login):
    with transaction():
        trade = make_trade(members=True)
        order = make_order(trade)
        accept(order, ("7", "3"))
    client = login(trade.clerk)
    client.post("/producer/payments/new", data=receipt(order, evidence=pdf("回单.pdf")))
    made = db.session.scalars(select(Payment)).one()
    login(trade.checker).post(
        f"/producer/payments/{made.public_id}/refuse", data={"reason": "流水号错", "idempotency_key": "r"}
    )

    client = login(trade.clerk)
    link = re.search(
        r'href="(/producer/payments/new\?from=[^"]+)"', client.get(f"/producer/payments/{made.public_id}").text
    )
    assert link is not None
    page = client.get(link[1]).text
    for value in (
        'value="B1"',
        'value="和平区财政局"',
        'value="70.00"',
        'value="2026-07-14"',
        'value="七月"',
        f"{order.number} 70.00",
    ):
        assert value in page
    client.post("/producer/payments/new", data={**receipt(order, bank_serial="B2", idempotency_key="k2"), **kept(page)})

    corrected = db.session.scalars(select(Payment).where(Payment.bank_serial == "B2")).one()
    assert corrected.evidence_file_id == made.evidence_file_id
    assert count("stored_files") == 1


def test_another_organisation_s_file_and_receipt_are_not_there_to_begin_with(session, login):
    with transaction():
        trade = make_trade(members=True)
        order = make_order(trade)
        accept(order, ("7", "3"))
    login(trade.clerk).post("/producer/payments/new", data=receipt(order, evidence=pdf("回单.pdf")))
    file = db.session.scalars(select(StoredFile.public_id)).one()
    with transaction():
        stranger = factories.make_producer()
    client = login(stranger)

    payment = db.session.scalars(select(Payment.public_id)).one()
    assert isinstance(file, UUID)
    assert client.get(f"/producer/payments/new?from={payment}").status_code == 404
    page = client.post("/producer/payments/new", data={"kept-evidence": str(file), "idempotency_key": "s"}).text
    assert kept(page) == {}


def test_invoices_and_papers_are_corrected_in_forms_that_say_what_they_said(session, login):
    world, ids = make_everything()
    client = login(world.producer)
    number, header = db.session.execute(
        text("SELECT number, buyer_header FROM invoices WHERE public_id = :id"), {"id": ids["invoice_id"]}
    ).one()
    paper = db.session.execute(
        text("SELECT public_id, number, issuer FROM eligibility_bases ORDER BY id LIMIT 1")
    ).one()

    invoice = client.get(f"/producer/invoices/new?from={ids['invoice_id']}").text
    basis = client.get(f"/producer/papers/eligibility/new?from={paper.public_id}").text

    assert (f'value="{number}"' in invoice, f'value="{header}"' in invoice) == (True, True)
    assert (f'value="{paper.number}"' in basis, f'value="{paper.issuer}"' in basis) == (True, True)
    assert login(make_world().producer).get(f"/producer/invoices/new?from={ids['invoice_id']}").status_code == 404


def test_another_file_under_the_same_key_is_no_repeat_of_the_first(session, login):
    with transaction():
        trade = make_trade(members=True)
        order = make_order(trade)
        accept(order, ("7", "3"))
    client = login(trade.clerk)
    first = client.post("/producer/payments/new", data=receipt(order, evidence=pdf("image.pdf")))

    same = client.post("/producer/payments/new", data=receipt(order, evidence=pdf("image.pdf")))
    other = client.post("/producer/payments/new", data=receipt(order, evidence=pdf("image.pdf", PDF + b"another")))

    made = db.session.scalars(select(Payment)).one()
    assert (first.status_code, same.status_code, same.location) == (302, 302, first.location)
    assert other.location != first.location
    assert made.evidence_file_id == db.session.scalar(select(StoredFile.id).order_by(StoredFile.id).limit(1))
