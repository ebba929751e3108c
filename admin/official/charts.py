"""Charts drawn on the server as SVG; a table with the same figures is always beside them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pygal
from pygal.style import Style

from admin.official.queries import Month
from shop.i18n import _

_STYLE = Style(
    background="transparent", plot_background="transparent", foreground="#1c211e", foreground_strong="#1c211e",
    foreground_subtle="#d5dad7", guide_stroke_color="#d5dad7", guide_stroke_dasharray="none",
    major_guide_stroke_color="#d5dad7", major_guide_stroke_dasharray="none", opacity="1", opacity_hover="1", colors=("#14532d", "#a9b8ae"), label_font_size=14, major_label_font_size=14,
    legend_font_size=15, font_family="PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif",
)  # fmt: skip


def months_svg(months: Sequence[Month], year: int, *, is_narrow: bool = False) -> bytes:
    """Return bars of each month in 万元, this year beside the year before; narrow ones for a phone."""
    width, height = (360, 300) if is_narrow else (760, 420)
    chart = pygal.Bar(
        style=_STYLE, js=[], height=height, width=width, legend_at_bottom=True, show_y_guides=True, margin=8, spacing=12,
        truncate_legend=-1, pretty_print=False, disable_xml_declaration=False, explicit_size=True,
    )  # fmt: skip
    chart.x_labels = [str(m.month) if is_narrow else _("%(month)s月", month=m.month) for m in months]
    chart.add(_("%(year)s年", year=year), [_wan(month.amount_fen) for month in months])
    chart.add(_("%(year)s年", year=year - 1), [_wan(month.before_fen) for month in months])
    drawn: bytes = chart.render()
    return drawn


def _wan(fen: int) -> float:
    return float((Decimal(fen) / 1_000_000).quantize(Decimal("0.01")))
