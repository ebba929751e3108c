"""What the shop calls schemes, units, taxes and forms of producers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from shop.i18n import _, language, lazy

SCHEMES = {
    "national_directory": lazy("全国扶贫产品目录"),
    "county_recommendation": lazy("县级推荐"),
    "county_list": lazy("县级产品清单"),
    "association": lazy("消费帮扶产品认定"),
}
CERTIFICATES = {
    "green_food": lazy("绿色食品"),
    "organic": lazy("有机产品"),
    "geographical_indication": lazy("地理标志"),
    "shenzhen_product": lazy("圳品"),
    "vegetable_basket": lazy("菜篮子基地"),
}
UNITS = {
    "bag": lazy("袋"), "box": lazy("箱"), "bottle": lazy("瓶"), "tin": lazy("罐"), "piece": lazy("件"),
    "pack": lazy("包"), "kg": lazy("公斤"),
}  # fmt: skip
TAXES = {
    "exempt": lazy("免税"),
    "1": lazy("税率 1%"),
    "3": lazy("税率 3%"),
    "9": lazy("税率 9%"),
    "13": lazy("税率 13%"),
}
FORMS = {
    "company": lazy("企业"),
    "cooperative": lazy("合作社"),
    "family_farm": lazy("家庭农场"),
    "household": lazy("农户"),
}
WAYS = {"work": lazy("务工就业"), "shares": lazy("入股分红"), "orders": lazy("订单收购")}
SORTS = {"new": lazy("最新上架"), "price": lazy("价格从低到高"), "name": lazy("名称")}


@dataclass(frozen=True)
class CardWords:
    """The words of cards in one language; from ``schemes`` on they are tags, in markup."""

    units: Mapping[str, str]
    yuan: str
    half_kilo: str
    least: str
    schemes: Mapping[str, str]
    certificates: Mapping[str, str]
    none_left: str
    key_county: str
    demo: str


_card_words: dict[str, CardWords] = {}


def card_words() -> CardWords:
    """Return the words of cards in the request's language, looked up once a process."""
    found = _card_words.get(language())
    if found is None:
        found = _card_words[language()] = CardWords(
            units={code: str(name) for code, name in UNITS.items()},
            yuan=_("元"),
            half_kilo=_("元/500克"),
            least=_("起订"),
            schemes={code: _tag("tag tag-accent", str(name)) for code, name in SCHEMES.items()},
            certificates={code: _tag("tag", str(name)) for code, name in CERTIFICATES.items()},
            none_left=_tag("state state-bad", _("暂时缺货")),
            key_county=_tag("tag", _("重点帮扶县")),
            demo=_tag("tag tag-demo", _("演示数据")),
        )
    return found


def _tag(style: str, word: str) -> str:
    return str(Markup('<span class="{}">{}</span>').format(style, word))


#: Grams of a half-kilo, by which prices are compared.
_HALF_KILO_G = 500


def per_half_kilo_fen(price_fen: int, net_weight_g: int | None) -> int | None:
    """Return the price of 500 g in fen, rounded half-up; ``None`` where the weight is not known."""
    if not net_weight_g:
        return None
    return (2 * price_fen * _HALF_KILO_G + net_weight_g) // (2 * net_weight_g)


def stock_word(free: Decimal, least: Decimal) -> tuple[str, str]:
    """Return the word for what is free, and its kind for the page."""
    if free <= 0:
        return _("暂时缺货"), "bad"
    if free < least:
        return _("库存不足起订量"), "wait"
    return _("有货"), "good"
