"""A recall that begins at the source: the batch is stopped, and every lot made of it is called back under one recall."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from catalog.lots import lifting, recalls
from catalog.lots.batches.acts import BatchNotOpen
from catalog.lots.batches.models import Batch
from catalog.lots.lifting import LiftedByAnother
from catalog.lots.models import Lot
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories as make
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON, count
from tests.traceability.events import document
from tests.traceability.test_planted import made
from traceability.journey.events import CONTEXTS
from traceability.journey.goods import lots_of
from traceability.repository.models import TraceEvent
from traceability.standard.validation import problems_of_event

KEY = "k" * 32


@pytest.fixture
def farm(session) -> Farm:
    return make_farm()


def colleague(farm: Farm) -> Actor:
    organisation = db.session.get_one(Organisation, farm.actor.organisation_id)
    return make.make_member("producer", "producer_clerk", organisation=organisation)


def statuses() -> tuple[list[str], list[str]]:
    """The statuses of batches and of lots, in their order."""
    sql = "SELECT status FROM {} ORDER BY id"
    batches, lots = (list(db.session.scalars(text(sql.format(table)))) for table in ("batches", "lots"))
    return batches, lots


def sold(lot: Lot, to: Actor, by: Actor) -> None:
    values = {"lot": lot.id, "by": by.organisation_id, "to": to.organisation_id}
    with transaction():
        db.session.execute(
            text("""
                INSERT INTO trace_consignments (movement_id, lot_id, consignor_id, consignee_id, order_ref, order_number,
                    shipment_ref, shipment_number, quantity, unit, shipped_at)
                SELECT id, lot_id, :by, :to, gen_random_uuid(), 'DD-' || id, gen_random_uuid(), 'FH-1', 2, 'bag', at
                FROM lot_movements WHERE lot_id = :lot AND kind = 'born'"""),
            values,
        )


def test_a_batch_is_called_back_with_all_that_was_made_of_it_under_one_recall(farm, login, deliver):
    batch, other = farm.harvest("100", code="H"), farm.harvest("50", code="O")
    first = farm.pack(batch, "10", code="L1")
    dried = farm.process({batch: "20"}, "10", "0.5", code="D")
    second, safe = farm.pack(dried, "4", code="L2"), farm.pack(other, "4", code="L3")
    school = make.make_member(organisation=make_school())
    for lot in (first, second):
        sold(lot, school, farm.actor)
    deliver()
    desk = login(farm.actor)
    where = f"/producer/batches/{batch.public_id}/recall"
    page = desk.get(where).text

    refused = desk.post(where, data={"reason": " ", "idempotency_key": "x" * 32})
    answer = desk.post(where, data={"reason": "农残超标", "level": "one", "idempotency_key": KEY})
    deliver()

    assert "余量 75 公斤；由它制成 2 个包装批次，发往 1 家单位、2 个订单。" in page
    assert refused.status_code == 422
    [recall_id] = db.session.scalars(text("SELECT DISTINCT recall_id FROM lot_recalls"))
    assert (answer.status_code, answer.location) == (302, f"/producer/recalls/{recall_id}")
    assert statuses() == (["recalled", "open", "recalled"], ["recalled", "recalled", "open"])
    rows = db.session.execute(text("SELECT lot_id, is_root, reason FROM lot_recalls ORDER BY lot_id")).all()
    assert [tuple(row) for row in rows] == [(first.id, True, "农残超标"), (second.id, False, "农残超标")]
    assert count("trace_recall_tellings") == 2
    assert "DD-" in login(school).get(f"/desk/recalls/{recall_id}").text
    with pytest.raises(BatchNotOpen):
        farm.pack(batch, "1", code="L4")
    assert farm.pack(other, "1", code="L5").status == "open"
    assert safe.status == "open"


def make_school() -> Organisation:
    with transaction():
        return make.make_organisation(name="甲学校")


def test_a_batch_of_which_nothing_was_packed_is_stopped_and_lifted_by_another_person(farm, login):
    batch = farm.harvest("100", code="H")
    where = f"/producer/batches/{batch.public_id}/recall"
    desk = login(farm.actor)
    desk.post(where, data={"reason": "农残超标", "level": "one", "idempotency_key": KEY})
    before = statuses()

    own = desk.post(f"{where}/lift", data={"reason": "看错", "idempotency_key": "a" * 32})
    shown = desk.get(where).text
    other = login(colleague(farm)).post(f"{where}/lift", data={"reason": "看错", "idempotency_key": "b" * 32})

    assert before == (["recalled"], [])
    assert "已召回" in shown
    assert (own.status_code, other.status_code, statuses()) == (409, 302, (["open"], []))
    assert farm.pack(batch, "1").status == "open"
    with pytest.raises(Exception, match="only lifted"), transaction():
        db.session.execute(text("UPDATE batch_recalls SET reason = 'x'"))


def test_what_a_recall_of_a_batch_and_one_of_a_lot_reach_is_free_when_both_are_lifted(farm):
    batch = farm.harvest("100", code="H")
    first, second = farm.pack(batch, "10", code="L1"), farm.pack(batch, "10", code="L2")
    person = colleague(farm)
    with transaction():
        recalls.recall([first.id], reason="破袋", actor=farm.actor, at=NOON)
        own = recalls.find_recall(first.id, farm.actor.organisation_id)
        whole = recalls.recall_batch(batch.id, [], reason="农残", actor=farm.actor, at=NOON)
        again = recalls.recall_batch(batch.id, [], reason="农残", actor=farm.actor, at=NOON)
    assert (again, statuses()) == (whole, (["recalled"], ["recalled", "recalled"]))

    def lift(recall_id: Any) -> list[int]:
        with transaction():
            return lifting.lift(recall_id, reason="查清", actor=person, at=NOON)

    with pytest.raises(LiftedByAnother), transaction():
        lifting.lift(whole, reason="查清", actor=farm.actor, at=NOON)
    assert (lift(own), statuses()) == ([], (["recalled"], ["recalled", "recalled"]))
    assert (sorted(lift(whole)), statuses()) == ([first.id, second.id], (["open"], ["open", "open"]))
    with transaction():
        recalls.recall([first.id], reason="破袋", actor=farm.actor, at=NOON)
        third = recalls.recall_batch(batch.id, [], reason="农残", actor=farm.actor, at=NOON)
    assert (lift(third), statuses()) == ([second.id], (["open"], ["recalled", "open"]))


def test_lots_that_events_say_were_made_of_the_batch_are_called_back_too_also_when_told_later(
    farm, client, bearer, deliver, login
):
    batch = farm.harvest("100", code="H")
    with transaction():
        told, later = (make.make_lot(farm.sku, farm.actor, "10", lot_code=code) for code in ("E1", "E2"))
    deliver()
    [uri] = db.session.scalars(text("SELECT uri FROM trace_epcs WHERE uri LIKE '%/10/H'"))

    def capture(lot: Lot) -> None:
        body = document(made(uri, lots_of([lot.id])[lot.id].uri))
        assert client.post("/epcis/capture", json=body, headers=bearer(farm.actor)).status_code == 202
        deliver()

    capture(told)
    where = f"/producer/batches/{batch.public_id}/recall"
    login(farm.actor).post(where, data={"reason": "农残超标", "level": "one", "idempotency_key": KEY})
    deliver()
    assert statuses() == (["recalled"], ["recalled", "open"])

    capture(later)

    assert statuses() == (["recalled"], ["recalled", "recalled"])


def test_anothers_batch_is_not_called_back(farm, login):
    batch = farm.harvest("100", code="H")
    where = f"/producer/batches/{batch.public_id}/recall"
    stranger = login(make_farm().actor)

    answers = [stranger.get(where), stranger.post(where, data={"reason": "x", "idempotency_key": KEY})]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert (db.session.get_one(Batch, batch.id).status, count("batch_recalls")) == ("open", 0)
    assert Decimal(100) == batch.on_hand_kg


def test_a_recall_is_an_event_of_each_lot_that_is_declared_wrong_when_it_is_lifted(farm, deliver, client):
    batch = farm.harvest("100", code="H")
    first, second = farm.pack(batch, "10", code="L1"), farm.pack(batch, "10", code="L2")
    person = colleague(farm)
    with transaction():
        recalls.recall([first.id], reason="破袋", actor=farm.actor, at=NOON)
        own = recalls.find_recall(first.id, farm.actor.organisation_id)
        whole = recalls.recall_batch(batch.id, [], reason="农残", actor=farm.actor, at=NOON)
    deliver(times=2)
    query = select(TraceEvent.document).where(TraceEvent.disposition.like("%-recalled")).order_by(TraceEvent.id)

    def told() -> list[tuple[str, str, bool]]:
        return sorted(
            (
                each["quantityList"][0]["epcClass"][-2:],
                each["bizTransactionList"][0]["bizTransaction"].removeprefix("urn:uuid:"),
                "errorDeclaration" in each,
            )
            for each in db.session.scalars(query)
        )

    before = told()
    page = client.get(f"/trace/lots/{first.public_id}").text
    with transaction():
        lifting.lift(whole, reason="查清", actor=person, at=NOON)
    deliver(times=2)

    whole_, own_ = str(whole), str(own)
    standing = [("L1", own_, False), ("L1", whole_, False), ("L2", whole_, False)]
    assert before == sorted(standing)
    assert told() == sorted([*standing, ("L1", whole_, True), ("L2", whole_, True)])
    assert '<span class="what">召回</span>' in page
    assert '<span class="what">召回</span>' not in client.get(f"/trace/lots/{second.public_id}").text
    [event] = [each for each in db.session.scalars(query) if own_ in str(each)]
    assert problems_of_event({"@context": list(CONTEXTS), **event}) == []


def test_a_recall_of_a_batch_whose_lots_are_called_back_already_is_shown_by_its_first_lot(farm, login, deliver):
    batch = farm.harvest("100", code="H")
    lot = farm.pack(batch, "10", code="L1")
    school = make.make_member(organisation=make_school())
    sold(lot, school, farm.actor)
    with transaction():
        recalls.recall([lot.id], reason="破袋", actor=farm.actor, at=NOON)
    deliver()

    answer = login(farm.actor).post(
        f"/producer/batches/{batch.public_id}/recall",
        data={"reason": "农残超标", "level": "one", "idempotency_key": KEY},
    )
    deliver()

    assert answer.status_code == 302
    assert "农残超标" in login(farm.actor).get(answer.location).text
    assert "农残超标" in login(school).get(answer.location.replace("/producer/", "/desk/")).text
