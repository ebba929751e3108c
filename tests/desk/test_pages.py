"""A purchase through the pages, at each step what its side sees, and refusals that change nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from catalog.papers.models import EligibilityBasis
from orders.contracts.models import Contract
from orders.fulfilment.models import ShipmentItem
from orders.purchase.models import Order, Procurement
from shop.clock import business_day
from shop.db import db, transaction
from shop.identity.models import AuthorityScope, Membership, Organisation
from tests import factories
from tests.conftest import NOON, count
from tests.purchase.world import World, make_world, moves_of, reserved


@pytest.fixture
def world(session) -> World:
    return make_world()


def key() -> dict[str, str]:
    return {"idempotency_key": uuid4().hex}


def post(client, path, **fields):
    return client.post(path, data={**key(), **fields})


def colleague(world: World, name: str) -> str:
    """Return the identifier of a new member of the buyer's who receives goods."""
    with transaction():
        organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
        user = factories.make_user(name=name)
        actor = factories.make_member("institution", "institution_receiver", organisation=organisation, user=user)
    return str(db.session.get_one(Membership, actor.membership_id).public_id)


def order_of() -> Order:
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def check_out(client, world: World, act: str = "place"):
    post(client, "/desk/basket", listing_id=str(world.listings[0].public_id), quantity="10")
    return post(
        client, "/desk/checkout", act=act, unit_id=str(world.unit_id), fund_source="canteen", payment_mode="goods_first"
    )


def test_a_purchase_through_the_pages(world, login):
    buyer = login(world.buyer)
    basket = post(buyer, "/desk/basket", listing_id=str(world.listings[0].public_id), quantity="10")
    assert basket.location == "/desk/basket"
    assert "200.00" in buyer.get("/desk/basket").text
    assert "确认下单" in buyer.get("/desk/checkout").text
    placed = post(
        buyer,
        "/desk/checkout",
        act="place",
        unit_id=str(world.unit_id),
        fund_source="canteen",
        payment_mode="goods_first",
    )
    assert placed.status_code == 302
    assert "待供应商确认" in buyer.get(placed.location).text
    order = order_of()
    assert buyer.get(f"/orders/{order.public_id}").location == f"/desk/orders/{order.public_id}"

    producer = login(world.producer)
    assert order.number in producer.get("/producer").text
    base = f"/producer/orders/{order.public_id}"
    assert "确认订单" in producer.get(base).text
    line = world.lines(order)[0]
    assert f'name="price-{line.public_id}"' in producer.get(f"{base}/confirm").text
    confirmed = post(
        producer, f"{base}/confirm", **{f"price-{line.public_id}": "20.00"}, freight="15", promised_on="2026-07-20",
        payment_days="30", sign="y",
    )  # fmt: skip
    assert confirmed.location == base
    assert order_of().total_fen == 21_500

    buyer = login(world.buyer)
    assert order.number in buyer.get("/desk").text
    contract = db.session.scalars(select(Contract)).one()
    assert "签署合同" in buyer.get(f"/desk/orders/{order.public_id}/contract").text
    post(buyer, f"/contracts/{contract.public_id}/sign")
    printed = buyer.get(f"/contracts/{contract.public_id}/print").text
    address = f"http://127.0.0.1:8000/verify-contract/{contract.verification_code}"
    assert [part in printed for part in (address, "<svg", "215.00")] == [True, True, True]
    public = buyer.get(f"/verify-contract/{contract.verification_code}").text
    assert "真实" in public
    assert buyer.get("/verify-contract/NOSUCHCODE22").status_code == 404

    producer = login(world.producer)
    assert "先到期先出" in producer.get(f"{base}/ship").text
    assert post(producer, f"{base}/ship", **{f"quantity-{line.public_id}": "10"}, carrier="中铁").location == base
    item = db.session.scalars(select(ShipmentItem)).one()

    buyer = login(world.buyer)
    assert order.number in buyer.get("/desk").text
    path = f"/desk/orders/{order.public_id}/accept"
    fields = {f"accepted-{item.public_id}": "9", f"rejected-{item.public_id}": "1", f"reason-{item.public_id}": "破损"}
    alone = post(buyer, path, **fields)
    assert (alone.status_code, "两人以上" in alone.text, count("acceptances")) == (422, True, 0)
    witness = colleague(world, "李四")
    assert f'<option value="{witness}">李四</option>' in buyer.get(path).text
    assert post(buyer, path, **fields, witness_id=str(make_world().buyer.user_public_id)).status_code == 422
    done = post(buyer, path, **fields, witness_id=witness, also_present="家长委员会")
    assert done.location == f"/desk/orders/{order.public_id}"
    page = buyer.get(f"/desk/orders/{order.public_id}").text
    assert (" · 李四" in page, "家长委员会" in page) == (True, True)
    assert "待采购单位付款" in page
    assert "破损" in page
    assert order_of().due_fen == 19_500


