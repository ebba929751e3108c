"""The double as a program that a person starts."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import stripe

from tests.stripe_double.__main__ import read
from tests.stripe_double.webhooks import SECRETS

DOCS = Path(__file__).parents[2] / "docs" / "stripe.md"


def test_the_program_says_where_it_is_and_answers():
    command = [sys.executable, "-m", "tests.stripe_double", "--port", "0", "--webhook", "http://127.0.0.1:9/hook"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            lines = [running.stdout.readline().strip() for _ in range(6)]
            address = lines[1].removeprefix("STRIPE_API_BASE=")
            client = stripe.StripeClient("sk_test_1", base_addresses={"api": address}, max_network_retries=0)
            intent = client.v1.payment_intents.create({"amount": 1, "currency": "cny"})
        finally:
            running.send_signal(signal.SIGINT)

    assert intent.status == "requires_payment_method"
    assert lines[2] == f"STRIPE_JS_URL={address}/v3/"
    assert lines[3] == "Secret of the platform endpoint: whsec_double_platform_0123456789abcdef"
    assert running.returncode == 0


def test_the_steps_in_the_documents_are_those_of_the_program_and_of_our_endpoints(app):
    first, second = re.findall(r"```sh\n(.*?)```", DOCS.read_text(), re.DOTALL)[:2]
    command, run = (shlex.split(each.replace("\\\n", " ")) for each in (first, second))
    assert (command[1:3], run[-2:]) == (["-m", "tests.stripe_double"], ["make", "run"])
    asked = read(command[3:])
    settings = dict(part.split("=", 1) for part in run[:-2])

    base = f"http://127.0.0.1:{asked.port}"
    assert (settings["STRIPE_API_BASE"], settings["STRIPE_JS_URL"]) == (base, f"{base}/v3/")
    assert settings["STRIPE_WEBHOOK_SECRETS"] == f"{SECRETS['platform']},{SECRETS['connect']}"
    assert settings["STRIPE_THIN_SECRETS"] == SECRETS["thin"]
    hooks = {rule.rule for rule in app.url_map.iter_rules()}
    for address in (asked.webhook, asked.connect_webhook, asked.thin_webhook):
        assert address.removeprefix("http://127.0.0.1:8000") in hooks
    assert settings.keys() <= {name for name in app.config if name.startswith("STRIPE_")}
