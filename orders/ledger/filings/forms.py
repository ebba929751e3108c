"""The form in which a filing is entered: parties, days, lines, numbers, papers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import literal, or_, select
from wtforms import (
    FieldList,
    FormField,
    IntegerField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.fields import DateField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from catalog.products.models import Category
from catalog.shopfront.labels import SCHEMES
from orders.ledger.filings.drafts import KEY_KINDS, MAX_LINES, DocumentDraft, FilingDraft, KeyDraft, LineDraft
from orders.ledger.filings.queries import FilingView, Seller, division_name
from shop import money
from shop.auth import Actor
from shop.db import db
from shop.files import services as files
from shop.forms import Form
from shop.geo.models import AssistedCounty, Division
from shop.i18n import lazy as _
from shop.inputs import choices
from shop.typed import digits, pieces

_ROWS = 3
#: How people write a scheme in a sheet -> its code.
_SCHEME_CODES = {str(name): code for code, name in SCHEMES.items()} | {"全国扶贫产品目录": "national_directory"}
#: Field of the form -> kind of the papers it takes.
PAPERS = {"invoices": "invoice", "contracts": "contract", "receipts": "bank_receipt", "others": "other"}
#: What people leave out of the name of a place.
_ENDINGS = ("县", "市", "区", "旗", "省")
_SHORTEST_NAME = 2
_MOST_PLACES = 40
_SHOWN_PLACES = 3


class LineForm(PlainForm):
    """A row of goods; an empty one is left out."""

    category = StringField(_("品类"), [Length(max=60)])
    product_name = StringField(_("商品名称"), [Length(max=120)])
    quantity_text = StringField(_("数量"), [Length(max=60)])
    amount = StringField(_("金额（元）"), [Length(max=20)])
    eligibility_scheme = SelectField(
        _("认定依据"),
        choices=[SelectChoice("", _("请选择")), *(SelectChoice(*each) for each in SCHEMES.items())],
        default="",
    )
    eligibility_number = StringField(_("认定编号"), [Length(max=80)])

    def is_empty(self) -> bool:
        """Say whether nothing was typed."""
        return not any((field.data or "").strip() for field in self)


class FilingForm(Form):
    """A sale made off the platform."""

    producer = SelectField(_("供应商"), [InputRequired(_("请选择供应商。"))])
    county = StringField(_("产地县"), [InputRequired(_("请填写产地县。")), Length(max=60)])
    seller_name = StringField(_("销售方"), [Length(max=120)])
    seller_credit_code = StringField(_("销售方统一社会信用代码"), [Optional(), Length(max=40)])
    buyer_name = StringField(_("购买方"), [InputRequired(_("请填写购买方。")), Length(max=120)])
    buyer_credit_code = StringField(_("购买方统一社会信用代码"), [Optional(), Length(max=40)])
    buyer_division = StringField(_("购买方所在地"), [InputRequired(_("请填写购买方所在地。")), Length(max=60)])
    mode = RadioField(
        _("采购方式"), [InputRequired(_("请选择采购方式。"))],
        choices=[SelectChoice("direct", _("直接采购")), SelectChoice("helped", _("帮助销售"))], default="direct",
    )  # fmt: skip
    helper_name = StringField(_("帮销方"), [Length(max=120)], description=_("帮助销售时必填：谁帮助销售。"))
    sold_from = DateField(_("销售起始日期"), [InputRequired(_("请填写销售起始日期。"))])
    sold_to = DateField(
        _("销售截止日期"), [InputRequired(_("请填写销售截止日期。"))], description=_("计入这一天所在的月份。")
    )
    lines = FieldList(FormField(LineForm), min_entries=_ROWS, max_entries=MAX_LINES)
    paste = TextAreaField(
        _("从 Excel 粘贴"),
        [Length(max=20000)],
        description=_("每行：品类、商品名称、数量、金额、认定依据、认定编号，粘贴后按“填入表格”。"),
    )
    people_helped = IntegerField(_("带动人数"), [Optional(), NumberRange(0, 10**7)])
    invoice = TextAreaField(
        _("发票号码"), [Length(max=4000)], description=_("每行一个：20位数字，或代码加空格加8位号码。")
    )
    contract = TextAreaField(_("合同编号"), [Length(max=2000)])
    bank_serial = TextAreaField(_("银行流水号"), [Length(max=4000)])
    invoices = MultipleFileField(_("发票"))
    contracts = MultipleFileField(_("合同"))
    receipts = MultipleFileField(_("银行回单"))
    others = MultipleFileField(_("其他凭证"))
    note = TextAreaField(_("备注"), [Length(max=2000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: The rows that were typed into, in the order of the draft's lines.
        self._filled: list[Any] = []
        self._homes: dict[str, Seller] = {}

    def ask_for(self, sellers: Sequence[Seller] | None) -> None:
        """Ask an agent for which producer it files, whose county it then is; ``None``: ask for the county alone."""
        if sellers is None:
            del self.producer
            return
        self._homes = {str(seller.id): seller for seller in sellers}
        self.producer.choices = choices((key, seller.name) for key, seller in self._homes.items())
        del self.county

    def add_rows(self) -> None:
        """Add three empty rows."""
        for _n in range(min(_ROWS, MAX_LINES - len(self.lines))):
            self.lines.append_entry()

    def take_paste(self) -> None:
        """Fill what was pasted from a sheet into the empty rows and new ones."""
        rows = [row.split("\t") for row in (self.paste.data or "").splitlines() if row.strip()]
        free = [entry for entry in self.lines if entry.form.is_empty()]
        for cells in rows[:MAX_LINES]:
            if not free and len(self.lines) >= MAX_LINES:
                break
            entry = free.pop(0) if free else self.lines.append_entry()
            for field, cell in zip(entry.form, cells, strict=False):
                field.data = _SCHEME_CODES.get(cell.strip(), cell.strip())
        self.paste.data = ""

    def read(self, actor: Actor, kept: tuple[DocumentDraft, ...] = ()) -> FilingDraft | None:
        """Return what was typed, storing the files that came with it; ``None`` with errors on the fields."""
        seller = self._homes[self.producer.data] if "producer" in self else None
        county = seller.county_code if seller else self._find(self.county, find_county)
        division = self._find(self.buyer_division, _find_division)
        lines = self._read_lines()
        if county is None or division is None or lines is None:
            return None
        return FilingDraft(
            county_code=county, producer_id=seller.id if seller else None, seller_name=self.seller_name.data or "",
            seller_credit_code=self.seller_credit_code.data or None, buyer_name=self.buyer_name.data,
            buyer_credit_code=self.buyer_credit_code.data or None, buyer_division_code=division, mode=self.mode.data,
            helper_name=self.helper_name.data or "", sold_from=self.sold_from.data, sold_to=self.sold_to.data,
            lines=tuple(lines), people_helped=self.people_helped.data, note=self.note.data or "", keys=self._read_keys(),
            documents=kept + self._store(actor),
        )  # fmt: skip

    def take_errors(self, errors: list[dict[str, str]]) -> None:
        """Put what the service found wrong beside the fields it is about."""
        for error in errors:
            name, *rest = error["pointer"].removeprefix("#/").split("/")
            if name == "lines" and rest:
                row = self._filled[int(rest[0])]
                field = row.form[rest[1]]
                self.lines.errors = [*self.lines.errors, error["detail"]]
            else:
                field = self["invoice" if name == "keys" else "invoices" if name == "documents" else name]
            field.errors = [*field.errors, error["detail"]]

    def _find(self, field: Any, find: Callable[[str], str | None]) -> str | None:
        typed = field.data.strip()
        found = find(typed)
        if found is None:
            field.errors = [*field.errors, _no_place(field.label.text, typed, places_called(typed))]
        return found

    def _read_lines(self) -> list[LineDraft] | None:
        leaves = {name: code for code, name in categories()} | {code: code for code, _name in categories()}
        found: list[LineDraft] = []
        wrong: list[str] = []
        self._filled = [entry for entry in self.lines if not entry.form.is_empty()]
        for entry in self._filled:
            form = entry.form
            category = leaves.get((form.category.data or "").strip().split(" ")[0])
            try:
                amount = money.parse_yuan(digits(form.amount.data or ""))
            except ValueError:
                amount = 0
                form.amount.errors = [_("金额须是数字，至多两位小数。")]
                wrong += form.amount.errors
            if category is None:
                form.category.errors = [_("没有这个品类，请从列表中选择。")]
                wrong += form.category.errors
            else:
                found.append(
                    LineDraft(
                        category, form.product_name.data or "", amount, form.quantity_text.data or "",
                        form.eligibility_scheme.data or None, form.eligibility_number.data or "",
                    )
                )  # fmt: skip
        self.lines.errors = wrong
        return None if wrong else found

    def _read_keys(self) -> tuple[KeyDraft, ...]:
        return tuple(KeyDraft(kind, number) for kind in KEY_KINDS for number in pieces(self[kind].data or ""))

    def _store(self, actor: Actor) -> tuple[DocumentDraft, ...]:
        stored = []
        for name, kind in PAPERS.items():
            for upload in self[name].data or []:
                if getattr(upload, "filename", ""):
                    data = upload.stream.read(files.MAX_BYTES + 1)
                    stored.append(DocumentDraft(files.store(data, upload.filename, actor).public_id, kind))
        return tuple(stored)

    def show(self, view: FilingView) -> None:
        """Fill the form with what is there."""
        filing = view.filing
        for name in ("seller_name", "seller_credit_code", "buyer_name", "buyer_credit_code", "mode", "helper_name",
                     "sold_from", "sold_to", "people_helped", "note"):  # fmt: skip
            self[name].data = getattr(filing, name)
        self.buyer_division.data = filing.buyer_division_code
        if "producer" in self:
            self.producer.data = str(view.producer_id)
        else:
            self.county.data = filing.county_code
        for kind in KEY_KINDS:
            self[kind].data = "\n".join(key for found, key in view.keys if found == kind)
        while len(self.lines) < len(view.lines):
            self.lines.append_entry()
        for line, entry in zip(view.lines, self.lines, strict=False):
            entry.form.category.data, entry.form.product_name.data = line.category_code, line.product_name
            entry.form.quantity_text.data, entry.form.amount.data = (
                line.quantity_text,
                money.format_yuan(line.amount_fen),
            )
            entry.form.eligibility_scheme.data = line.eligibility_scheme or ""
            entry.form.eligibility_number.data = line.eligibility_number


def categories() -> list[tuple[str, str]]:
    """Return code and name of every category that goods can have."""
    rows = db.session.execute(
        select(Category.code, Category.name_zh).where(Category.parent_code.is_not(None)).order_by(Category.code)
    )
    return [(code, name) for code, name in rows]


def find_county(typed: str) -> str | None:
    """Return the code of an assisted county given by code or name."""
    return _find_place(AssistedCounty, typed)


def _find_division(typed: str) -> str | None:
    return _find_place(Division, typed)


def _find_place(table: type[AssistedCounty | Division], typed: str) -> str | None:
    """Return the code of a place given by code, or by a name, whole or short, that only one place has."""
    word = typed.split(" ", maxsplit=1)[0]
    if word.isdigit():
        return db.session.scalar(select(table.code).where(table.code == word))
    codes = db.session.scalars(select(table.code).where(table.name == typed).limit(2)).all()
    if not codes:
        within = [code for code, _name in places_called(typed)]
        codes = db.session.scalars(select(table.code).where(table.code.in_(within)).limit(2)).all()
    return codes[0] if len(codes) == 1 else None


def places_called(typed: str) -> list[tuple[str, str]]:
    """Return code and whole name of the divisions that a name may mean: short, or with what governs them before it."""
    if len(typed) < _SHORTEST_NAME:
        return []
    names = [typed, *(typed + ending for ending in _ENDINGS)]
    named = or_(Division.name.in_(names), literal(typed).endswith(Division.name))
    rows = db.session.scalars(select(Division).where(named).order_by(Division.code).limit(_MOST_PLACES)).all()
    whole = [(row.code, division_name(row)) for row in rows]
    return [(code, name) for code, name in whole if any(name.endswith(each) for each in names)]


def _no_place(label: str, typed: str, meant: Sequence[tuple[str, str]]) -> Any:
    if len(meant) > 1:
        several = "、".join(f"{code} {name}" for code, name in meant[:_SHOWN_PLACES])
        return _(
            "%(label)s：叫“%(typed)s”的地方不止一个，请填写代码，例如 %(places)s。",
            label=label,
            typed=typed,
            places=several,
        )
    return _("%(label)s：没有这个地方，请填写全称或六位代码。", label=label)
