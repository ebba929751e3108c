"""What every resource under ``/epcis`` has in common: versions, media types, headers, discovery, signed page tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, current_app, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.datastructures import MIMEAccept

from shop import clock
from shop.auth import Actor, public
from traceability.repository.documents import FORMATS
from traceability.repository.refusals import AddressTooLong, NotAcceptableHere

#: The standard's default context, wherever a document is ours.
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
JSON, JSON_LD = "application/json", "application/ld+json"
VERSION = "2.0"
_OLDEST, _NEWEST = (2, 0, 0), (2, 0, 1)
#: What the client asks for, by the end of the header's name: whether the bound fits.
_BOUNDS: tuple[tuple[str, Callable[[tuple[int, ...]], bool]], ...] = (
    ("Min", lambda asked: asked <= _NEWEST),
    ("Max", lambda asked: asked >= _OLDEST),
    ("Version", lambda asked: _OLDEST <= asked <= _NEWEST),
)
#: How XML answers would write CBV's words. There are none, so whatever of these is asked for changes nothing.
CBV_FORMATS = ("No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates")
#: Bytes of an address with its query.
LONGEST_ADDRESS = 65_536
DISCOVERY = {
    **{f"GS1-{name}-{end}": VERSION for name in ("EPCIS", "CBV") for end in ("Version", "Min", "Max")},
    "GS1-EPC-Format": ", ".join(FORMATS),
    "GS1-CBV-XML-Format": ", ".join(CBV_FORMATS),
    "GS1-Extensions": "cbvmda=urn:epcglobal:cbv:mda:, gs1=https://gs1.org/voc/",
    "GS1-Vendor-Version": "Duikou-1.0",
    "Accept-Post": f"{JSON}, {JSON_LD}",
    # Parts of the standard that this repository leaves out.
    "Duikou-Not-Supported": "xml, soap, websocket",
}
TOKEN_LIVES = timedelta(hours=1)
DEFAULT_PER_PAGE, MAX_PER_PAGE = 30, 1000


def make_blueprint(name: str, import_name: str) -> Blueprint:
    """Return a blueprint of resources under ``/epcis`` which negotiates and dresses every answer."""
    bp = Blueprint(name, import_name, url_prefix="/epcis")
    bp.before_request(_negotiate)
    bp.after_request(_dress)
    return bp


def discover(bp: Blueprint, rule: str, *methods: str, headers: Callable[[], Mapping[str, str]] = dict) -> None:
    """Answer ``OPTIONS`` on a resource with what it can do; anybody may ask."""

    @public
    def options(**_values: Any) -> Response:
        answer = Response(status=204)
        answer.headers.update({**DISCOVERY, **headers(), "Allow": ", ".join((*methods, "OPTIONS"))})
        return answer

    endpoint = "options_" + "".join(character if character.isalnum() else "_" for character in rule)
    bp.add_url_rule(rule, endpoint, options, methods=["OPTIONS"], provide_automatic_options=False)


def answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON, called JSON-LD for those who prefer it."""
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    preferred = _accepted().best_match([JSON, JSON_LD], default=JSON)
    response = Response(text, status, content_type=preferred)
    response.headers.update(headers or {})
    return response


def epc_format(default: str = "Always_GS1_Digital_Link") -> str:
    """Return how identifiers are to be written in the answer.

    :raises NotAcceptableHere: for a way that the standard does not have.
    """
    asked = request.headers.get("GS1-EPC-Format", "").strip() or default
    if asked not in FORMATS:
        raise NotAcceptableHere(f"GS1-EPC-Format is one of {', '.join(FORMATS)}.")
    return asked


def _negotiate() -> None:
    """Refuse what asks for another version or another form than there is, or at too great length.

    :raises AddressTooLong, NotAcceptableHere: then.
    """
    if len(request.path) + len(request.query_string) > LONGEST_ADDRESS:
        raise AddressTooLong(f"The address is longer than {LONGEST_ADDRESS} bytes; keep a named query.")
    _check_cbv_format()
    for name in ("EPCIS", "CBV"):
        for end, fits in _BOUNDS:
            asked = request.headers.get(f"GS1-{name}-{end}", "").strip()
            if asked and not (_is_version(asked) and fits(_parts(asked))):
                raise NotAcceptableHere(f"GS1-{name}-{end}: {asked[:20]} cannot be had; this is {name} {VERSION}.")
    accept = _accepted()
    if accept and not (accept.best_match([JSON, JSON_LD]) or accept.best_match(["application/problem+json"])):
        raise NotAcceptableHere("Answers are JSON or JSON-LD; there is no XML.")


def _accepted() -> MIMEAccept:
    """Return the media types that the client takes, without parameters: JSON has none that matter."""
    return MIMEAccept([(value.partition(";")[0].strip(), quality) for value, quality in request.accept_mimetypes])


def _check_cbv_format() -> None:
    asked = request.headers.get("GS1-CBV-XML-Format", "").strip()
    if asked and asked.lower() not in {each.lower() for each in CBV_FORMATS}:
        raise NotAcceptableHere(
            f"GS1-CBV-XML-Format is one of {', '.join(CBV_FORMATS)}; answers are JSON whatever it says."
        )


def _is_version(text: str) -> bool:
    return len(text) < 20 and all(part.isdecimal() and part.isascii() for part in text.split("."))  # noqa: PLR2004


def _parts(text: str) -> tuple[int, ...]:
    return (*(int(part) for part in text.split(".")), 0, 0)[:3]


def _dress(response: Response) -> Response:
    for name in ("EPCIS", "CBV"):
        response.headers.setdefault(f"GS1-{name}-Version", VERSION)
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers.setdefault("Vary", "Authorization, Accept, GS1-EPC-Format")
    return response


def _serializer(list_: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"epcis-page:{list_}")


def page_token(list_: str, actor: Actor, values: Mapping[str, Any]) -> tuple[str, datetime]:
    """Return a signed token of the next page, good for one list and one organisation, and until when it is."""
    expires = clock.real_now() + TOKEN_LIVES
    held = {**values, "until": int(expires.timestamp()), "organisation": actor.organisation_id}
    return str(_serializer(list_).dumps(held)), expires


def read_page_token(list_: str, actor: Actor, token: str) -> dict[str, Any] | None:
    """Return what a token of this list holds, or ``None`` if it is not ours, another's or too old."""
    try:
        held = _serializer(list_).loads(token)
    except BadSignature:
        return None
    if held.get("organisation") != actor.organisation_id or held["until"] < clock.real_now().timestamp():
        return None
    return dict(held)


def _address() -> str:
    """Return the request's address with the values in its path quoted whole, so that what is escaped in them stays so."""
    given = request.view_args or {}
    marks = {f"~{place}~": quote(str(value), safe="") for place, value in enumerate(given.values())}
    # The choices of a path are no URIs and stand for themselves.
    values: dict[str, Any] = {
        name: value if str(value).isalnum() else mark for (name, value), mark in zip(given.items(), marks, strict=True)
    }
    path = url_for(request.endpoint or "", **values)
    for mark, quoted in marks.items():
        path = path.replace(mark, quoted)
    return f"{request.host_url.rstrip('/')}{path}"


def next_link(token: str, expires: datetime, parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that lead to the next page of the same address."""
    query = [(name, value) for name, value in parameters if name != "nextPageToken"]
    address = f"{_address()}?{urlencode([*query, ('nextPageToken', token)])}"
    until = expires.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"Link": f'<{address}>; rel="next"', "GS1-Next-Page-Token-Expires": until}
