"""The demo's plan: the published sum is exact, and the same seed tells the same story."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

from stdnum.cn import uscc

from admin.demo import jingyuan, names, plan, shelf
from admin.demo.cast import BEGINNING

OFFERS = [
    plan.Offer(
        place,
        f"maker:{place // 2}",
        "620421" if place < 3 else "640323",
        Decimal(5),
        Decimal(1),
        2600 + place,
        BEGINNING,
    )
    for place in range(9)
]
BUYERS = [plan.Buyer(0, "school", 2, ("620421",)), plan.Buyer(1, "company", 4, ())]


def test_the_published_case_adds_up_to_the_fen():
    filings = jingyuan.filings()

    assert sum(filing.amount_fen for filing in filings) == 2_624_000_000
    assert sum(filing.people_helped for filing in filings) == 1_500
    assert {filing.seller for filing in filings} == set(range(9))
    assert {filing.buyer for filing in filings} == set(range(11))
    assert {line.category_code for filing in filings for line in filing.lines} == {"0605", "0802", "0604"}
    assert min(filing.sold_from for filing in filings) == date(2020, 1, 1)
    assert max(filing.sold_to for filing in filings) == date(2020, 7, 13)


def test_three_thousand_procurements_in_time_order_from_the_seed():
    made = plan.plans(BUYERS, OFFERS)

    assert made == plan.plans(BUYERS, OFFERS)
    assert len(made) == 3000
    assert [one.at for one in made] == sorted(one.at for one in made)
    assert Counter(one.at.year for one in made) == plan.PER_YEAR
    assert all(want.quantity >= 5 and want.quantity % 1 == 0 for one in made for want in one.wants)
    assert {one.fate for one in made} == {"normal", "declined", "lapsed", "cancelled_by_buyer", "cancelled_by_producer"}


def test_made_up_credit_codes_are_well_formed_and_differ():
    codes = [names.credit_code("91", "620421", serial) for serial in range(200)]

    assert all(uscc.is_valid(code) for code in codes)
    assert len(set(codes)) == 200


def test_every_sample_product_has_a_maker_in_its_county():
    samples = shelf.read_samples()

    assert len(samples) == 500
    assert all(
        sample.maker.startswith("case_seller:")
        if sample.row["county_code"] == "620421"
        else sample.maker.split(":")[1] == sample.row["county_code"]
        for sample in samples
    )


def test_nothing_is_wanted_before_it_is_on_sale():
    samples = shelf.read_samples()
    joins = {sample.serial: sample.joins_at for sample in samples}

    made = plan.plans(BUYERS, shelf.plan_offers(samples))

    assert [want.listing for one in made for want in one.wants if joins[want.listing] > one.at] == []
    assert sum(joins[serial] == BEGINNING for serial in joins) == 129
