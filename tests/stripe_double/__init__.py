"""A Stripe for tests: stateful, over real HTTP, held to the contract of the pinned API version.

The application (or a ``stripe.StripeClient``) is pointed at ``double.url`` and behaves as with Stripe; the test holds
the handle and plays everybody else: the payer, the bank, the network, the passing of time. ::

    def test_a_paid_order(stripe_double):                    # from tests.stripe_double.fixtures import stripe_double
        client = stripe_double.client()
        intent = client.v1.payment_intents.create({"amount": 10000, "currency": "cny"})
        charge = stripe_double.pay(intent.id, "alipay")      # or process(intent.id), fail(intent.id), cancel(intent.id)

        refund = client.v1.refunds.create({"charge": charge, "amount": 4000})
        stripe_double.fail_refund(refund.id)                 # or settle_refund(refund.id)

Without the fixture: ``with Double(seed=7) as double: ...``, and look at ``double.violations`` at the end.

**Commands** (``commands.py``), each alone under one lock, each taking identifiers:

=================== ==========================================================================================
payers              ``pay``, ``process``, ``fail``, ``cancel`` an intent; ``complete``, ``complete_slowly``,
                    ``expire`` a session; ``pay_invoice``; ``dispute`` a charge, then ``win`` or ``lose``
refunds             ``settle_refund``, ``fail_refund``; ``refund_in_dashboard`` past the application
connected accounts  ``activate``, ``restrict(account, *due)``, ``reject``
balances            ``pay_out(account=None)``, ``settle_payout``, ``fail_payout``, ``top_up``, ``charge_fee``
time                ``clock.set(instant)``, ``clock.advance(days=1)``, ``make_available()``; it stands still otherwise
looking             ``get(id)`` is a copy of any object, ``events`` and ``of_type(...)`` what happened
=================== ==========================================================================================

``double.behaviour`` (``world.Behaviour``) holds methods, currencies, fees, the state in which refunds begin, a second
currency of settlement, and whether reversals are refused. Identifiers follow from the seed.

**Events** are kept in ``double.events``, the oldest first, and delivered when and as the test says, in any permutation,
signed as Stripe signs; ``webhooks.SECRETS`` has a secret for each kind of endpoint: ``platform``, ``connect``, ``thin``::

    send = through(app.test_client(), "/webhooks/stripe")    # or any send(body, headers) -> status
    stripe_double.deliver(send, stripe_double.told("platform"))
    first, *rest = stripe_double.told("platform")
    stripe_double.deliver(send, [*reversed(rest), first, first])

``Double(webhooks_to={"platform": "http://..."})`` delivers by itself instead; ``double.courier.plan`` then drops,
repeats, delays and holds, ``courier.release(order)`` lets go what was held, ``courier.wait()`` waits for the rest.

**Faults** are ordered beforehand, for the next matching request; paths may hold names in braces::

    stripe_double.faults.lose_answer("post", "/v1/refunds")                  # done, but the caller never hears
    stripe_double.faults.fail_after("post", "/v1/refunds")                   # done, but answered 500, kept under the key
    stripe_double.faults.fail_before("get", "/v1/payment_intents/{intent}")  # not begun
    stripe_double.faults.rate_limit(...), stripe_double.faults.slow(..., seconds=1)
    held = stripe_double.faults.hold("post", "/v1/payment_intents")          # held.reached.wait(10); held.resume()

**Pages**: ``session.url``, ``next_action`` addresses, ``hosted_invoice_url`` and account links are pages of the double
with buttons for success and failure, and ``double.url + "/v3/"`` is a stand-in for Stripe's script, so that Chromium can
walk the whole way. ``python -m tests.stripe_double --webhook URL`` serves the same to a person; its front page shows
everything and has a button for every command, and ``POST /_control/COMMAND`` with JSON does the same.

A request outside the contract (``contract.py``, read from the installed ``stripe`` package, and ``checker.py``) is
answered 400, kept in ``double.violations`` and fails the test at its end; so is an operation that is not played.
"""
