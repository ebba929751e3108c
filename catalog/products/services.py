"""Products and their packs: what a producer makes and how it is packed."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from stdnum import ean
from stdnum.exceptions import ValidationError as BadNumber

from catalog.producers.queries import NoSuchProducer, get_producer, producers_of, require_producer
from catalog.products import numbers
from catalog.products.models import Category, Product, Sku
from catalog.products.versions import current_version
from catalog.products.words import make_search_words
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.geo.models import AssistedCounty, Division
from shop.i18n import _
from shop.identity.models import Organisation
from shop.pinyin import pinyin_of

UNITS = ("bag", "box", "bottle", "tin", "piece", "pack", "kg")
KINDS = ("farm", "handicraft", "service")
_MAX_NAME, _MAX_TEXT, _MAX_SPEC = 80, 4000, 60
#: Without letters and digits that are mistaken for each other.
_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class NoSuchProduct(NotFound):
    """There is no such product or pack, or it is another producer's."""

    code = "no-such-product"


class BadProduct(Invalid):
    """Something about a product or its pack makes no sense."""

    code = "bad-product"


class GtinTaken(Conflict):
    """Another pack carries this GTIN."""

    code = "gtin-taken"


class OriginFixed(Conflict):
    """The origin county cannot change once the product has papers."""

    code = "origin-fixed"


class RecognisedProduct(Conflict):
    """Name, category and kind are those that the papers were decided on; other goods are another product."""

    code = "recognised-product"


@dataclass(frozen=True)
class NewProduct:
    """What a producer makes."""

    category_code: str
    county_code: str
    name: str
    name_en: str = ""
    description: str = ""
    kind: str = "farm"


@dataclass(frozen=True)
class NewSku:
    """How it is packed."""

    pack_spec: str
    unit: str
    net_weight_g: int | None = None
    #: 8, 12, 13 or 14 digits; kept as 14.
    gtin: str | None = None


def create_product(producer_id: int, new: NewProduct, actor: Actor, *, at: datetime, is_demo: bool = False) -> Product:
    """Add a product to a producer for whom the actor may act.

    :raises NoSuchProducer: if it may not, or the organisation is not registered as a producer.
    :raises BadProduct: for an unknown county, a category that is no leaf, an unknown kind, an empty name.
    """
    require_producer(actor, producer_id, business_day(at))
    get_producer(producer_id)
    _check_product(new)
    product = Product(producer_id=producer_id, is_demo=is_demo, created_at=at)
    _fill(product, new)
    db.session.add(product)
    db.session.flush()  # obtains the key
    audit.record(actor, "catalog.product_created", "product", product.id, name=[None, product.name])
    return product


def edit_product(product: Product, new: NewProduct, actor: Actor) -> Product:
    """Change a product's words, category or origin; of one that is recognised, or is about to be, only the other words.

    :raises BadProduct: as when creating.
    :raises OriginFixed: if the county changes while papers of any state exist.
    :raises RecognisedProduct: if its name, category or kind changes while what makes it count waits, or once it was in force.
    """
    _check_product(new)
    # Whoever hands papers in holds the same row, so that they are of what the product is then.
    db.session.refresh(product, with_for_update={"key_share": True})
    before = {"name": product.name, "category_code": product.category_code, "county_code": product.county_code}
    if new.county_code != product.county_code and _has_papers(product.id):
        raise OriginFixed(_("已有认定或证书的产品不能更换产地。"))
    _refuse_other_goods(product, new)
    _fill(product, new)
    db.session.flush()  # stores the words before the shop is told
    after = {name: getattr(product, name) for name in before}
    changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    audit.record(actor, "catalog.product_edited", "product", product.id, **changes)
    return product


def archive_product(product: Product, actor: Actor, *, at: datetime) -> Product:
    """Take a product out of use: it stays in the books, its listings can no longer be ordered."""
    if product.archived_at is None:
        product.archived_at = at
        audit.record(actor, "catalog.product_archived", "product", product.id)
    return product


def create_sku(product: Product, new: NewSku, actor: Actor) -> Sku:
    """Add a pack of a product; it begins without stock.

    :raises BadProduct: for an unknown unit, an empty specification or a wrong GTIN.
    :raises GtinTaken: if another pack carries the GTIN.
    """
    facts = read_sku(new)
    code = "".join(secrets.choice(_CODE_LETTERS) for _place in range(8))
    sku = Sku(product_id=product.id, code=f"K{code}", **facts)
    with refusing(uq_skus_gtin=GtinTaken(_("此商品条码已被另一规格使用。"))):
        db.session.add(sku)
    db.session.execute(text("INSERT INTO sku_stock (sku_id) VALUES (:sku)"), {"sku": sku.id})
    audit.record(actor, "catalog.sku_created", "sku", sku.id, pack=[None, sku.pack_spec])
    return sku