def test_an_accepted_order_is_listed_to_be_paid_and_leads_its_producer_to_the_invoice(world, login):
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "10")

    buyer = login(world.buyer)
    listed = [
        order.number in buyer.get(f"/desk/orders?status={stage}").text for stage in ("to_accept", "to_pay", "done")
    ]
    producer = login(world.producer)
    page = producer.get(f"/producer/orders/{order.public_id}").text

    assert listed == [False, True, False]
    assert f'href="/producer/invoices/new?order={order.public_id}">登记发票' in page
    assert 'id="invoice"' in producer.get("/producer").text


def test_checkout_starts_with_where_the_goods_went_last_time(world, login):
    buyer = login(world.buyer)
    post(buyer, "/desk/basket", listing_id=str(world.listings[0].public_id), quantity="10")
    post(
        buyer, "/desk/checkout", act="place", unit_id=str(world.unit_id), fund_source="canteen",
        payment_mode="goods_first", consignee="王五", delivery_address="大沽北路 1 号",
    )  # fmt: skip

    post(buyer, "/desk/basket", listing_id=str(world.listings[0].public_id), quantity="10")
    page = buyer.get("/desk/checkout").text

    assert ('value="王五"' in page, 'value="大沽北路 1 号"' in page) == (True, True)


def test_a_producers_first_screen_names_the_papers_that_end_soon(world, login):
    producer = login(world.producer)
    assert "即将到期的认定和证书" not in producer.get("/producer").text
    with transaction():
        basis = db.session.scalars(select(EligibilityBasis).order_by(EligibilityBasis.id).limit(1)).one()
        basis.valid_to = business_day(NOON) + timedelta(days=30)

    page = producer.get("/producer").text

    assert f"/producer/papers/eligibility/{basis.public_id}" in page
    assert "剩余天数" in page


def test_a_day_that_cannot_be_promised_is_named_under_its_field(world, login):
    check_out(login(world.buyer), world)
    order = order_of()
    prices = {f"price-{line.public_id}": "20.00" for line in world.lines(order)}

    refused = post(
        login(world.producer), f"/producer/orders/{order.public_id}/confirm", **prices, freight="15",
        promised_on="2020-01-01", payment_days="30",
    )  # fmt: skip

    assert (refused.status_code, order_of().status) == (422, "awaiting_confirmation")
    assert '<a href="#promised_on">承诺发货日不能早于今天。</a>' in refused.text
    assert 'value="15"' in refused.text


def test_approval_on_the_pages(world, login):
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    approver = factories.make_member("institution", "institution_approver", organisation=organisation)
    submitted = check_out(login(world.buyer), world, "submit").location

    page = login(approver).get(submitted)
    assert "同意采购" in page.text
    assert submitted in login(approver).get("/desk").text
    post(login(approver), f"{submitted}/approve", why="同意")
    assert "确认下单" in login(world.buyer).get(submitted).text
    post(login(world.buyer), f"{submitted}/place")

    assert (order_of().status, reserved(world.listings[0])) == ("awaiting_confirmation", 10)


