"""Idempotency keys and faults: what a caller may meet between asking and knowing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

ORDER = {"amount": 10000, "currency": "cny"}
INTENTS = "/v1/payment_intents"


def create(client, key, **values):
    return client.v1.payment_intents.create({**ORDER, **values}, {"idempotency_key": key})


def error_of(refusal):
    return refusal.value.json_body["error"]


def replayed(refusal):
    return refusal.value.headers["Idempotent-Replayed"] == "true"


def count(double):
    return len(double.of_type("payment_intent.created"))


def test_the_same_key_and_parameters_answer_the_same_again(double, client):
    first, again = create(client, "k1"), create(client, "k1")

    assert again.id == first.id
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == first.last_response.request_id
    assert again.last_response.request_id != first.last_response.request_id
    assert count(double) == 1


def test_the_same_key_with_other_parameters_is_refused(double, client):
    create(client, "k1")
    with pytest.raises(stripe.IdempotencyError) as refusal:
        create(client, "k1", amount=1)

    assert (refusal.value.http_status, count(double)) == (400, 1)


def test_a_key_is_forgotten_after_a_day(double, client):
    first = create(client, "k1")
    double.clock.advance(days=1)

    assert create(client, "k1").id != first.id


def test_a_refusal_is_kept_once_execution_began(double, client, paid):
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create({"charge": paid[1], "amount": 10001}, {"idempotency_key": "r1"})
    assert replayed(refusal)


def test_what_is_outside_the_contract_keeps_nothing(double, client):
    with pytest.raises(stripe.InvalidRequestError):
        create(client, "k1", amount="1.5")
    double.violations.clear()

    assert create(client, "k1").amount == 10000


def test_a_second_request_while_the_first_runs_is_refused(double, client):
    held = double.faults.hold("post", INTENTS)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(create, client, "k1")
        assert held.reached.wait(10)
        with pytest.raises(stripe.APIError) as refusal:
            create(double.client(), "k1")
        held.resume()
        made = first.result(10)

    assert (refusal.value.http_status, error_of(refusal)["code"]) == (409, "idempotency_key_in_use")
    assert create(client, "k1").id == made.id
    assert count(double) == 1


def test_a_lost_answer_is_found_again_under_its_key(double, client):
    double.faults.lose_answer("post", INTENTS)
    with pytest.raises(stripe.APIConnectionError):
        create(client, "k1")
    assert count(double) == 1

    assert create(client, "k1").id == double.events[0]["data"]["object"]["id"]
    assert count(double) == 1


def test_the_library_finds_a_lost_answer_by_itself(double):
    double.faults.lose_answer("post", INTENTS)
    intent = double.client(max_network_retries=1).v1.payment_intents.create(ORDER)

    assert double.of_type("payment_intent.created")[0]["data"]["object"]["id"] == intent.id
    assert count(double) == 1


def test_a_failure_before_execution_keeps_nothing(double, client):
    double.faults.fail_before("post", INTENTS)
    with pytest.raises(stripe.APIError) as refusal:
        create(client, "k1")
    assert (refusal.value.http_status, count(double)) == (500, 0)

    create(client, "k1")
    assert count(double) == 1


def test_a_failure_after_execution_is_kept_as_the_answer(double, client):
    double.faults.fail_after("post", INTENTS)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as refusal:
            create(client, "k1")

    assert replayed(refusal)
    assert count(double) == 1


def test_too_many_requests(double, client):
    double.faults.rate_limit("get", "/v1/payment_intents/{intent}", times=1)
    intent = create(client, "k1")
    with pytest.raises(stripe.RateLimitError):
        client.v1.payment_intents.retrieve(intent.id)

    assert client.v1.payment_intents.retrieve(intent.id).id == intent.id
