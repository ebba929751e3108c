"""What the ``type`` of a problem leads to: a public page for each code, and one with all of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flask import Blueprint, render_template
from markupsafe import Markup, escape

from shop.auth import public
from shop.errors import NotFound
from shop.i18n import _, language, lazy
from shop.problems import title_of

bp = Blueprint("problem_pages", __name__, url_prefix="/problems", template_folder="templates")
#: What a caller does about a refusal of that status.
_ADVICE = {
    400: lazy("补上缺少的内容，再发一次请求。"),
    401: lazy("请先登录；接口调用请检查令牌是否有效。"),
    403: lazy("请由有权限的岗位，或由另一个人办理。"),
    404: lazy("请检查编号，以及当前所在的单位是否正确。"),
    409: lazy("请重新读取，看清现在的状态后再决定；原样重发不会成功。"),
    412: lazy("请重新读取最新内容，在它上面修改后再保存。"),
    413: lazy("请缩小文件后再上传。"),
    415: lazy("请用文档中写明的媒体类型发送。"),
    422: lazy("请按说明修改请求内容后再发送。"),
    428: lazy("请先读取，并把得到的 ETag 放在 If-Match 中。"),
    429: lazy("请等到 Retry-After 所说的时间以后再试。"),
    503: lazy("请稍等片刻后原样重试。"),
}


@dataclass(frozen=True)
class Problem:
    """A kind of refusal: its code, its status, and when it comes in both languages."""

    code: str
    status: int
    en: str
    zh: str

    @property
    def title(self) -> str:
        """The status in words."""
        return title_of(self.status)

    @property
    def when(self) -> Markup:
        """When it comes, in the reader's language, with members of the document as code."""
        parts = (self.en if language() == "en" else self.zh).split("`")
        marked = (Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts))
        return Markup("").join(marked)

    @property
    def advice(self) -> str:
        """What to do about it."""
        return str(_ADVICE.get(self.status, ""))


@cache
def all_problems() -> dict[str, Problem]:
    """Return every kind of refusal by its code."""
    with files(__package__).joinpath("problems.csv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return {row["code"]: Problem(row["code"], int(row["status"]), row["en"], row["zh"]) for row in rows}


@bp.get("")
@public
def list_problems() -> str:
    """Show every kind of refusal."""
    return render_template("apidocs/problems.html", problems=all_problems().values())


@bp.get("/<code>")
@public
def show_problem(code: str) -> str:
    """Show when a refusal comes and what to do.

    :raises NotFound: if there is no such code.
    """
    found = all_problems().get(code)
    if found is None:
        raise NotFound(_("没有这个问题代码。"))
    return render_template("apidocs/problem.html", problem=found)
