"""Turns events into notices, by the rules that features registered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask, current_app

from shop import clock
from shop.notices import services
from shop.notices.rules import NoticeRule, add_rules
from shop.outbox.services import subscribe


def on_event_told(*, event_id: UUID, topic: str, organisation_ids: list[int], **payload: Any) -> None:
    """Tell the members whom the rules of the topic mean."""
    for rule in current_app.extensions.get("notice_rules", {}).get(topic, ()):
        services.tell_members(rule, event_id, organisation_ids, payload, on=clock.today(), at=clock.now())


def register_rules(app: Flask, rules: tuple[NoticeRule, ...]) -> None:
    """Register a feature's rules and hear their topics."""
    for topic in add_rules(app, rules):
        subscribe(topic)(on_event_told)
