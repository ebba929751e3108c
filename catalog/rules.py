"""The moves of papers, offers, lots and batches."""

from __future__ import annotations

from shop.i18n import lazy
from shop.moves.table import SYSTEM, Rule, Table, Who, another_person

_SUBMIT: Who = ("producer", "papers:submit")
_DECIDE: Who = ("reviewer", "papers:decide")
_PROPOSE: tuple[Who, ...] = (("reviewer", "papers:review"), _DECIDE)
_EDIT: Who = ("producer", "catalogue:edit")
_LOTS: Who = ("producer", "lots:edit")
_RECALL: tuple[Who, ...] = (("caller", "lots:recall"), SYSTEM)
_NOT_YOURS = lazy("提交人不能审核自己的材料，请由另一人审核。")
_another_recorded = another_person("recorded_by", "handed it in", _NOT_YOURS)
_another_proposed = another_person("proposed_by", "proposed it", _NOT_YOURS)


def _paper(machine: str) -> tuple[Rule, ...]:
    return (
        Rule(machine, "", "submit", "pending", (_SUBMIT,)),
        Rule(machine, "pending", "approve", "in_force", (_DECIDE,), _another_recorded),
        Rule(machine, "pending", "refuse", "refused", (_DECIDE,), _another_recorded),
        Rule(machine, "pending", "withdraw", "withdrawn", (_SUBMIT,)),
        *(Rule(machine, was, "revoke", "revoked", (_DECIDE,)) for was in ("in_force", "revoked")),
        *(Rule(machine, was, "annul", "annulled", (_DECIDE,)) for was in ("in_force", "revoked")),
    )


RULES = (
    *_paper("eligibility"),
    *_paper("certificate"),
    Rule("revocation", "", "propose", "proposed", _PROPOSE),
    Rule("revocation", "proposed", "confirm", "confirmed", (_DECIDE,), _another_proposed),
    Rule("revocation", "proposed", "refuse", "refused", (_DECIDE,), _another_proposed),
    Rule("listing", "", "draft", "draft", (_EDIT,)),
    *(Rule("listing", was, "list", "listed", (_EDIT,)) for was in ("draft", "paused")),
    Rule("listing", "listed", "pause", "paused", (_EDIT, SYSTEM)),
    *(Rule("listing", was, "delist", "delisted", (_EDIT,)) for was in ("draft", "listed", "paused")),
    Rule("lot", "open", "expire", "closed", (SYSTEM,)),
    Rule("lot", "open", "write_off", "closed", (_LOTS,)),
    Rule("lot", "open", "undo", "undone", (_LOTS,)),
    Rule("lot", "open", "recall", "recalled", _RECALL),
    Rule("lot", "recalled", "lift", "open", _RECALL),
    Rule("batch", "open", "undo", "undone", (_LOTS,)),
    Rule("batch", "open", "recall", "recalled", _RECALL),
    Rule("batch", "recalled", "lift", "open", _RECALL),
)
TABLE = Table(RULES, tables={"lot": "lots", "batch": "batches"})
