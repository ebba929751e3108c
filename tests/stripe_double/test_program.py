"""The double as a program that a person starts."""

import signal
import subprocess
import sys

import stripe


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
