"""Batches: born by harvest, slaughter or purchase, processed, split, mixed, discarded; and what was recorded by mistake undone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from uuid6 import uuid7

from catalog.lots import lineage
from catalog.lots.batches import places
from catalog.lots.batches.acts import (
    ZERO,
    BatchNotOpen,
    BatchTooSmall,
    Deed,
    lock_batches,
    move,
    require_open,
    start,
    tell,
    too_small,
)
from catalog.lots.batches.models import BIRTHS, Batch, BatchAct, Place
from catalog.lots.batches.queries import NoSuchBatch, get_batch
from catalog.lots.batches.rules import BadBatch, bad, check_quantity, check_time, check_words, shown
from catalog.products.models import Product
from catalog.products.services import get_own_product
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _

_MAX_CODE, _MAX_PARTS = 40, 20
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class BatchCodeTaken(Conflict):
    """The product has a batch of that code."""

    code = "batch-code-taken"


@dataclass(frozen=True)
class NewBatch:
    """A batch that comes from the field, the stable or a purchase."""

    product: UUID
    kind: str
    quantity_kg: Decimal
    place: UUID
    occurred_at: datetime
    #: Left empty: made from the day.
    code: str = ""
    variety: str = ""
    #: Of a slaughter: how many animals.
    heads: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Processing:
    """Batches of the same producer that become a batch of a product."""

    #: Batch to kilograms.
    inputs: Mapping[UUID, Decimal]
    product: UUID
    quantity_kg: Decimal
    #: The largest part of the mass that may come out: ``0.25`` where four kilograms become one.
    yield_bound: Decimal
    occurred_at: datetime
    added_kg: Decimal = ZERO
    #: What was added: water, salt, sugar.
    added: str = ""
    method: str = ""
    code: str = ""
    place: UUID | None = None


def record_birth(new: NewBatch, actor: Actor, *, at: datetime) -> Batch:
    """Record a harvest, a slaughter or a purchase: a batch is born at a place.

    :raises NoSuchProduct: if the product is not the actor's.
    :raises NoSuchPlace: if the producer cannot use the place.
    :raises BadBatch: pointing at what makes no sense.
    :raises BatchCodeTaken: if the product has a batch of that code.
    """
    product = get_own_product(new.product, actor, at=at)
    if new.kind not in BIRTHS:
        raise bad("kind", _("请选择采收、屠宰或收购。"))
    if (new.heads is not None) and (new.kind != "slaughter" or new.heads <= 0):
        raise bad("heads", _("只有屠宰填写头数，且须大于零。"))
    check_quantity(new.quantity_kg)
    check_time(new.occurred_at, at)
    check_words(note=new.note, variety=new.variety)
    place = places.find_usable(new.place, product.producer_id, business_day(new.occurred_at))
    note = {"heads": new.heads, "words": new.note.strip()}
    deed = Deed(
        new.kind, product.producer_id, new.occurred_at, place, born_kg=new.quantity_kg,
        note={name: value for name, value in note.items() if value},
    )  # fmt: skip
    act = start(deed, actor, taken=ZERO, given=new.quantity_kg, at=at)
    batch = add_batch(product, act, new.code, variety=new.variety)
    move(act, {batch.id: new.quantity_kg})
    tell(act, place)
    return batch


def process(new: Processing, actor: Actor, *, at: datetime) -> Batch:
    """Make a batch of a product out of batches; what does not come out is the loss.

    :raises NoSuchBatch, NoSuchProduct, NoSuchPlace: if something is not the actor's.
    :raises BadBatch: if more comes out than the declared yield allows, or something else makes no sense.
    :raises BatchTooSmall: if an input does not hold what is taken.
    """
    product = get_own_product(new.product, actor, at=at)
    check_quantity(new.quantity_kg)
    check_time(new.occurred_at, at)
    check_words(added=new.added, method=new.method)
    if not 0 < new.yield_bound <= 1 or new.yield_bound != round(new.yield_bound, 4):
        raise bad("yield_bound", _("出成率须大于 0，不超过 100%，最多精确到 0.01%。"))
    if new.added_kg < 0 or bool(new.added_kg) != bool(new.added.strip()):
        raise bad("added", _("加了辅料的，名称和重量都要填。"))
    taken = _lock_inputs(new.inputs, actor, at, producer_id=product.producer_id)
    mass = sum(taken.values(), ZERO) + new.added_kg
    if new.quantity_kg > mass * new.yield_bound:
        most = (mass * new.yield_bound).quantize(Decimal("0.001"), rounding="ROUND_DOWN")
        raise bad(
            "quantity",
            _("投料 %(mass)s 公斤，按申报的出成率最多产出 %(most)s 公斤。", mass=shown(mass), most=shown(most)),
        )
    place = _find_place(new.place, product.producer_id, new.occurred_at)
    note = {"method": new.method.strip(), "added": new.added.strip()}
    deed = Deed(
        "process", product.producer_id, new.occurred_at, place, added_kg=new.added_kg, loss_kg=mass - new.quantity_kg,
        yield_bound=new.yield_bound, note={name: value for name, value in note.items() if value},
    )  # fmt: skip
    act = start(deed, actor, taken=sum(taken.values(), ZERO), given=new.quantity_kg, at=at)
    batch = add_batch(product, act, new.code)
    move(act, {**{key: -quantity for key, quantity in taken.items()}, batch.id: new.quantity_kg})
    tell(act, place)
    return batch


def split(
    public_id: UUID, parts: Sequence[tuple[str, Decimal]], actor: Actor, *, occurred_at: datetime, at: datetime,
    place: UUID | None = None,
) -> list[Batch]:  # fmt: skip
    """Part batches off a batch: pairs of code (empty: made here) and kilograms.

    :raises NoSuchBatch: if it is not the actor's.
    :raises BatchTooSmall: if it does not hold the parts.
    """
    if not 0 < len(parts) <= _MAX_PARTS:
        raise bad("parts", _("一次分出 1 至 20 批。"))
    for n, (_code, quantity) in enumerate(parts):
        check_quantity(quantity, f"parts/{n}/quantity")
    check_time(occurred_at, at)
    total = sum((quantity for _code, quantity in parts), ZERO)
    taken = _lock_inputs({public_id: total}, actor, at, field="parts")
    source = db.session.get_one(Batch, next(iter(taken)))
    product = db.session.get_one(Product, source.product_id)
    where = _find_place(place, source.producer_id, occurred_at)
    act = start(Deed("split", source.producer_id, occurred_at, where), actor, taken=total, given=total, at=at)
    made = [
        add_batch(product, act, code, variety=source.variety, field=f"parts/{n}/code")
        for n, (code, _quantity) in enumerate(parts)
    ]
    given = {batch.id: quantity for batch, (_code, quantity) in zip(made, parts, strict=True)}
    move(act, {source.id: -total, **given})
    tell(act, where)
    return made


def mix(
    inputs: Mapping[UUID, Decimal], actor: Actor, *, code: str = "", occurred_at: datetime, at: datetime,
    place: UUID | None = None,
) -> Batch:  # fmt: skip
    """Mix batches of one product into a new one, which needs papers of its own.

    :raises NoSuchBatch: if one is not the actor's.
    :raises BadBatch: for fewer than two, or batches of several products.
    :raises BatchTooSmall: if one does not hold what is taken.
    """
    check_time(occurred_at, at)
    taken = _lock_inputs(inputs, actor, at)
    sources = [db.session.get_one(Batch, key) for key in taken]
    if len(sources) < 2 or len({batch.product_id for batch in sources}) > 1:  # noqa: PLR2004  one is no mixture
        raise bad("inputs", _("混批须选择同一产品的两个或更多批次。"))
    total = sum(taken.values(), ZERO)
    product = db.session.get_one(Product, sources[0].product_id)
    where = _find_place(place, product.producer_id, occurred_at)
    act = start(Deed("mix", product.producer_id, occurred_at, where), actor, taken=total, given=total, at=at)
    varieties = {batch.variety for batch in sources}
    batch = add_batch(product, act, code, variety=varieties.pop() if len(varieties) == 1 else "")
    move(act, {**{key: -quantity for key, quantity in taken.items()}, batch.id: total})
    tell(act, where)
    return batch


def discard(
    public_id: UUID, quantity_kg: Decimal, reason: str, actor: Actor, *, occurred_at: datetime, at: datetime,
    place: UUID | None = None,
) -> Batch:  # fmt: skip
    """Take out of a batch what was lost: spoilt, dried up, sampled. Recalled batches too.

    :raises NoSuchBatch: if it is not the actor's.
    :raises BatchTooSmall: if it does not hold that much.
    """
    check_quantity(quantity_kg)
    check_time(occurred_at, at)
    check_words(reason=reason)
    if not reason.strip():
        raise bad("reason", _("请填写原因。"))
    source = get_batch(public_id, actor, business_day(at)).batch
    batch = lock_batches([source.id])[source.id]
    if batch.on_hand_kg < quantity_kg:
        raise too_small(batch.on_hand_kg)
    where = _find_place(place, batch.producer_id, occurred_at)
    deed = Deed("discard", batch.producer_id, occurred_at, where, loss_kg=quantity_kg, note={"reason": reason.strip()})
    act = start(deed, actor, taken=quantity_kg, given=ZERO, at=at)
    move(act, {batch.id: -quantity_kg})
    tell(act, where)
    return batch


def add_batch(product: Product, act: BatchAct, code: str, *, variety: str = "", field: str = "code") -> Batch:
    """Add an empty batch that an act fills.

    :raises BadBatch: for a code that is too long.
    :raises BatchCodeTaken: if the product has one of that code.
    """
    code = (
        code.strip() or f"{business_day(act.occurred_at):%Y%m%d}-{''.join(secrets.choice(_LETTERS) for _n in range(4))}"
    )
    if len(code) > _MAX_CODE or re.search(r"[\x00-\x1f]", code):
        raise bad(field, _("批号最多40个字。"))
    batch = Batch(
        public_id=uuid7(), product_id=product.id, producer_id=product.producer_id, code=code, act_id=act.id,
        on_hand_kg=ZERO, status="open", variety=variety.strip(), created_at=act.recorded_at,
    )  # fmt: skip
    detail = _("批号“%(code)s”已存在。", code=code)
    taken = BatchCodeTaken(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])
    with refusing(uq_batches_product_id_code=taken):
        db.session.add(batch)
    return batch


def _lock_inputs(
    inputs: Mapping[UUID, Decimal], actor: Actor, at: datetime, *, producer_id: int | None = None, field: str = ""
) -> dict[int, Decimal]:
    """Lock what goes in; refuse what is not the actor's, not open, of another producer, or too little for ``field``."""
    if not 0 < len(inputs) <= _MAX_PARTS:
        raise bad("inputs", _("请选择 1 至 20 个批次。"))
    found: dict[int, Decimal] = {}
    producers = {producer_id} if producer_id else set()
    for place, (public_id, quantity) in enumerate(inputs.items()):
        check_quantity(quantity, f"inputs/{place}/quantity")
        batch = get_batch(public_id, actor, business_day(at)).batch
        found[batch.id] = quantity
        producers.add(batch.producer_id)
    if len(producers) > 1:
        raise bad("inputs", _("批次须属于同一供应商。"))
    fields = {key: field or f"inputs/{place}/quantity" for place, key in enumerate(found)}
    lineage.hold(producers.pop())
    for key, batch in lock_batches(found).items():
        require_open(batch)
        if batch.on_hand_kg < found[key]:
            raise too_small(batch.on_hand_kg, fields[key])
    return found


def _find_place(public_id: UUID | None, producer_id: int, when: datetime) -> Place | None:
    return None if public_id is None else places.find_usable(public_id, producer_id, business_day(when))


__all__ = [
    "BadBatch", "BatchCodeTaken", "BatchNotOpen", "BatchTooSmall", "NewBatch", "NoSuchBatch", "Processing", "add_batch",
    "bad", "check_quantity", "check_time", "check_words", "discard", "mix", "process", "record_birth", "shown", "split",
]  # fmt: skip
