"""Files: kept by content, told by bytes, read only by whom they concern."""

import io
import os
import zipfile
from typing import Any

import pytest

from shop.db import db, transaction
from shop.errors import NotFound
from shop.files import blobs, services, sniffing
from shop.files.models import StoredFile
from tests.conftest import count
from tests.factories import make_member

OLD_BOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le")
PDF = b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\nendobj\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name in names:
            package.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (PDF, "a.exe", "application/pdf"),
        (b"\xff\xd8\xff\xe0rest", "a", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\nrest", "a.jpg", "image/png"),
        (OLD_BOOK, "流水.xls", "application/vnd.ms-excel"),
        (zipped("OFD.xml", "Doc_0/Document.xml"), "发票.ofd", "application/ofd"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "a.xlsx", XLSX),
        ("<?xml version='1.0'?><发票 号码='1'/>".encode(), "a.xml", "application/xml"),
        (b"<EInvoice><Header/></EInvoice>", "a.xml", "application/xml"),
        ("产品,数量\n枸杞,1\n".encode("gb18030"), "a.csv", "text/csv"),
    ],
)
def test_the_bytes_tell_the_type(data, name, media_type):
    assert sniffing.sniff(data, name) == media_type


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<html><script>alert(1)</script></html>", "a.xml"),
        (b"<!DOCTYPE html><p>x", "a.pdf"),
        (b"<?xml version='1.0'?><!-- x --><svg onload='alert(1)'/>", "a.xml"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a.xml"),
        (zipped("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "a.xlsx"),
        (OLD_BOOK + "_VBA_PROJECT".encode("utf-16-le"), "a.xls"),
        (OLD_BOOK[:8] + b"WordDocument", "a.xls"),
        (zipped("word/document.xml"), "a.ofd"),
        (b"PK\x03\x04not a zip", "a.ofd"),
        (b"MZ\x90\x00\x03", "a.pdf"),
        (b"a,b\x00c", "a.csv"),
        (b"just text", "a.txt"),
        (b"   ", "a.csv"),
        (b"<!-- -->" * 5000 + b"x", "a.xml"),  # comments must not be tried apart in every way
        (b"<!--" * 5000, "a.xml"),
    ],
)
def test_other_bytes_are_refused_whatever_the_name(data, name):
    with pytest.raises(sniffing.UnknownFileType):
        sniffing.sniff(data, name)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\票据\\发票 1.PDF", "发票 1.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("gpj.\u202efdp.exe", "gpj.fdp.exe.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("x" * 500 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert sniffing.safe_name(name, "application/pdf") == safe


def upload(client: Any, header: dict[str, str], data: bytes = PDF, name: str = "证明.pdf") -> Any:
    return client.post(
        "/api/v1/files", data={"file": (io.BytesIO(data), name)}, headers=header, content_type="multipart/form-data"
    )


def test_an_upload_comes_back_byte_for_byte_as_an_attachment(client, bearer, login):
    actor = make_member("producer")
    header = bearer(actor)

    made = upload(client, header)
    got = client.get(f"/api/v1/files/{made.json['id']}", headers=header)
    page = login(actor).get(f"/files/{made.json['id']}")

    assert made.status_code == 201
    assert {k: made.json[k] for k in ("name", "media_type", "size_bytes")} == {
        "name": "证明.pdf", "media_type": "application/pdf", "size_bytes": len(PDF),
    }  # fmt: skip
    for answer in (got, page):
        assert (answer.status_code, answer.data) == (200, PDF)
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_sending_a_file_again_stores_it_once(client, bearer):
    header = bearer(make_member("producer"))

    first, second = upload(client, header), upload(client, header)

    assert first.json["id"] == second.json["id"]
    assert count("stored_files") == 1


@pytest.mark.parametrize(("data", "kind"), [(b"", "empty-file"), (b"MZ", "unknown-file-type")])
def test_a_refused_file_leaves_nothing(client, bearer, data, kind):
    answer = upload(client, bearer(make_member("producer")), data)

    assert (answer.status_code, answer.json["type"]) == (422, f"/problems/{kind}")
    assert count("stored_files") == 0


def test_a_file_above_the_limit_is_refused(client, bearer):
    actor = make_member("producer")
    header = {**bearer(actor), "Content-Type": "multipart/form-data; boundary=x"}
    length = {"CONTENT_LENGTH": str(21 * 1024 * 1024)}

    with pytest.raises(services.FileTooLarge), transaction():
        services.store(PDF + b"0" * services.MAX_BYTES, "a.pdf", actor)

    assert client.post("/api/v1/files", headers=header, environ_overrides=length).status_code == 413
    assert count("stored_files") == 0


def test_an_upload_without_a_file_names_the_field(client, bearer):
    answer = client.post(
        "/api/v1/files",
        data={"other": "x"},
        headers=bearer(make_member("producer")),
        content_type="multipart/form-data",
    )

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"].endswith("/file")


def test_a_file_is_not_there_for_others_until_a_feature_shows_it(client, bearer, monkeypatch):
    monkeypatch.setattr(services, "_checks", [])
    owner, reader = make_member("producer"), make_member("institution")
    header = bearer(reader)
    with transaction():
        file = services.store(PDF, "a.pdf", owner)
        file_id, key = file.public_id, file.id

    hidden = client.get(f"/api/v1/files/{file_id}", headers=header)
    services.allow(lambda actor, asked: actor.organisation_id == reader.organisation_id and asked == key)
    shown = client.get(f"/api/v1/files/{file_id}", headers=header)

    assert (hidden.status_code, shown.status_code) == (404, 200)
    with pytest.raises(NotFound):
        services.get_own(file_id, reader)


def test_nobody_reads_without_signing_in(client, session):
    assert client.get("/api/v1/files/019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f").status_code == 401
    assert client.get("/files/019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f").status_code == 302


def test_a_crash_while_writing_leaves_no_content_under_its_name(app, session, monkeypatch):
    def fail(_handle):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match="disk full"):
        blobs.put(b"never whole")

    assert not any(path.is_file() and path.read_bytes() == b"never whole" for path in blobs.folder().rglob("*"))


def test_changed_content_is_never_handed_out(session):
    actor = make_member("producer")
    with transaction():
        file = services.store(PDF + b"changed later", "a.pdf", actor)
        path = blobs.path_of(file.sha256)
    path.write_bytes(b"%PDF-forged")

    with pytest.raises(blobs.DamagedFile):
        services.read_bytes(db.session.query(StoredFile).one())
    path.unlink()
