"""What happens at Stripe without the application asking: the half of the handle that moves money and accounts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stripe_double import accounts, disputes, intents, invoices, ledger, methods, payouts, refunds, sessions
from tests.stripe_double.routes import Call
from tests.stripe_double.world import DAY, Thing, World


class Commands:
    """Each command is one step of the outside world, alone under the lock."""

    world: World

    @contextmanager
    def _of(self, kind: str, identifier: str) -> Iterator[Thing]:
        """The object, with the world held still."""
        with self.world.lock:
            found = self.world.objects.get(identifier)
            if found is None or found["object"] != kind:
                message = f"There is no {kind} {identifier}."
                raise LookupError(message)
            yield found

    def get(self, identifier: str) -> Thing:
        """A copy of any object as it is now."""
        with self.world.lock:
            return copy.deepcopy(self.world.objects[identifier])

    def side(self, identifier: str) -> Thing:
        """What Stripe knows of an object and does not show."""
        with self.world.lock:
            return dict(self.world.side[identifier])

    # payers

    def pay(self, intent: str, method: str = "card") -> str:
        """The payer pays an intent; the charge's identifier."""
        with self._of("payment_intent", intent) as found:
            return str(intents.pay(self.world, found, method)["id"])

    def process(self, intent: str, method: str = "alipay") -> None:
        """The payer has paid, and the money is not there yet."""
        with self._of("payment_intent", intent) as found:
            if found["payment_method"] is None:
                intents.attach(found, methods.make(self.world, method))
            intents.process(self.world, found)

    def fail(self, intent: str, code: str = "card_declined", method: str = "card") -> None:
        """The payer tried and failed; they may try again."""
        with self._of("payment_intent", intent) as found:
            if found["payment_method"] is None:
                intents.attach(found, methods.make(self.world, method))
            intents.fail(self.world, found, code)

    def cancel(self, intent: str, reason: str = "abandoned") -> None:
        with self._of("payment_intent", intent) as found:
            intents.cancel(self.world, found, reason)

    def settle_refund(self, refund: str) -> None:
        """A pending refund has reached the payer."""
        with self._of("refund", refund) as found:
            refunds.settle(self.world, found)

    def fail_refund(self, refund: str, reason: str = "expired_or_canceled_card") -> None:
        """A refund came back, even one that had succeeded."""
        with self._of("refund", refund) as found:
            refunds.fail(self.world, found, reason)

    def refund_in_dashboard(self, charge: str, amount: int | None = None) -> str:
        """Somebody refunds by hand, past the application."""
        params = {"charge": charge} | ({} if amount is None else {"amount": amount})
        with self.world.lock:
            return str(refunds.create_refund(self.world, Call({}, params))["id"])

    def complete(self, session: str, method: str = "card") -> str:
        """The payer pays on the hosted page; the intent's identifier."""
        with self._of("checkout.session", session) as found:
            sessions.complete(self.world, found, method, paid=True)
            return str(found["payment_intent"])

    def complete_slowly(self, session: str, method: str = "alipay") -> str:
        """The payer is done, the money comes later: ``pay`` or ``fail`` the intent that this gives back."""
        with self._of("checkout.session", session) as found:
            sessions.complete(self.world, found, method, paid=False)
            return str(found["payment_intent"])

    def expire(self, session: str) -> None:
        with self._of("checkout.session", session) as found:
            sessions.expire(self.world, found)

    def pay_invoice(self, invoice: str, method: str = "card") -> str:
        """The customer pays an invoice on its page; the intent's identifier."""
        with self._of("invoice", invoice) as found:
            invoices.pay(self.world, found, method)
            return str(self.world.side[invoice]["intent"])

    def dispute(self, charge: str, amount: int | None = None, reason: str = "fraudulent") -> str:
        """The payer's bank takes the money back; the dispute's identifier."""
        with self._of("charge", charge) as found:
            return str(disputes.begin(self.world, found, amount, reason)["id"])

    def win(self, dispute: str) -> None:
        """The bank finds for the platform, and the money comes back."""
        with self._of("dispute", dispute) as found:
            disputes.win(self.world, found)

    def lose(self, dispute: str) -> None:
        with self._of("dispute", dispute) as found:
            disputes.lose(self.world, found)

    # connected accounts

    def activate(self, account: str) -> None:
        """Everything due is handed in; the account may be paid."""
        with self._of("v2.core.account", account) as found:
            accounts.set_due(self.world, found, ())
            accounts.set_status(self.world, found, "active")

    def restrict(self, account: str, *due: str) -> None:
        """Stripe wants something more before the account is paid again."""
        with self._of("v2.core.account", account) as found:
            accounts.set_due(self.world, found, due or accounts.FIRST_DUE)
            accounts.set_status(self.world, found, "restricted")

    def reject(self, account: str, code: str = "rejected_other") -> None:
        """Stripe does not want this account."""
        with self._of("v2.core.account", account) as found:
            accounts.set_status(self.world, found, "rejected", code)

    # balances

    def pay_out(self, account: str | None = None, currency: str = "cny") -> str:
        """Stripe pays out all that is usable, the platform's or an account's; the payout's identifier."""
        with self.world.lock:
            return str(payouts.automatic(self.world, currency, account)["id"])

    def settle_payout(self, payout: str) -> None:
        with self._of("payout", payout) as found:
            payouts.arrive(self.world, found)

    def fail_payout(self, payout: str, code: str = "account_closed") -> None:
        with self._of("payout", payout) as found:
            payouts.fail(self.world, found, code)

    def top_up(self, amount: int, currency: str = "cny") -> str:
        """The platform pays money in; the movement's identifier."""
        with self.world.lock:
            return str(ledger.book(self.world, "topup", amount, None, currency=currency, at_once=True)["id"])

    def charge_fee(self, amount: int, description: str = "Connect (2026-07)", currency: str = "cny") -> str:
        """Stripe takes a fee that belongs to no payment; the movement's identifier."""
        with self.world.lock:
            moved = ledger.book(self.world, "stripe_fee", -amount, None, currency=currency, description=description)
            return str(moved["id"])

    def make_available(self, days: int | None = None) -> None:
        """Let so much time pass that pending money can be used."""
        days = self.world.behaviour.settlement_days if days is None else days
        with self.world.lock:
            self.world.clock.advance(seconds=days * DAY)
