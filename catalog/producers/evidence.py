"""Lets agents open the files that show their mandates."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import or_, select

from catalog.producers.models import AgentMandate
from shop.auth import Actor
from shop.db import db
from shop.files.services import allow


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file shows a mandate that the actor's organisation has given or holds, an ended one included."""
    mine = or_(AgentMandate.agent_id == actor.organisation_id, AgentMandate.producer_id == actor.organisation_id)
    found = select(AgentMandate.id).where(AgentMandate.evidence_file_id == file_id, mine).limit(1)
    return db.session.scalar(found) is not None


def init_app(_app: Flask) -> None:
    """Register the check with the files."""
    allow(may_read)