def test_a_refused_checkout_keeps_the_basket_and_what_was_typed(world, login):
    buyer = login(world.buyer)
    post(buyer, "/desk/basket", listing_id=str(world.listings[0].public_id), quantity="10")

    refused = post(buyer, "/desk/checkout", act="place", title="七月食材", payment_mode="goods_first")

    assert refused.status_code == 422
    assert "七月食材" in refused.text
    assert "200.00" in refused.text
    assert (count("orders"), count("basket_lines"), count("procurements")) == (0, 1, 0)


def test_the_list_of_errors_stands_above_everything_and_leads_to_field_and_row(world, login):
    buyer = login(world.buyer)
    post(buyer, "/desk/basket", listing_id=str(world.listings[0].public_id), quantity="101")

    unit = {"unit_id": str(world.unit_id), "payment_mode": "goods_first"}
    no_fund = post(buyer, "/desk/checkout", act="place", **unit).text
    short = post(buyer, "/desk/checkout", act="place", fund_source="union", **unit).text

    for page, link in ((no_fund, '<a href="#fund_source">'), (short, '<a href="#line-0">靖远枸杞 500 g/袋：')):
        assert page.count('id="errors"') == 1
        assert page.index('id="errors"') < page.index(link) < page.index("<table")
    assert 'id="line-0"' in short
    assert "不填" not in no_fund
    assert (count("orders"), count("basket_lines")) == (0, 1)


def test_a_refused_button_changes_nothing(world, login):
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    factories.make_member("institution", "institution_approver", organisation=organisation)
    buyer = login(world.buyer)
    post(buyer, "/desk/basket", listing_id=str(world.listings[0].public_id), quantity="10")
    made = post(buyer, "/desk/checkout", act="draft", payment_mode="goods_first").location

    refused = post(buyer, f"{made}/submit")

    assert refused.status_code == 302
    assert "预算单位" in buyer.get(made).text
    procurement = db.session.scalars(select(Procurement).execution_options(populate_existing=True)).one()
    assert (procurement.status, procurement.approval, len(moves_of("procurement", procurement.id))) == (
        "draft",
        "none",
        1,
    )


def test_a_draft_is_edited_and_cancelled(world, login):
    buyer = login(world.buyer)
    made = check_out(buyer, world, "draft").location
    form = buyer.get(f"{made}/edit").text
    assert 'value="10"' in form

    quantity = {f"quantity-{world.listings[0].public_id}": "3"}
    edited = post(buyer, f"{made}/edit", version="1", title="改", payment_mode="goods_first", **quantity)

    assert edited.location == made
    assert "60.00" in buyer.get(made).text
    stale = post(buyer, f"{made}/edit", version="1", title="旧", payment_mode="goods_first", **quantity)
    assert stale.status_code == 412
    post(buyer, f"{made}/cancel", why="不需要")
    assert "已取消" in buyer.get(made).text


@pytest.mark.parametrize("act", ["decline", "cancel"])
def test_ending_an_order_needs_a_reason_and_says_what_follows(world, login, act):
    check_out(login(world.buyer), world)
    order = order_of()
    path = f"/producer/orders/{order.public_id}/{act}"
    producer = login(world.producer)
    assert "库存释放" in producer.get(path).text

    assert post(producer, path, why="").status_code == 422
    assert order_of().status == "awaiting_confirmation"
    assert post(producer, path, why="缺货").status_code == 302
    assert order_of().status in ("declined", "cancelled")


def test_a_stranger_finds_no_order_and_another_kind_no_desk(world, login):
    check_out(login(world.buyer), world)
    order, other = order_of(), make_world()

    stranger = login(other.buyer)
    assert stranger.get(f"/desk/orders/{order.public_id}").status_code == 404
    assert stranger.get(f"/desk/orders/{order.public_id}/accept").status_code == 404
    assert stranger.get("/producer").status_code == 403
    assert order.number not in stranger.get("/desk/orders").text
    assert login(world.producer).get("/desk").status_code == 403


