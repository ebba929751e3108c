"""Lets reviewers open the files that papers were handed in with."""

from __future__ import annotations

from flask import Flask

from catalog.papers.queries import is_evidence_for
from shop import clock
from shop.auth import Actor
from shop.files.services import allow


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file is evidence of a paper that the actor sees today."""
    return is_evidence_for(actor, file_id, clock.today())


def init_app(_app: Flask) -> None:
    """Register the check with the files."""
    allow(may_read)
