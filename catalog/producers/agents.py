"""Agents hear what the producers hear for whom they act: their notices and webhooks are of the producers' trade too."""

from __future__ import annotations

from flask import Flask

from shop.outbox.services import concern_also

#: An organisation's own affairs: its people, accounts and endpoints.
_OWN = ("identity.", "webhooks.")
_AGENTS = """
    SELECT agent_id FROM agent_mandates WHERE producer_id = ANY(cast(:organisations AS bigint[]))
       AND valid_from <= cast(:on AS date) AND (valid_to IS NULL OR valid_to >= cast(:on AS date))"""


def init_app(_app: Flask) -> None:
    """Let what concerns a producer concern the agents with a mandate of the day."""
    concern_also(_AGENTS, but=_OWN)