def test_every_page_also_speaks_english(world, login):
    buyer = login(world.buyer)
    check_out(buyer, world)

    for path in ("/desk", "/desk/basket", "/desk/procurements", "/desk/orders", "/desk/checkout", "/verify-contract"):
        assert buyer.get(f"{path}?lang=en").status_code == 200, path


def test_an_official_sees_the_order_and_its_contract_and_can_do_nothing(world, login):
    order = world.order(world.place("10"))
    world.confirm(order)
    with transaction():
        gansu = factories.make_organisation("authority", division_code="620000")
        scope = AuthorityScope(
            organisation_id=gansu.id, kind="division", division_code="620000", valid_from=factories.LONG_AGO.date()
        )
        db.session.add(scope)
    official = login(factories.make_member("authority", organisation=gansu))

    assert official.get(f"/orders/{order.public_id}").location == f"/official/orders/{order.public_id}"
    page = official.get(f"/official/orders/{order.public_id}")
    assert (page.status_code, order.number in page.text) == (200, True)
    assert f"/official/orders/{order.public_id}/cancel" not in page.text
    contract = official.get(f"/official/orders/{order.public_id}/contract").text
    assert "签署合同</button>" not in contract
    assert order.number in official.get("/official/orders").text
    assert post(official, f"/desk/orders/{order.public_id}/cancel", why="x").status_code == 403
    assert order_of().status == "confirmed"


def test_who_sends_a_procurement_back_says_why_and_its_maker_reads_it_and_submits_again(world, login):
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    approver = factories.make_member("institution", "institution_approver", organisation=organisation)
    submitted = check_out(login(world.buyer), world, act="submit").location

    client = login(approver)
    post(client, f"{submitted}/reject", why=" ")
    page = client.get(submitted).text
    assert ("请写明退回的原因" in page, "待本单位审批人办理" in page) == (True, True)
    post(client, f"{submitted}/reject", why="预算不足，请减半")

    client = login(world.buyer)
    page = client.get(submitted).text
    assert ("预算不足，请减半" in page, "待经办人修改后重新提交" in page) == (True, True)
    assert "被退回，待修改" in client.get("/desk").text
    procurement = db.session.scalars(select(Procurement)).one()
    version = str(procurement.version)
    shown = client.get(f"{submitted}/edit").text
    assert "预算不足，请减半" in shown
    fields = {f"quantity-{world.listings[0].public_id}": "5", "unit_id": str(world.unit_id), "fund_source": "canteen"}
    post(client, f"{submitted}/edit", version=version, payment_mode="goods_first", **fields)
    assert "预算不足，请减半" in client.get(submitted).text
    post(client, f"{submitted}/submit")
    assert client.get(submitted).text.count("预算不足，请减半") == 1  # in what happened, no more in what is to be done
    assert "被退回，待修改" not in client.get("/desk").text


def test_one_wrong_quantity_of_several_is_marked_at_its_line_with_its_goods(world, login):
    order = world.order(world.place("10"))
    world.confirm(order)
    world.sign(order)
    line, client = world.lines(order)[0], login(world.producer)

    page = post(client, f"/producer/orders/{order.public_id}/ship", **{f"quantity-{line.public_id}": "1O"})

    assert page.status_code == 422
    assert f'<a href="#quantity-{line.public_id}">靖远枸杞 500 g/袋：请填写数量，至多三位小数。</a>' in page.text
    assert f'aria-invalid="true" aria-describedby="quantity-{line.public_id}-error"' in page.text
    assert f'<p class="error" id="quantity-{line.public_id}-error">请填写数量，至多三位小数。</p>' in page.text
    assert (count("shipments"), 'value="1O"' in page.text) == (0, True)
