"""Refusals as answers: RFC 9457 problem documents on the API, a page for people elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, current_app, flash, redirect, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from shop.auth import is_api_request
from shop.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from shop.i18n import _, language, lazy
from shop.messages import translate
from shop.returning import page_before

MEDIA_TYPE = "application/problem+json"
#: The one place where a kind of refusal gets its status; the first match in order wins.
STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (NotFound, 404),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (TooMany, 429),
    (Conflict, 409),
    (Invalid, 422),
    (DomainError, 400),
)
_TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type",
    422: "Unprocessable Content", 428: "Precondition Required", 429: "Too Many Requests", 500: "Internal Server Error",
    503: "Service Unavailable",
}  # fmt: skip
#: What webargs and marshmallow call the whole of something; not a member of the request.
_PLACES = frozenset({"_schema", "json", "query", "querystring", "form", "files", "headers", "path", "json_or_form"})
_STATUS_WORDS = {
    400: lazy("请求有误"), 401: lazy("请先登录"), 403: lazy("没有权限"), 404: lazy("没有找到"), 405: lazy("不支持的操作"),
    409: lazy("现在不能这样做"), 412: lazy("内容已被他人修改"), 413: lazy("文件太大"), 422: lazy("内容有误"),
    415: lazy("媒体类型不对"), 428: lazy("缺少 If-Match"), 429: lazy("操作太频繁"), 500: lazy("系统出错"), 503: lazy("系统正忙"),
}  # fmt: skip

#: How an interface whose problems a standard names calls one, by the beginning of its paths: status and code to
#: status, type and title.
Naming = Callable[[int, str], tuple[int, str, str]]
_namings: dict[str, Naming] = {}

#: numeric_value_out_of_range, datetime_field_overflow
_OUT_OF_RANGE = ("22003", "22008")
#: A value that no index can hold: an ``OperationalError``, and the same however often it is tried.
_TOO_LONG = "54000"


class OutOfRange(Invalid):
    """A number or day, or the sum that it leads to, is more than can be kept."""

    code = "out-of-range"


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a refusal: its own ``status`` attribute or the table's."""
    own = getattr(error, "http_status", None)
    return own if isinstance(own, int) else next(status for kind, status in STATUS if isinstance(error, kind))


def title_of(status: int) -> str:
    """Return what a status is called in the reader's language."""
    return _TITLES.get(status, "Error") if language() == "en" else str(_STATUS_WORDS.get(status, lazy("出错了")))


def name_problems(prefix: str, naming: Naming) -> None:
    """Let refusals under ``prefix`` have the types and titles of the standard that defines the interface."""
    _namings[prefix] = naming


def _named(status: int, code: str) -> tuple[int, str, str]:
    for prefix, naming in _namings.items():
        if request.path.startswith(prefix):
            return naming(status, code)
    kind = code if code == "about:blank" else f"/problems/{code}"
    return status, kind, _TITLES.get(status, "Error")


def problem(status: int, *, code: str, detail: str, members: dict[str, Any] | None = None) -> Response:
    """Build a problem document; ``code`` ``"about:blank"`` has no type of its own."""
    status, kind, title = _named(status, code)
    document = {
        "type": kind,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **(members or {}),
    }
    body = json.dumps(document, ensure_ascii=False, default=str)
    answer = Response(body, status, content_type=MEDIA_TYPE)
    if status == 401:  # noqa: PLR2004  the header that RFC 9110 asks for
        answer.headers["WWW-Authenticate"] = 'Bearer realm="duikou"'
    if members and "retry_after_s" in members:
        answer.headers["Retry-After"] = str(members["retry_after_s"])
    return answer


