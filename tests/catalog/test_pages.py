"""The catalogue's pages: counties for everyone, the producer's desk, the review of papers."""

import io
import re
from datetime import date
from decimal import Decimal

import pytest

from catalog.lots.models import Lot
from catalog.papers.models import EligibilityBasis
from catalog.products.models import Listing, PriceTier, Product, Sku
from shop.db import db, transaction
from shop.files.models import StoredFile
from shop.identity.models import Organisation
from tests import factories as make
from tests.catalog.papers.test_services import PDF, authority, submit
from tests.conftest import count


@pytest.fixture
def producer(session):
    with transaction():
        return make.make_producer()


@pytest.fixture
def official(session):
    with transaction():
        return authority()


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def test_the_counties_are_listed_by_province(client):
    page = client.get("/counties")
    found = client.get("/counties?q=jingyuan")

    assert page.status_code == 200
    assert page.get_data(as_text=True).count('href="/counties/') == 832
    assert len(page.data) < 60_000
    assert "靖远县" in text_of(found)
    assert "会宁县" not in text_of(found)


def test_a_county_shows_partners_products_and_what_is_not_verified(client, producer):
    with transaction():
        make.make_listing(producer)

    shown = text_of(client.get("/counties/620421"))
    unknown = text_of(client.get("/counties/632623"))

    assert "甘肃省白银市靖远县" in shown
    assert "天津市和平区" in shown
    assert "精确到年" in shown
    assert "靖远枸杞 500 g/袋" in shown
    assert "未核实" in unknown
    assert client.get("/counties/110101").status_code == 404


def test_the_totals_of_a_county_come_from_above(app, client, monkeypatch):
    told = {"total_fen": 2_624_000_000, "years": [{"year": "2020", "amount_fen": 2_624_000_000}], "as_of": {"at": None}}
    monkeypatch.setitem(app.extensions, "county_totals", lambda code: told if code == "620421" else None)

    assert "2,624.00" in text_of(client.get("/counties/620421"))
    assert "还没有计入" in text_of(client.get("/counties/620422"))


def test_a_producer_takes_a_product_to_the_shop(login, producer, official):
    desk = login(producer)
    fields = {
        "producer": str(producer.organisation_public_id), "name": "靖远枸杞", "category_code": "0605",
        "county_code": "620421", "kind": "farm",
    }  # fmt: skip
    assert desk.post("/producer/products/new", data=fields).status_code == 302
    product = db.session.query(Product).one()
    pack = {"pack_spec": "500 g/袋", "unit": "bag", "net_weight_g": "500"}
    assert desk.post(f"/producer/products/{product.public_id}/skus", data=pack).status_code == 302
    sku = db.session.query(Sku).one()
    lot = {"code": "A1", "quantity": "99999999999", "produced_on": "2026-07-01"}
    assert (
        desk.post(f"/producer/lots/new?sku={sku.public_id}", data=lot | {"produced_on": "0001-01-01"}).status_code
        == 422
    )
    lot = {"code": "A1", "quantity": "120.5", "produced_on": "2026-07-01"}
    assert desk.post(f"/producer/lots/new?sku={sku.public_id}", data=lot).status_code == 302
    terms = {
        "title": "靖远枸杞", "tiers": "数量\t单价\n10\t20.00\n1,000\t18.50", "step_quantity": "5", "lead_days": "3",
        "tax_rate": "9",
    }  # fmt: skip
    assert desk.post(f"/producer/listings/new?sku={sku.public_id}", data=terms).status_code == 302
    listing = db.session.query(Listing).one()
    refused = desk.post(f"/producer/listings/{listing.public_id}/publish", follow_redirects=True)
    assert "请先提交认定材料" in text_of(refused)
    paper = {
        "product": str(product.public_id), "scheme": "county_recommendation", "county_code": "620421",
        "issuer": "靖远县乡村振兴局", "number": "R1", "valid_from": "2026-01-01", "file": (io.BytesIO(PDF), "a.pdf"),
    }  # fmt: skip
    assert desk.post("/producer/papers/eligibility/new", data=paper).status_code == 302
    basis = db.session.query(EligibilityBasis).one()
    office = login(official)
    assert "R1" in text_of(office.get("/official/papers"))
    where = f"/official/papers/eligibility/{basis.public_id}"
    assert "提交审核结果" in text_of(office.get(where))
    assert office.get(f"/files/{evidence(basis)}").data == PDF
    assert office.post(f"{where}/decide", data={"decision": "approve"}).status_code == 302

    published = login(producer).post(f"/producer/listings/{listing.public_id}/publish", follow_redirects=True)

    assert "已上架" in text_of(published)
    db.session.refresh(listing)
    assert listing.status == "listed"
    assert [(t.min_quantity, t.price_fen) for t in db.session.query(PriceTier).order_by(PriceTier.min_quantity)] == [
        (Decimal(10), 2000),
        (Decimal(1000), 1850),
    ]


