"""What pages call the steps of a journey and the states of goods."""

from __future__ import annotations

from collections.abc import Iterable

from catalog.lots.recording.labels import PLACES, TIERS
from shop.i18n import lazy
from traceability.journey.story import Place, Step
from traceability.standard.identifiers import vocabulary
from traceability.standard.words import FULL

#: (bizStep, disposition or nothing) in bare words -> what people call it.
_STEPS = {
    ("commissioning", ""): lazy("入库赋码"),
    ("packing", ""): lazy("包装"),
    ("repackaging", ""): lazy("分拣合并"),
    ("unpacking", ""): lazy("拆包"),
    ("assembling", ""): lazy("组合"),
    ("inspecting", ""): lazy("检验检测"),
    ("inspecting", "conformant"): lazy("登记合格证或检疫证明"),
    ("sensor_reporting", ""): lazy("温度记录"),
    ("storing", ""): lazy("入库存放"),
    ("loading", ""): lazy("装车"),
    ("shipping", ""): lazy("发货"),
    ("shipping", "returned"): lazy("退货寄回"),
    ("departing", ""): lazy("运输出发"),
    ("transporting", ""): lazy("运输"),
    ("arriving", ""): lazy("运输到达"),
    ("arriving", "active"): lazy("收购到货"),
    ("receiving", ""): lazy("到货验收"),
    ("receiving", "returned"): lazy("验收不合格或收后退回"),
    ("accepting", ""): lazy("接收"),
    ("accepting", "returned"): lazy("退回生产者"),
    ("stock_taking", ""): lazy("盘点"),
    ("cycle_counting", ""): lazy("盘点"),
    ("retail_selling", ""): lazy("零售"),
    ("holding", ""): lazy("封存"),
    ("holding", "recalled"): lazy("召回"),
    ("decommissioning", ""): lazy("停止使用"),
    ("destroying", ""): lazy("销毁"),
    ("destroying", "expired"): lazy("过期销毁"),
}
_BY_URI = {
    (vocabulary(step, field="bizStep"), vocabulary(state, field="disposition") if state else ""): word
    for (step, state), word in _STEPS.items()
}


#: How goods come into the world, by the first digits of their category; everything else is harvested.
_BORN = {"08": lazy("屠宰"), "09": lazy("采集"), "10": lazy("捕捞"), "12": lazy("采集")}
_MADE = vocabulary("creating_class_instance", field="bizStep")
_WORDS = {uri: word for word, uri in FULL["bizStep"].items()}
#: Who recorded a step, where that is not the goods' producer, whose name is told.
_RECORDERS = {"agent": lazy("代理"), "institution": lazy("采购单位")}


def step_word(type_: str, biz_step: str | None, disposition: str | None, category: str) -> str:
    """Return what people call a step of goods of a category; one of CBV without a name here by its word, others are records."""
    if biz_step == _MADE:
        return str(lazy("加工") if type_ == "TransformationEvent" else _BORN.get(category[:2], lazy("采收")))
    word = _BY_URI.get((biz_step or "", disposition or "")) or _BY_URI.get((biz_step or "", ""))
    return str(word or _WORDS.get(biz_step or "") or lazy("记录"))


def recorder_word(kind: str) -> str:
    """Return what people call who recorded a step, by the kind of organisation."""
    return str(_RECORDERS.get(kind) or lazy("其他单位"))


def place_words(place: Place, county: str) -> str:
    """Return kind, township and name of a place; its county where that is not the goods' own, or nothing nearer is told."""
    tier = TIERS[place.tier] if place.tier else ""
    is_elsewhere = place.county != county or not place.township
    where = " ".join(filter(None, (place.county if is_elsewhere else "", place.township)))
    return " · ".join(str(part) for part in (PLACES[place.kind], tier, where, place.name) if part)


def origins(steps: Iterable[Step], county: str) -> list[str]:
    """Return the townships where the goods were harvested or slaughtered, each once; with a county other than theirs."""
    grown = (step.place for step in steps if step.place and step.type == "ObjectEvent" and step.biz_step == _MADE)
    told = (" ".join(filter(None, ("" if each.county == county else each.county, each.township))) for each in grown)
    return [where for where in dict.fromkeys(told) if where]