def example(status: int) -> dict[str, Any]:
    """Return what a refusal with ``status`` looks like, for the API's document."""
    codes = {400: "malformed", 401: "unauthenticated", 403: "forbidden", 404: "not-found", 409: "conflict",
             412: "version-changed", 415: "unsupported-media-type", 422: "validation", 428: "precondition-required",
             429: "too-many-requests", 503: "busy"}  # fmt: skip
    kind = f"/problems/{codes[status]}" if status in codes else "about:blank"
    document = {"type": kind, "title": _TITLES.get(status, "Error"), "status": status, "instance": "/api/v1/orders"}
    if status == 422:  # noqa: PLR2004
        document["errors"] = [{"pointer": "#/lines/0/quantity", "detail": "必填。"}]
    return document


def pointers(messages: Any, path: str = "#") -> Iterator[dict[str, str]]:
    """Flatten marshmallow's nested messages into JSON pointers with one detail each."""
    if isinstance(messages, dict):
        for key, value in messages.items():
            here = path if key in _PLACES else f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
            yield from pointers(value, here)
    elif isinstance(messages, list):
        for message in messages:
            yield from pointers(message, path)
    else:
        yield {"pointer": path, "detail": translate(str(messages))}


def _page(status: int, detail: str) -> tuple[str, int]:
    words = _STATUS_WORDS.get(status, lazy("出错了"))
    before = page_before()
    back = "" if before.partition("?")[0] == request.path else before
    return render_template("error.html", status=status, words=words, detail=detail, back=back), status


def answer_domain_error(error: DomainError) -> Any:
    """Answer a service's refusal in the caller's form.

    A person who pressed a button is led back to the page where it stands, with what was refused at its top; of what
    may not be seen nothing is said but that it is not there.
    """
    status = status_of(error)
    if is_api_request():
        return problem(status, code=error.code, detail=error.detail, members=error.members)
    if request.method == "POST" and not isinstance(error, NotFound | Unauthenticated) and (back := page_before()):
        flash(error.detail or title_of(status), "error")
        return redirect(back, 303)
    return _page(status, error.detail)


def answer_http_error(error: HTTPException) -> Any:
    """Answer werkzeug's errors and marshmallow's messages in the caller's form."""
    status = error.code or 500
    if status < 400:  # noqa: PLR2004  a redirect raised by routing
        return error
    if not is_api_request():
        return _page(status, "" if status == 404 else error.description or "")  # noqa: PLR2004
    data = getattr(error, "data", None) or {}
    messages = data.get("messages") or data.get("errors")
    if messages:
        found = list(pointers(messages))
        detail = found[0]["detail"] if len(found) == 1 else _("请求内容有误，详见 errors。")
        code = "malformed" if status == 400 else "validation"  # noqa: PLR2004
        answer = problem(status, code=code, detail=detail, members={"errors": found})
    else:
        answer = problem(status, code="about:blank", detail=error.description or "")
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def answer_bug(error: Exception) -> Any:
    """Answer an unexpected error with a bare 500, after logging it; in tests it propagates.

    A race lost three times over, or a database that is away, is a 503: the caller may try again. A sum or a day that
    no column can hold, or a text that no index can, is the caller's mistake: 422.
    """
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    if state == _TOO_LONG or state in _OUT_OF_RANGE:
        current_app.logger.warning("a value is out of range", exc_info=error)
        detail = _("内容过长，无法保存。") if state == _TOO_LONG else _("数值或日期超出可以保存的范围。")
        return answer_domain_error(OutOfRange(detail))
    if isinstance(error, DBAPIError) and (lost_race(error) or isinstance(error, OperationalError)):
        current_app.logger.warning("database is busy or away", exc_info=error)
        detail = _("系统正忙，请稍后再试。")
        return (
            problem(503, code="busy", detail=detail, members={"retry_after_s": 1})
            if is_api_request()
            else _page(503, detail)
        )
    if current_app.testing or current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    current_app.logger.error("unexpected error", exc_info=error)
    if is_api_request():
        return problem(500, code="about:blank", detail="")
    return _page(500, "")


def lost_race(error: DBAPIError) -> bool:
    """Say whether the same transaction, run again, can succeed: serialization failure or deadlock."""
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, answer_domain_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_bug)
