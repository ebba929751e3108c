"""Papers: handed in by one, decided by another, revoked by two."""

from datetime import date

import pytest

from catalog.papers import revocations, services
from catalog.papers.models import EligibilityBasis
from catalog.papers.numbers import number_warnings
from catalog.papers.queries import NoSuchPaper, is_in_force, list_papers
from catalog.products.queries import list_offers
from shop.db import db, transaction
from shop.files import services as files
from shop.identity.models import AuthorityScope
from tests import factories as make
from tests.conftest import NOON, count

TODAY = date(2026, 7, 15)
PDF = b"%PDF-1.4\n%%EOF\n"


def authority(division="620000", role="authority_confirmer"):
    organisation = make.make_organisation("authority", division_code=division)
    db.session.add(
        AuthorityScope(
            organisation_id=organisation.id, kind="division", division_code=division, valid_from=date(2019, 1, 1)
        )
    )
    db.session.flush()
    return make.make_member("authority", role, organisation=organisation)


@pytest.fixture
def producer(session):
    with transaction():
        return make.make_producer()


@pytest.fixture
def product(producer):
    with transaction():
        return make.make_product(producer, is_eligible=False)


@pytest.fixture
def official(session):
    with transaction():
        return authority()


def submit(product, producer, **changes):
    values = {
        "product": product.public_id, "scheme": "county_recommendation", "county_code": "620421", "issuer": "县局",
        "number": "R1", "valid_from": date(2026, 1, 1), "valid_to": date(2027, 12, 31), **changes,
    }  # fmt: skip
    with transaction():
        file = files.store(PDF, "basis.pdf", producer)
        return services.submit_eligibility(services.NewBasis(**values), producer, at=NOON, evidence_file_id=file.id)


def certify(producer, **changes):
    values = {
        "scheme": "green_food", "issuer": "中国绿色食品发展中心", "number": "LB-01-2601010001A", "scope": "枸杞",
        "valid_from": date(2026, 1, 1), "valid_to": date(2028, 12, 31), **changes,
    }  # fmt: skip
    with transaction():
        file = files.store(PDF, "certificate.pdf", producer)
        new = services.NewCertificate(**values)
        return services.submit_certificate(new, producer, at=NOON, evidence_file_id=file.id)


def decide(paper, actor, *, approve=True, reason="", kind="eligibility"):
    with transaction():
        return services.decide_paper(kind, paper.public_id, actor, is_approved=approve, reason=reason, at=NOON)


def test_a_basis_waits_for_another_persons_decision(product, producer, official):
    basis = submit(product, producer)
    assert (basis.status, is_in_force(basis, TODAY)) == ("pending", False)

    decide(basis, official)

    assert (basis.status, basis.decided_by, basis.decided_at) == ("in_force", official.user_id, NOON)
    assert is_in_force(basis, TODAY)
    assert not is_in_force(basis, date(2028, 1, 1))
    with pytest.raises(services.PaperDecided):
        decide(basis, official, approve=False, reason="x")


def test_a_refusal_needs_a_reason(product, producer, official):
    basis = submit(product, producer)

    with pytest.raises(services.BadPaper):
        decide(basis, official, approve=False)
    decide(basis, official, approve=False, reason="印章不清")

    assert (basis.status, basis.reason) == ("refused", "印章不清")


def test_nobody_decides_on_what_they_recorded(product, producer, official):
    basis = submit(product, producer)
    with transaction():
        basis.recorded_by = official.user_id

    with pytest.raises(services.SamePerson):
        decide(basis, official)

    db.session.refresh(basis)
    assert basis.status == "pending"


def test_another_countys_official_does_not_see_it(product, producer):
    basis = submit(product, producer)
    with transaction():
        elsewhere = authority("522300")

    with pytest.raises(NoSuchPaper):
        decide(basis, elsewhere)

    assert list_papers("eligibility", elsewhere, TODAY) == []
    assert basis.status == "pending"


def test_a_paper_is_handed_in_with_its_evidence(product, producer):
    new = services.NewBasis(product.public_id, "association", "620421", "协会", "A1", date(2026, 1, 1))

    with pytest.raises(services.EvidenceMissing), transaction():
        services.submit_eligibility(new, producer, at=NOON, evidence_file_id=None)

    assert count("eligibility_bases") == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scheme": "green_food"}, "scheme"),
        ({"county_code": "110101"}, "county_code"),
        ({"number": " "}, "number"),
        ({"valid_to": date(2025, 12, 31)}, "valid_to"),
        ({"scheme": "national_directory", "valid_from": date(2020, 1, 1), "valid_to": date(2021, 12, 1)}, "valid_to"),
        ({"scheme": "association", "valid_from": date(2023, 12, 31)}, "valid_from"),
    ],
)
def test_a_basis_that_makes_no_sense_is_refused(product, producer, changes, field):
    with pytest.raises(services.BadPaper) as refusal:
        submit(product, producer, **changes)

    assert refusal.value.members["errors"][0]["pointer"] == f"#/{field}"
    assert count("eligibility_bases") == 0


