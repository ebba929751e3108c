"""What a file is, told by its bytes and not by its name; and a name that is safe to give back."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from pathlib import PurePosixPath

from shop.errors import Invalid
from shop.i18n import _

#: Media type -> suffixes; the first is appended when a name has none of them.
SUFFIXES = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "application/ofd": (".ofd",),
    "application/xml": (".xml",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.ms-excel": (".xls",),
    "text/csv": (".csv",),
}
#: An old workbook: a compound file with a stream of that name and none of macros.
_COMPOUND, _BOOK, _MACROS = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "Workbook".encode("utf-16-le"),
    "_VBA_PROJECT".encode("utf-16-le"),
)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MAGIC = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
#: Comments are skipped in an atomic group: tried apart in every way they would take a worker for ever.
_ROOT = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?(?>(?:<!--.*?-->\s*)*)<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL)
#: Roots that a browser would run as a page.
_ACTIVE = frozenset({"html", "svg", "xsl", "stylesheet", "transform"})
_UNSAFE = re.compile(r"[<>:\"|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_MAX_NAME = 120


class UnknownFileType(Invalid):
    """The bytes are none of the kinds of file that are taken."""

    code = "unknown-file-type"


def sniff(data: bytes, name: str) -> str:
    """Return the media type of ``data``: PDF, JPEG, PNG, OFD, XML, XLSX, XLS, or CSV if the name says so.

    :raises UnknownFileType: for everything else, active content such as HTML, SVG and macros included.
    """
    found = next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
    if found is None and data.startswith(b"PK\x03\x04"):
        found = _sniff_zip(data)
    if found is None and data.startswith(_COMPOUND) and _BOOK in data and _MACROS not in data:
        found = "application/vnd.ms-excel"
    if found is None:
        found = _sniff_text(data, name)
    if found is None:
        raise UnknownFileType(_("不支持这种文件。请上传 PDF、JPEG、PNG、OFD、XML、XLS、XLSX 或 CSV。"))
    return found


def _sniff_zip(data: bytes) -> str | None:
    """Return what kind of package a ZIP is; only its list of names is read, nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = {entry.lower() for entry in package.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError):
        return None
    if "ofd.xml" in names:
        return "application/ofd"
    has_macros = any(entry.endswith("vbaproject.bin") for entry in names)
    return _XLSX if {"[content_types].xml", "xl/workbook.xml"} <= names and not has_macros else None


def _sniff_text(data: bytes, name: str) -> str | None:
    text = _decode(data)
    if text is None:
        return None
    if text.lstrip().startswith("<"):
        root = _ROOT.match(text)
        declares = re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE)
        is_passive = root is not None and root[1].lower() not in _ACTIVE and not declares
        return "application/xml" if is_passive else None
    return "text/csv" if name.lower().endswith(".csv") and text.strip() else None


def _decode(data: bytes) -> str | None:
    """Return the text in ``data`` as UTF-8, UTF-16 with its mark, or GB 18030; ``None`` if it is none."""
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if re.search(r"[\x00-\x08\x0b\x0e-\x1f]", text) else text
    return None


def safe_name(name: str, media_type: str) -> str:
    """Return a file name without path, control and direction characters, ending as its type does."""
    last = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    clean = _UNSAFE.sub("", last).strip(" .") or "file"
    suffixes = SUFFIXES[media_type]
    suffix = next((s for s in suffixes if clean.lower().endswith(s)), None)
    stem = clean[: -len(suffix)] if suffix else clean
    return f"{stem[:_MAX_NAME].rstrip(' .') or 'file'}{suffix or suffixes[0]}"