def read_sku(new: NewSku) -> dict[str, Any]:
    """Return the columns of a pack.

    :raises BadProduct: for an unknown unit, an empty specification or a wrong GTIN.
    """
    spec = " ".join(new.pack_spec.split())
    if not 0 < len(spec) <= _MAX_SPEC:
        raise _bad("pack_spec", _("规格必填，最多60个字。"))
    if new.unit not in UNITS:
        raise _bad("unit", _("计量单位不正确。"))
    if new.net_weight_g is not None and not 0 < new.net_weight_g <= 10**9:
        raise _bad("net_weight_g", _("净重须大于零。"))
    return {
        "gtin": read_gtin(new.gtin), "pack_spec": spec, "unit": new.unit, "net_weight_g": new.net_weight_g,
    }  # fmt: skip


def read_gtin(text_: str | None) -> str | None:
    """Return a GTIN as 14 digits; ``None`` of nothing.

    :raises BadProduct: if its length or check digit is wrong, or it is a number for use inside one company.
    """
    if not text_ or not text_.strip():
        return None
    digits = re.sub(r"[\s-]", "", text_)
    try:
        ean.validate(digits)
    except BadNumber as error:
        raise _bad("gtin", _("商品条码不正确：应为8、12、13或14位数字，末位校验码须相符。")) from error
    number = digits.zfill(14)
    if numbers.is_own(number):
        raise _bad("gtin", _("04开头的13位数字是企业内部码，不是商品条码；没有条码可留空。"))
    return number


def get_own_product(public_id: UUID, actor: Actor, *, at: datetime) -> Product:
    """Return a product of a producer for whom the actor may act.

    :raises NoSuchProduct: if there is none.
    """
    product = db.session.scalars(select(Product).where(Product.public_id == public_id)).one_or_none()
    if product is None or product.producer_id not in producers_of(actor, business_day(at)):
        raise NoSuchProduct(_("没有找到。"))
    return product


def get_own_sku(public_id: UUID, actor: Actor, *, at: datetime) -> Sku:
    """Return a pack of a producer for whom the actor may act.

    :raises NoSuchProduct: if there is none.
    """
    row = db.session.execute(
        select(Sku, Product.producer_id).join(Product, Product.id == Sku.product_id).where(Sku.public_id == public_id)
    ).one_or_none()
    if row is None or row[1] not in producers_of(actor, business_day(at)):
        raise NoSuchProduct(_("没有找到。"))
    return row[0]


def index_product(product: Product) -> None:
    """Make the words by which a product is found: its own, its category's, its county's, its producer's."""
    category = db.session.get_one(Category, product.category_code)
    county = db.session.get_one(AssistedCounty, product.county_code)
    producer = db.session.get_one(Organisation, product.producer_id)
    province = db.session.get_one(Division, county.province_code)
    product.pinyin = pinyin_of(product.name)
    product.search_words = make_search_words(
        product.name, product.name_en, category.name_zh, category.name_en, county.name, province.name, producer.name
    )


def _fill(product: Product, new: NewProduct) -> None:
    product.category_code, product.county_code, product.kind = new.category_code, new.county_code, new.kind
    product.name = " ".join(new.name.split())
    product.name_en = " ".join(new.name_en.split())
    product.description = new.description.strip()
    index_product(product)


def _check_product(new: NewProduct) -> None:
    if not 0 < len(new.name.strip()) <= _MAX_NAME:
        raise _bad("name", _("品名必填，最多80个字。"))
    if len(new.name_en) > 2 * _MAX_NAME or len(new.description) > _MAX_TEXT:
        raise _bad("description", _("文字太长。"))
    if new.kind not in KINDS:
        raise _bad("kind", _("产品类型不正确。"))
    category = db.session.get(Category, new.category_code)
    if category is None or category.parent_code is None:
        raise _bad("category_code", _("请选择具体品类。"))
    if db.session.get(AssistedCounty, new.county_code) is None:
        raise _bad("county_code", _("产地须是832个脱贫县之一。"))


def _refuse_other_goods(product: Product, new: NewProduct) -> None:
    wanted = {"name": " ".join(new.name.split()), "category_code": new.category_code, "kind": new.kind}
    changed = [name for name, value in wanted.items() if value != getattr(product, name)]
    if changed and db.session.execute(_RECOGNISED, {"product": product.id}).first() is not None:
        detail = _("已有待审或生效过认定依据的产品，品名、品类和类型不能更改；其他货品请另建产品，重新认定。")
        raise RecognisedProduct(detail, errors=[{"pointer": f"#/{name}", "detail": detail} for name in changed])


_RECOGNISED = text("""
    SELECT 1 FROM eligibility_bases WHERE product_id = :product AND status IN ('pending', 'in_force', 'revoked') LIMIT 1""")


def _has_papers(product_id: int) -> bool:
    return bool(
        db.session.execute(
            text("""SELECT EXISTS (SELECT FROM eligibility_bases WHERE product_id = :product)
                        OR EXISTS (SELECT FROM certificates WHERE product_id = :product)"""),
            {"product": product_id},
        ).scalar_one()
    )


def _bad(field: str, detail: str) -> BadProduct:
    return BadProduct(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])


__all__ = [
    "BadProduct", "GtinTaken", "NewProduct", "NewSku", "NoSuchProducer", "NoSuchProduct", "OriginFixed", "RecognisedProduct",
    "archive_product", "create_product", "create_sku", "current_version", "edit_product", "get_own_product", "get_own_sku", "index_product", "read_gtin", "read_sku",
]  # fmt: skip
