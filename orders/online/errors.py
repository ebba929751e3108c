"""What the card provider can answer beside what was asked for."""

from __future__ import annotations

from shop.errors import Conflict, DomainError, NotFound


class NoCardPayment(NotFound):
    """No payments by card are taken here; pay by bank transfer."""

    code = "no-card-payment"


class ProviderRefused(Conflict):
    """The card provider has refused; a repeat would be refused as well. Member ``provider_code`` is its word for it."""

    code = "provider-refused"

    def __init__(self, words: str, provider_code: str = "") -> None:
        self.provider_code = provider_code
        super().__init__(words, provider_code=provider_code)


class ProviderAway(DomainError):
    """The card provider cannot be reached or is busy; what was asked for is kept and done as soon as it is back."""

    code = "provider-away"
    http_status = 503

    def __init__(self, words: str, *, may_be_done: bool = False, is_kept: bool = False) -> None:
        #: It broke down while it was doing it: whether it is done can only be seen by looking.
        self.may_be_done = may_be_done
        #: That it broke down is what it will answer under this key from now on; the try itself has ended.
        self.is_kept = is_kept
        super().__init__(words)
