"""A Stripe for tests: stateful, over real HTTP, held to the contract of the pinned API version.

The application (or a ``stripe.StripeClient``) is pointed at ``double.url`` and behaves as with Stripe; the test holds
the handle and plays everybody else: the payer, the bank, the network, the passing of time. ::

    def test_a_paid_order(stripe_double):                    # from tests.stripe_double.fixtures import stripe_double
        client = stripe_double.client()
        intent = client.v1.payment_intents.create({"amount": 10000, "currency": "cny"})
        charge = stripe_double.pay(intent.id, "alipay")      # or fail(intent.id), process(intent.id), cancel(intent.id)

        refund = client.v1.refunds.create({"charge": charge, "amount": 4000})
        stripe_double.fail_refund(refund.id)                 # or settle_refund(refund.id)

Events are kept in ``double.events``, the oldest first, and delivered when and as the test says, any permutation of
them, signed as Stripe signs (``webhooks.SECRETS`` has a secret for each kind of endpoint)::

        send = through(app.test_client(), "/webhooks/stripe")
        stripe_double.deliver(send)                          # all, in order
        first, *rest = stripe_double.events
        stripe_double.deliver(send, [*reversed(rest), first, first])

``Double(webhooks_to={"platform": "http://..."})`` delivers by itself instead; ``double.courier.plan`` then drops,
repeats, delays and holds, ``courier.release(order)`` lets go what was held, ``courier.wait()`` waits for the rest.

What goes wrong on the way is ordered beforehand, for the next matching request::

        stripe_double.faults.lose_answer("post", "/v1/refunds")          # done, but the caller never hears
        stripe_double.faults.fail_after("post", "/v1/refunds")           # done, but answered 500
        stripe_double.faults.fail_before(...), .rate_limit(...), .slow(..., seconds=1)
        held = stripe_double.faults.hold("post", "/v1/payment_intents")  # held.reached.wait(); held.resume()

``double.clock`` stands still: ``clock.set(instant)``, ``clock.advance(days=1)``, ``make_available()``. ``double.get(id)``
is a copy of any object, ``double.behaviour`` holds fees, currencies and how refunds begin. Identifiers follow from the
seed. A request outside the contract is answered 400, kept in ``double.violations`` and fails the test at its end.
"""