def evidence(basis):
    return db.session.get_one(StoredFile, basis.evidence_file_id).public_id


def test_every_page_of_the_desk_opens(login, producer, official):
    with transaction():
        listing = make.make_listing(producer)
        sku = db.session.get_one(Sku, listing.sku_id)
        product = db.session.get_one(Product, sku.product_id)
    lot = db.session.query(Lot).one()
    basis = submit(product, producer, scheme="association", number="A1")
    desk = login(producer)

    for path in (
        "/producer/products", "/producer/products/new", f"/producer/products/{product.public_id}",
        f"/producer/products/{product.public_id}/edit", "/producer/listings", "/producer/listings/new",
        f"/producer/listings/new?sku={sku.public_id}", f"/producer/listings/{listing.public_id}",
        f"/producer/listings/{listing.public_id}/edit", "/producer/lots", "/producer/lots?show=expiring",
        "/producer/lots/new", f"/producer/lots/new?sku={sku.public_id}", f"/producer/lots/{lot.public_id}",
        "/producer/papers", "/producer/papers/eligibility/new", f"/producer/papers/certificate/new?product={product.public_id}",
        f"/producer/papers/eligibility/{basis.public_id}",
    ):  # fmt: skip
        answer = desk.get(path)
        assert answer.status_code == 200, path
    office = login(official)
    for path in (
        "/official/papers", "/official/papers?kind=certificate&status=all", f"/official/papers/eligibility/{basis.public_id}",
    ):  # fmt: skip
        assert office.get(path).status_code == 200, path


def test_what_cannot_be_read_stays_in_the_form(login, producer):
    with transaction():
        sku = make.make_sku(make.make_product(producer), producer)
    desk = login(producer)
    terms = {"title": "枸杞", "tiers": "10 20\n二十 18", "step_quantity": "1", "lead_days": "3", "tax_rate": "9"}

    wrong = desk.post(f"/producer/listings/new?sku={sku.public_id}", data=terms)
    rising = desk.post(f"/producer/listings/new?sku={sku.public_id}", data={**terms, "tiers": "10 20\n20 21"})

    assert wrong.status_code == 422
    assert "第 2 行" in text_of(wrong)
    assert "二十 18" in wrong.get_data(as_text=True)
    assert "单价不能越高" in text_of(rising)
    assert count("listings") == 0


def test_a_file_is_sent_once_even_if_the_form_comes_back(login, producer):
    with transaction():
        product = make.make_product(producer, is_eligible=False)
    desk = login(producer)
    paper = {
        "product": str(product.public_id), "scheme": "county_recommendation", "county_code": "620421", "issuer": "",
        "number": "R1", "valid_from": "2026-01-01", "file": (io.BytesIO(PDF), "a.pdf"),
    }  # fmt: skip

    first = desk.post("/producer/papers/eligibility/new", data=paper)
    kept = re.findall(r'name="evidence" value="([^"]+)"', first.get_data(as_text=True))[-1]
    forged = desk.post(
        "/producer/papers/eligibility/new", data={**paper, "issuer": "县局", "file": None, "evidence": "x"}
    )
    second = desk.post(
        "/producer/papers/eligibility/new", data={**paper, "issuer": "县局", "file": None, "evidence": kept}
    )

    without = desk.post("/producer/papers/eligibility/new", data={**paper, "issuer": "县局", "file": None})

    assert (forged.status_code, without.status_code) == (422, 422)
    assert (first.status_code, second.status_code) == (422, 302)
    assert count("eligibility_bases") == 1


def test_an_offer_changed_meanwhile_is_not_overwritten(login, producer):
    with transaction():
        listing = make.make_listing(producer)
    desk = login(producer)
    terms = {"title": "新题", "tiers": "1 19", "step_quantity": "1", "lead_days": "3", "tax_rate": "9"}

    late = desk.post(f"/producer/listings/{listing.public_id}/edit", data={**terms, "version": listing.version - 1})

    assert (late.status_code, "已被他人修改" in text_of(late)) == (409, True)
    db.session.refresh(listing)
    assert listing.title == "靖远枸杞 500 g/袋"


