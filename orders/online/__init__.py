"""Paying through the card provider: intents, its events, refunds, disputes and producers' accounts there."""