def test_two_of_a_scheme_are_never_in_force_on_one_day(product, producer, official):
    decide(submit(product, producer), official)
    second = submit(product, producer, number="R2", valid_from=date(2027, 12, 31), valid_to=None)

    with pytest.raises(services.PaperOverlaps):
        decide(second, official)

    db.session.refresh(second)
    assert second.status == "pending"


def test_a_certificate_never_makes_a_product_eligible(product, producer, official):
    with transaction():
        listing = make.make_listing(producer, product=product, status="draft")
    decide(certify(producer, product=product.public_id), official, kind="certificate")
    decide(certify(producer, number="LB-01-2601010002A"), official, kind="certificate")

    (offer,) = list_offers([listing.id], TODAY)

    assert [c.number for c in offer.certificates] == ["LB-01-2601010001A", "LB-01-2601010002A"]
    assert offer.eligibility is None
    assert count("eligibility_bases") == 0


def test_a_paper_can_be_taken_back_while_it_waits(product, producer, official):
    basis = submit(product, producer)

    with transaction():
        services.withdraw_paper("eligibility", basis.public_id, producer, at=NOON)

    assert basis.status == "withdrawn"
    with pytest.raises(services.PaperDecided):
        decide(basis, official)


def propose(basis, actor, day):
    with transaction():
        return revocations.propose_revocation(
            "eligibility", basis.public_id, actor, from_on=day, reason="虚假材料", at=NOON
        )


def confirm(basis, actor, *, is_confirmed=True):
    with transaction():
        return revocations.decide_revocation(
            "eligibility", basis.public_id, actor, is_confirmed=is_confirmed, reason="", at=NOON
        )


def test_a_revocation_that_looks_back_takes_two_persons(product, producer, official):
    basis = submit(product, producer)
    decide(basis, official)
    with transaction():
        reviewer = authority("620421", "authority_reviewer")

    propose(basis, reviewer, date(2026, 3, 1))
    assert is_in_force(basis, TODAY)
    confirm(basis, official)

    assert (basis.status, basis.valid_to) == ("revoked", date(2026, 2, 28))
    assert is_in_force(basis, date(2026, 2, 28))
    assert not is_in_force(basis, date(2026, 3, 1))


def test_who_proposes_a_revocation_does_not_confirm_it(product, producer, official):
    basis = submit(product, producer)
    decide(basis, official)
    propose(basis, official, date(2026, 3, 1))

    with pytest.raises(services.SamePerson):
        confirm(basis, official)
    with pytest.raises(revocations.RevocationProposed):
        propose(basis, official, date(2026, 4, 1))

    db.session.refresh(basis)
    assert (basis.status, basis.valid_to) == ("in_force", date(2027, 12, 31))


def test_a_paper_revoked_from_its_beginning_never_held(product, producer, official):
    basis = submit(product, producer)
    decide(basis, official)
    with transaction():
        operator = make.make_member("operator", "operator_reviewer")
    propose(basis, operator, date(2020, 1, 1))

    confirm(basis, official)

    assert (basis.status, is_in_force(basis, date(2026, 1, 1))) == ("annulled", False)


def test_a_refused_proposal_changes_nothing(product, producer, official):
    basis = submit(product, producer)
    decide(basis, official)
    with transaction():
        operator = make.make_member("operator", "operator_reviewer")
    propose(basis, operator, date(2026, 3, 1))

    confirm(basis, official, is_confirmed=False)

    assert (basis.status, basis.valid_to) == ("in_force", date(2027, 12, 31))
    with pytest.raises(revocations.NoRevocation):
        confirm(basis, official)


def test_the_queue_is_oldest_first_and_has_the_revocations_too(product, producer, official):
    first = submit(product, producer)
    second = submit(product, producer, scheme="association", number="A1")
    decide(first, official)

    assert [row.paper.id for row in list_papers("eligibility", official, TODAY, statuses=["to_decide"])] == [second.id]
    propose(first, official, date(2026, 3, 1))

    assert [row.paper.id for row in list_papers("eligibility", official, TODAY, statuses=["to_decide"])] == [
        first.id,
        second.id,
    ]


def test_numbers_and_places_are_hints_only(product, producer, official):
    assert number_warnings("organic", "123", "620421") == ["有机码应为17位数字。"]
    assert number_warnings("organic", "1" * 17, "620421") == []
    assert number_warnings("green_food", "LB-46-20010912345A", "620421") == []
    assert number_warnings("green_food", "GF620421201234", "620421") == []
    assert number_warnings("green_food", "GF640521201234", "620421") == ["编号中的地区码 640521 与产地 620421 不同。"]
    basis = submit(product, producer, county_code="620422")
    row = list_papers("eligibility", official, TODAY)[0]
    warnings = services.paper_warnings(row)

    assert warnings[-1] == "认定县 620422 与产品产地 620421 不同。"
    decide(basis, official)
    assert db.session.get_one(EligibilityBasis, basis.id).status == "in_force"