def test_another_producers_pages_are_not_there(login, producer):
    with transaction():
        listing = make.make_listing(producer)
        other = make.make_producer()
        sku = db.session.get_one(Sku, listing.sku_id)
        product = db.session.get_one(Product, sku.product_id)
        basis = make.make_eligibility(product, scheme="association", valid_from=date(2026, 1, 1))
    lot = db.session.query(Lot).one()
    desk = login(other)

    for path in (
        f"/producer/products/{product.public_id}", f"/producer/listings/{listing.public_id}",
        f"/producer/listings/{listing.public_id}/edit", f"/producer/listings/new?sku={sku.public_id}",
        f"/producer/lots/{lot.public_id}", f"/producer/lots/new?sku={sku.public_id}",
        f"/producer/papers/eligibility/{basis.public_id}", f"/official/papers/eligibility/{basis.public_id}",
        "/official/papers", "/operator/papers",
    ):  # fmt: skip
        assert desk.get(path).status_code == 404, path
    assert desk.post(f"/producer/lots/{lot.public_id}/write-off", data={"why": "x"}).status_code == 404
    assert desk.post(f"/producer/listings/{listing.public_id}/delist").status_code == 404


def test_a_revocation_goes_through_two_desks(login, producer, official):
    with transaction():
        listing = make.make_listing(producer)
        operator = make.make_member("operator", "operator_reviewer")
    basis = db.session.query(EligibilityBasis).one()

    where = f"/operator/papers/eligibility/{basis.public_id}"
    assert login(operator).post(f"{where}/revoke", data={"from_on": "2026-07-01", "why": "虚假"}).status_code == 302
    where = f"/official/papers/eligibility/{basis.public_id}"
    office = login(official)
    assert "撤销待复核" in text_of(office.get("/official/papers"))
    assert office.post(f"{where}/revocation", data={"outcome": "confirm"}).status_code == 302

    db.session.refresh(basis)
    assert (basis.status, basis.valid_to) == ("revoked", date(2026, 6, 30))
    assert "没有当日有效" in text_of(login(producer).get(f"/producer/listings/{listing.public_id}"))


def test_a_producer_keeps_its_profile_and_gives_a_mandate(login, session):
    with transaction():
        organisation = make.make_organisation("producer")
        member = make.make_member("producer", organisation=organisation)
        agent = make.make_member("agent")
    desk = login(member)
    assert "才能登记产品" in text_of(desk.get("/producer/profile"))
    facts = {"form": "cooperative", "county_code": "620421", "food_licence": "SC10462042100017", "intro": "枸杞"}
    assert desk.post("/producer/profile", data={**facts, "food_licence": "SC1"}).status_code == 422
    assert desk.post("/producer/profile", data=facts).status_code == 302
    helped = {"year": "2026", "way": "work", "basis": "actual", "households": "12", "persons": "40"}
    assert desk.post("/producer/profile/benefits", data=helped).status_code == 302
    assert desk.post("/producer/profile/benefits", data=helped).status_code == 409
    given = {"agent": str(agent.organisation_public_id), "valid_from": "2026-07-01"}
    paper = {"evidence": (io.BytesIO(b"%PDF-1.7\n%%EOF\n"), "授权书.pdf")}
    assert desk.post("/producer/profile/mandates", data={**given, **paper}).status_code == 302

    page = desk.get("/producer/profile")
    mandate = re.findall(r"/producer/profile/mandates/([0-9a-f-]{36})/end", page.get_data(as_text=True))[0]
    ended = desk.post(f"/producer/profile/mandates/{mandate}/end", data={"last_on": "2026-07-14"})

    assert ended.status_code == 302
    assert "2026-07-14" in text_of(desk.get("/producer/profile"))
    evidence = re.findall(r"/files/[0-9a-f-]{36}", login(agent).get("/producer/profile").text)[0]
    assert login(agent).get(evidence).data == b"%PDF-1.7\n%%EOF\n"
    assert login(make.make_member("agent")).get(evidence).status_code == 404
    assert login(agent).post("/producer/profile", data=facts).status_code == 404


def test_counties_count_and_show_only_what_can_be_ordered_today(client, producer):
    with transaction():
        shown = make.make_listing(producer)
        gone = make.make_producer()
        for _ in range(13):  # one more than a county's page shows, all newer
            make.make_listing(producer)
        make.make_listing(gone)
        newest = db.session.query(Listing).filter(
            Listing.id > shown.id, Listing.producer_id == producer.organisation_id
        )
        products = db.session.query(Sku.product_id).filter(Sku.id.in_(newest.with_entities(Listing.sku_id)))
        db.session.query(EligibilityBasis).filter(EligibilityBasis.product_id.in_(products)).update(
            {"valid_to": date(2026, 7, 14)}, synchronize_session=False
        )
        db.session.get_one(Organisation, gone.organisation_id).suspended_at = make.LONG_AGO

    county = client.get("/counties/620421").get_data(as_text=True)
    listed = client.get("/counties?q=jingyuan").get_data(as_text=True)

    assert re.findall(r"在售 (\d+)", listed) == ["1"]
    assert (str(shown.public_id) in county, county.count('href="/products/'), "现在没有在售产品" in county) == (
        True,
        1,
        False,
    )
