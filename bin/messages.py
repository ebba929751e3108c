"""Brings the English catalogue up to date with the Chinese messages in the code; run by ``make messages``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("shop", "catalog", "orders", "traceability", "admin")
TARGET = ROOT / "shop" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
#: Always the same, so that a run which finds nothing new changes nothing.
HEADER = r"""# English of Duikou. The message ids are Chinese, the language of the code.
msgid ""
msgstr ""
"Project-Id-Version: duikou\n"
"Language: en\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""


def main() -> None:
    """Keep the English that there is, add what is new, drop what is gone; name what has no English yet."""
    english = {}
    if TARGET.exists():
        with TARGET.open("rb") as old:
            english = {message.id: message.string for message in read_po(old) if message.id}
    catalogue = Catalog(locale="en")
    for message in sorted(extract()):
        catalogue.add(message, english.get(message, ""))
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(HEADER + body.getvalue().decode().lstrip("\n"))
    missing = [message.id for message in catalogue if message.id and not message.string]
    sys.stdout.write(f"{len(catalogue)} messages, {len(missing)} without English\n")
    sys.stdout.writelines(f"  {message}\n" for message in missing)


def extract() -> set[str]:
    """Return every message of the packages."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "lazy": None}
    return {
        found[2]
        for package in PACKAGES
        for found in extract_from_dir(ROOT / package, methods, options, keywords=keywords)
    }


if __name__ == "__main__":
    main()
