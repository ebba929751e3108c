"""The contract that is read from the installed package, and the checker over it."""

import json
from pathlib import Path

import pytest
import stripe

from tests.stripe_double import checker, contract, forms

#: A description of the same version made elsewhere, where this machine has it.
ELSEWHERE = Path(__file__).resolve().parents[3] / "shared" / "stripe" / "spec3.trimmed.json"


def wrong(method: str, path: str, body: str = "") -> list[str]:
    """What the checker finds wrong, each as Stripe names the parameter."""
    found = contract.find(method, path)
    assert found is not None
    values = forms.read_json(body) if found[0].is_v2 and method == "post" else forms.decode(body)
    form = not found[0].is_v2 or method == "get"
    return [violation.where for violation in checker.check(values, found[0].shape, form=form)[1]]


def test_contract_is_that_of_the_pinned_version():
    assert contract.VERSION == "2026-10-28.endive"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "post",
            "/v1/payment_intents",
            "amount=100&currency=cny&automatic_payment_methods[enabled]=true&metadata[order]=7",
        ),
        ("post", "/v1/payment_intents", "amount=100&currency=cny&allowed_payment_method_types[0]=alipay&confirm=false"),
        ("post", "/v1/payment_intents", "amount=1&currency=cny&payment_method_options[wechat_pay][client]=web"),
        ("post", "/v1/payment_intents/pi_1/cancel", "cancellation_reason=abandoned"),
        ("get", "/v1/payment_intents/search", "query=metadata['order']:'7'"),
        ("get", "/v1/payment_intents/pi_1", "expand[0]=latest_charge.balance_transaction"),
        ("get", "/v1/balance_transactions", "created[gte]=1&created[lt]=2&type=charge&limit=100"),
        ("post", "/v1/refunds", "charge=ch_1&amount=50&reason=duplicate&metadata[a]="),
        ("post", "/v1/transfers", "amount=1&currency=cny&destination=acct_1&source_transaction=ch_1"),
        ("post", "/v1/transfers/tr_1/reversals", "amount=1"),
        ("post", "/v1/invoices", "customer=cus_1&collection_method=send_invoice&days_until_due=30"),
        ("post", "/v2/core/accounts", '{"contact_email": "a@b.cn", "include": ["requirements"]}'),
        ("get", "/v2/core/accounts/acct_1", "include[0]=requirements"),
    ],
)
def test_right_parameters_pass(method, path, body):
    assert wrong(method, path, body) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("post", "/v1/payment_intents", "amount=100&currency=cny&payment_method_types[0]=card", ["payment_method_types"]),
        ("post", "/v1/payment_intents", "amount=1&currency=cny&automatic_payment_methods[enable]=true",
         ["automatic_payment_methods[enable]", "automatic_payment_methods[enabled]"]),
        ("post", "/v1/payment_intents", "amount=10.5&currency=cny", ["amount"]),
        ("post", "/v1/payment_intents", "amount=1&currency=cny&allowed_payment_method_types[0]=wechat",
         ["allowed_payment_method_types[0]"]),
        ("post", "/v1/payment_intents", "amount=1&currency=cny&confirm=yes", ["confirm"]),
        ("post", "/v1/payment_intents", "currency=cny&description=", ["description", "amount"]),
        ("post", "/v1/payment_intents", "amount=1&currency=cny&metadata=x", ["metadata"]),
        ("post", "/v1/refunds", "charge=ch_1&reason=changed_mind", ["reason"]),
        ("post", "/v1/transfers", "amount=1&currency=cny", ["destination"]),
        ("get", "/v1/balance_transactions", "created[since]=1", ["created[since]"]),
        ("post", "/v2/core/account_links", ('{"account": "acct_1", "use_case": {"type": "account_onboarding",'
         ' "account_onboarding": {"refresh_url": "x", "configurations": ["recipient"]}}}'),
         ["use_case[account_onboarding][configurations]"]),
        ("post", "/v2/core/accounts", '{"contact_email": 5}', ["contact_email"]),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(method, path, body, where):
    assert wrong(method, path, body) == where


def test_values_come_out_in_their_types():
    found = contract.find("post", "/v1/payment_intents/pi_7/confirm")
    assert found is not None
    operation, ids = found
    values = forms.decode("off_session=true&return_url=x&expand[]=latest_charge&expand[]=customer")

    checked = checker.check(values, operation.shape, form=True)

    assert ids == {"intent": "pi_7"}
    assert checked == ({"off_session": True, "return_url": "x", "expand": ["latest_charge", "customer"]}, [])


def test_what_the_library_itself_sends_is_within_the_contract(double, client):
    intent = client.v1.payment_intents.create(
        {
            "amount": 100,
            "currency": "cny",
            "allowed_payment_method_types": ["card", "alipay"],
            "metadata": {"order": "7"},
            "shipping": {"name": "张三", "address": {"city": "遵义", "country": "CN"}},
        }
    )

    assert intent.metadata["order"] == "7"
    assert double.violations == []


def test_a_request_outside_the_contract_is_refused_and_remembered(double, client):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.create({"amount": 100, "currency": "cny", "payment_method_types": ["card"]})

    assert (refusal.value.http_status, refusal.value.code) == (400, "parameter_unknown")
    assert refusal.value.param == "payment_method_types"
    assert double.violations == [
        "POST /v1/payment_intents: payment_method_types: Received unknown parameter: payment_method_types"
    ]
    assert double.events == []
    double.violations.clear()


def test_an_operation_that_is_not_played_is_remembered_too(double, client):
    with pytest.raises(stripe.InvalidRequestError, match="does not play"):
        client.v1.charges.create({"amount": 1, "currency": "cny"})

    assert double.violations == ["POST /v1/charges: This double does not play that operation."]
    double.violations.clear()


def test_another_version_is_remembered(double):
    with pytest.raises(stripe.InvalidRequestError):
        double.client(stripe_version="2023-08-16").v1.balance.retrieve()

    assert double.violations == ["GET /v1/balance: The version is not 2026-10-28.endive."]
    double.violations.clear()


def test_operations_and_their_parameters_are_those_of_a_description_made_elsewhere():
    if not ELSEWHERE.exists():
        pytest.skip(f"There is no {ELSEWHERE}, so the contract is compared with nothing.")
    document = json.loads(ELSEWHERE.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]

    def names(operation):
        content = operation.get("requestBody", {}).get("content", {})
        found: dict[str, str] = operation.get("x-query-schema") or next((one["schema"] for one in content.values()), {})
        return set(schemas[found["$ref"].rsplit("/", 1)[1]]["properties"]) if "$ref" in found else set()

    theirs = {(verb, path): names(one) for path, verbs in document["paths"].items() for verb, one in verbs.items()}
    ours = {key: set(checker.names(one.shape)) for key, one in contract.operations().items()}

    def template(path):
        return path.split("/{")[0], path.count("{"), path.rsplit("}", 1)[-1]

    known = {(verb, template(path)): params for (verb, path), params in theirs.items()}
    assert {key: params for key, params in ours.items() if known.get((key[0], template(key[1]))) != params} == {}
