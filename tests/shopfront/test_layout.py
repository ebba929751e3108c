"""The frame of every page, its macros and its files."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from flask import render_template_string, request
from wtforms import BooleanField, DecimalField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from shop import auth
from shop.auth import Actor
from shop.forms import Form
from shop.i18n import mark
from shop.layout import NavItem, address_with

NOBODY = UUID(int=0)
IMPORTS = (
    '{% import "macros/forms.html" as forms %}{% import "macros/tables.html" as tables %}'
    '{% import "macros/figures.html" as figures %}'
)


class PriceForm(Form):
    price = DecimalField("单价", validators=[DataRequired("请填写单价。")], description="含税")
    note = StringField("备注")
    agreed = BooleanField("同意")
    mode = RadioField("方式", choices=[SelectChoice("a", "先货后款"), SelectChoice("b", "先款后货")], default="a")
    unit = SelectField("单位", choices=[SelectChoice("kg", "公斤")])


@pytest.fixture
def in_page(app, session):
    def render(template, path="/producer/orders?status=open&cursor=x", **values):
        with app.test_request_context(path):
            return render_template_string(template, **values)

    return render


def test_a_field_has_label_unit_hint_and_error_tied_to_it(app, session):
    with app.test_request_context("/", method="POST", data={"mode": "a", "unit": "kg"}):
        form = PriceForm()
        assert not form.validate()
        page = render_template_string(
            IMPORTS + "{{ forms.form_errors(form) }}{{ forms.field(form.price, unit='元') }}", form=form
        )
    assert '<a href="#price">请填写单价。</a>' in page
    assert '<label for="price">单价</label>' in page
    assert 'aria-describedby="price-hint price-error"' in page
    assert 'aria-invalid="true"' in page
    assert '<span class="unit">元</span>' in page
    assert 'id="price-error">请填写单价。' in page


def test_each_kind_of_field_is_labelled(app, session):
    with app.test_request_context("/"):
        form = PriceForm()
        template = (
            IMPORTS + "{% for f in [form.note, form.agreed, form.mode, form.unit] %}{{ forms.field(f) }}{% endfor %}"
        )
        page = render_template_string(template, form=form)
    assert '<label for="note">备注 <span class="optional">（选填）</span></label>' in page
    assert '<label for="agreed">同意</label>' in page
    assert "<legend>方式" in page
    assert '<label for="mode-0">先货后款</label>' in page
    assert 'class="form-select"' in page


def test_a_table_has_caption_scopes_and_a_total_row(in_page):
    page = in_page(
        IMPORTS + "{% call tables.data_table('订单', [('编号', ''), ('金额', 'num')], total=['合计', '12.30']) %}"
        "<tr><th scope=row>DK</th></tr>{% endcall %}"
    )
    assert "<caption>订单</caption>" in page
    assert '<th scope="col" class="num">金额</th>' in page
    assert '<tr class="total"><th scope="row">合计</th><td class="num">12.30</td></tr>' in page


def test_more_keeps_the_filters_and_names_the_next_key(in_page):
    page = in_page(IMPORTS + "{{ tables.more('abc') }}")
    assert "/producer/orders?status=open&amp;cursor=abc" in page
    assert 'href="/producer/orders?status=open">回到开头' in page


def test_a_changed_filter_drops_the_cursor_and_encodes_its_value(app):
    with app.test_request_context("/products?q=枸杞&cursor=x&a=1&a=2"):
        assert address_with(a=None, q="a&b") == "/products?q=a%26b"


def test_figures_lead_to_their_lines(in_page):
    page = in_page(IMPORTS + "{{ figures.figure('合计', 123456 | yuan, '元', href='/lines', about='规则 1') }}")
    assert '<a class="figure-link" href="/lines" title="规则 1">1,234.56' in page


def test_a_timeline_says_who_when_what_why(in_page):
    move = SimpleNamespace(at=datetime(2026, 7, 3, 6, 5, tzinfo=UTC), what="已确认", who="王芳", why="价格无误")
    page = in_page(IMPORTS + "{{ figures.timeline(moves) }}", moves=[move])
    assert "2026-07-03 14:05" in page
    assert "王芳 · 价格无误" in page


def test_an_act_that_cannot_be_undone_says_its_effect(in_page):
    page = in_page(IMPORTS + "{{ forms.confirm_act('/x', '确认后，12.30 元将计入靖远县', '确认收货') }}")
    assert '<p class="effect">确认后，12.30 元将计入靖远县</p>' in page
    assert 'name="idempotency_key"' in page


def test_a_button_can_ask_before_it_acts_without_scripts(in_page):
    page = in_page(IMPORTS + "{{ forms.ask_button('/x', '停用地点', '不能恢复。', values={'last': '1'}) }}")

    assert '<summary class="btn btn-secondary">停用地点…</summary>' in page
    assert page.index('<p class="effect">不能恢复。</p>') < page.index(
        '<button class="btn btn-danger">停用地点</button>'
    )
    assert '<input type="hidden" name="last" value="1">' in page
    assert (
        page.index('<details class="ask no-print">') < page.index('name="idempotency_key"') < page.index("</details>")
    )


def test_signs_between_two_values_are_of_the_page_s_language(app):
    for address, expected in (("/?lang=zh", "：；，（）"), ("/?lang=en", ": ; ,  ()")):
        with app.test_request_context(address):
            assert "".join(mark(sign) for sign in ":;,()") == expected


def test_a_desk_page_marks_where_one_is_and_shows_only_what_one_may(app, session):
    actor = Actor(1, NOBODY, "王芳", 1, NOBODY, "靖远合作社", "producer", 1, frozenset({"orders:read"}))
    app.extensions.setdefault("nav", []).extend(
        [
            NavItem("producer", "就绪", "health.readyz", "orders:read"),
            NavItem("producer", "秘密", "health.metrics", "x:y"),
        ]
    )
    template = (
        '{% extends "desk.html" %}{% set landscape = true %}{% block title %}就绪情况{% endblock %}'
        '{% block primary %}<a class="btn">新建</a>{% endblock %}{% block main %}<p>内容</p>{% endblock %}'
    )
    try:
        with app.test_request_context("/producer/orders"):
            request.environ[auth._ACTOR] = actor
            page = render_template_string(template)
    finally:
        del app.extensions["nav"][-2:]
    assert "<h1>就绪情况</h1>" in page
    assert 'class="sheet has-primary"' in page
    assert "就绪</a>" in page
    assert "秘密" not in page
    assert '<a href="/producer" aria-current="true">供应商</a>' in page


def test_a_desk_with_headings_groups_its_links_and_folds_them_on_a_phone(app, session):
    actor = Actor(1, NOBODY, "王芳", 1, NOBODY, "对口平台", "operator", 1, frozenset({"orders:inspect", "audit:read"}))
    items = [
        NavItem("operator", "乙", "health.metrics", "orders:inspect", 2, {}, "款项"),
        NavItem("operator", "甲", "health.readyz", "orders:inspect", 3, {}, "审核"),
        NavItem("operator", "丙", "health.healthz", "orders:inspect", 4, {}, "款项"),
    ]
    kept = list(app.extensions["nav"])
    app.extensions["nav"][:] = items
    try:
        with app.test_request_context("/operator/orders"):
            request.environ[auth._ACTOR] = actor
            page = render_template_string('{% extends "desk.html" %}{% block title %}订单{% endblock %}')
    finally:
        app.extensions["nav"][:] = kept
    menu = page[page.index('<nav class="side grouped"') : page.index("</nav>", page.index("side grouped"))]
    words = re.findall(r">(款项|审核|甲|乙|丙)<", menu)
    assert words == ["款项", "乙", "丙", "审核", "甲"]
    assert '<label for="side-open" class="side-label">菜单</label>' in menu
    assert 'aria-current="true"' not in menu


def test_style_sheets_are_compressed_and_together_below_80_kb(client):
    total = 0
    for name in ("bootstrap.min.css", "duikou.css", "duikou.js"):
        answer = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert answer.headers["Content-Encoding"] == "gzip"
        total += len(answer.data)
    assert total < 80_000


def test_a_file_is_kept_for_a_year_only_under_its_own_tag(client):
    tagged = client.get("/static/duikou.css").headers["ETag"].strip('"')
    assert "max-age=31536000" in client.get(f"/static/duikou.css?v={tagged}").headers["Cache-Control"]
    assert "max-age=3600" in client.get("/static/duikou.css?v=other").headers["Cache-Control"]
    again = client.get("/static/duikou.css", headers={"If-None-Match": f'"{tagged}"'})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.css", "../config.py", "%2e%2e/layout.py"])
def test_no_other_file_is_served(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_pages_carry_no_inline_style_or_script(client):
    page = client.get("/nothing").get_data(as_text=True)
    assert 'style="' not in page
    assert "<script>" not in page
