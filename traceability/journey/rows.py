"""The steps of a lot's page as HTML: made here and not by a template, because a page shows forty, each twice, and they are most of its work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from markupsafe import Markup, escape

from shop.i18n import _
from shop.layout import show_instant, show_moment, show_quantity
from traceability.journey import words
from traceability.journey.story import Step

_DONE = """<li>
  <span class="what">%s</span> · %s<br>
  <span class="who">%s%s%s</span>
</li>
"""
_AMOUNT = '<span class="whole">%s %s</span> · '
_PROOF = (
    '<tr><th scope="row">%s</th><td data-label="%s">%s</td><td data-label="%s">%s</td>'
    '<td class="below" data-label="%s"><code class="text-break">%s</code></td><td data-label="%s">%s</td></tr>'
)
_RECEIPT = '<a href="%s%s%s">%s</a>'
#: Stands between texts that are escaped together; no text of a database can hold it.
_BETWEEN = "\0"


def show_journey(steps: Sequence[Step], county: str, category: str, unit: str) -> Markup:
    """Return the steps as items of a list, in the request's language.

    :param county: of the goods; a place in another one says so.
    :param unit: what a quantity without a unit is counted in, in words.
    """
    place_words = cache(lambda place: words.place_words(place, county) if place else "")
    named, by, moment = _namer(category), cache(words.recorder_word), cache(show_moment)
    units = {None: unit, "": unit, "KGM": _("公斤")}
    safe = _escaped(
        (
            named(step.type, step.biz_step, step.disposition),
            moment(step.event_time),
            show_quantity(step.quantity) if step.quantity else "",
            units.get(step.uom, step.uom or "") if step.quantity else "",
            step.recorder if step.is_producer else f"{by(step.recorder_kind)} · {step.region}",
            place_words(step.place),
        )
        for step in steps
    )
    items = [
        _DONE % (word, at, _AMOUNT % (much, of) if much else "", who, f"<br>{place}" if place else "")
        for word, at, much, of, who, place in safe
    ]
    return Markup("".join(items))  # noqa: S704  escaped above


def show_proofs(steps: Sequence[Step], category: str, receipts: str, asked: str) -> Markup:
    """Return the steps as rows of the table of proofs, in the request's language.

    :param receipts: the address of receipts up to a step's number; ``asked`` is what follows it.
    """
    named, by, moment = _namer(category), cache(words.recorder_word), cache(show_instant)
    heads = [str(escape(head)) for head in (_("记录人"), _("记录时间"), _("指纹"), _("日志位置"))]
    waiting, ends = str(escape(_("正在写入"))), (str(escape(receipts)), str(escape(asked)))
    safe = _escaped(
        (
            named(step.type, step.biz_step, step.disposition),
            step.recorder if step.is_producer else by(step.recorder_kind),
            moment(step.record_time),
            step.hash_id,
            "" if step.log_index is None else _("第 %(place)s 条，下载凭证", place=step.log_index + 1),
        )
        for step in steps
    )
    rows = []
    for nth, (word, who, at, digest, place) in enumerate(safe, 1):
        link = _RECEIPT % (ends[0], nth, ends[1], place) if place else waiting
        rows.append(_PROOF % (word, heads[0], who, heads[1], at, heads[2], digest, heads[3], link))
    return Markup("".join(rows))  # noqa: S704  escaped above


def _namer(category: str) -> Callable[..., str]:
    """Return what says a step's word; a lot's steps are of few kinds."""
    return cache(lambda type_, step, state: words.step_word(type_, step, state, category))


def _escaped(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return rows of texts as markup: escaped in one go."""
    rows = list(rows)
    if not rows:
        return []
    width = len(rows[0])
    safe = str(escape(_BETWEEN.join(text for row in rows for text in row))).split(_BETWEEN)
    return [tuple(safe[place : place + width]) for place in range(0, len(safe), width)]
