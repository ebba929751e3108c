"""Runs the double for a person: ``python -m tests.stripe_double --port 8420 --webhook http://127.0.0.1:8000/…``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from tests.stripe_double.double import Double
from tests.stripe_double.webhooks import SECRETS
from tests.stripe_double.world import Clock


def read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.stripe_double", description="A Stripe on this machine.")
    parser.add_argument("--port", type=int, default=8420, help="where it listens")
    parser.add_argument("--webhook", metavar="URL", help="where events of the platform are sent")
    parser.add_argument("--connect-webhook", metavar="URL", help="where events of connected accounts are sent")
    parser.add_argument("--thin-webhook", metavar="URL", help="where thin events of version 2 are sent")
    parser.add_argument("--seed", type=int, default=1, help="from which identifiers follow")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Run until interrupted."""
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    asked = read(arguments)
    named = {"platform": asked.webhook, "connect": asked.connect_webhook, "thin": asked.thin_webhook}
    addresses = {kind: address for kind, address in named.items() if address}
    with Double(seed=asked.seed, port=asked.port, clock=Clock(None), webhooks_to=addresses) as double:
        lines = [
            f"Stripe stands in at {double.url} (open it for all that is in it).",
            f"STRIPE_API_BASE={double.url}",
            f"STRIPE_JS_URL={double.url}/v3/",
            *(f"Secret of the {kind} endpoint: {SECRETS[kind]}" for kind in SECRETS),
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        told.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
