"""The layout of the code, checked by reading it."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from flask import Flask

from shop import auth

ROOT = Path(__file__).resolve().parents[1]
#: Height of each package: it imports itself and what is lower.
HEIGHT = {"shop": 0, "catalog": 1, "orders": 2, "traceability": 2, "admin": 3}
#: Within a package: parts that may import only those before them, as docs/architecture.md says;
#: queries may join the tables of any.
INNER_ORDER = {
    "shop": (
        "outbox",
        "geo",
        "moves",
        "identity",
        "files",
        "notices",
        "corrections",
        "webhooks",
        "trail",
        "translog",
        "apidocs",
    ),
    "orders": (
        "ledger",
        "purchase",
        "contracts",
        "invoices",
        "fulfilment",
        "payments",
        "returns",
        "banking",
        "online",
        "settlement",
        "refunding",
        "repayments",
        "reconciliation",
        "desk",
    ),
    "traceability": (
        "standard",
        "repository",
        "proofs",
        "asking",
        "genealogy",
        "pieces",
        "resolver",
        "journey",
        "recalls",
        "complaints",
    ),
}
#: Kernel modules that put the parts together, and so stand above them.
ASSEMBLERS = {"shop.app", "shop.jobs", "shop.cli", "shop.__main__"}
MAX_FILE, MAX_FUNCTION = 300, 40
#: Modules whose instants have no zone (cells of a bank's sheet) or are Shanghai's already, so that ``.date()`` is their day.
NAIVE = {"orders.banking.reading.cells", "traceability.asking.schedules", "admin.demo.case"}


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.name.split(".", maxsplit=1)[0]


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(path for package in HEIGHT for path in (ROOT / package).rglob("*.py")):
        relative = path.relative_to(ROOT)
        if "migrations" in relative.parts:
            continue
        name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(name, relative, ast.parse(path.read_text())))
    return tuple(found)


def imported(module: Module) -> Iterator[tuple[str, int]]:
    """Every name the module imports, in full, with its line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def part_of(name: str) -> str | None:
    package, _, rest = name.partition(".")
    part = rest.split(".", maxsplit=1)[0]
    return part if part in INNER_ORDER.get(package, ()) else None


def test_no_package_imports_one_beside_or_above_it():
    wrong = [
        f"{module.path}:{line} imports {name}"
        for module in modules()
        for name, line in imported(module)
        if (other := name.split(".")[0]) in HEIGHT
        and other != module.package
        and HEIGHT[other] >= HEIGHT[module.package]
    ]

    assert wrong == []


def test_no_part_of_a_package_imports_one_above_it():
    wrong = []
    for module in modules():
        order = INNER_ORDER.get(module.package, ())
        mine = part_of(module.name)
        if mine is None and (module.package != "shop" or module.name in ASSEMBLERS or ".runtime" in module.name):
            continue
        height = order.index(mine) if mine else -1
        wrong += [
            f"{module.path}:{line} imports {name}"
            for name, line in imported(module)
            if name.startswith(f"{module.package}.")
            and (part := part_of(name))
            and order.index(part) > height
            and not (module.name.endswith(".queries") and ".models." in name)
        ]

    assert wrong == []


def test_nothing_is_imported_late_or_for_types_only():
    late = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        for function in functions(module)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    typing_only = [
        f"{module.path}:{line}"
        for module in modules()
        for name, line in imported(module)
        if name == "typing.TYPE_CHECKING"
    ]

    assert (late, typing_only) == ([], [])


def test_no_imports_go_in_a_circle_so_that_every_module_can_be_imported_first():
    names = {module.name for module in modules()}
    graph = {
        module.name: {known for name, _line in imported(module) if (known := _known(name, names))} - {module.name}
        for module in modules()
    }

    order = list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle

    assert sorted(order) == sorted(names)


def _known(name: str, names: set[str]) -> str | None:
    """Return the module of ours that an imported name is, or is in."""
    while name and name not in names:
        name = name.rpartition(".")[0]
    return name or None


def test_the_lower_parts_start_alone():
    features: tuple[list[str], ...] = ([], ["catalog"], ["catalog", "orders"], ["catalog", "traceability"])

    assert start_fresh([{"features": each} for each in features]) == []


def start_fresh(tasks: list[dict[str, list[str]]]) -> list[object]:
    """Run each task in an interpreter that has loaded nothing of ours; return what failed."""
    libraries = sorted({name.rpartition(".")[0] or name for m in modules() for name, _ in imported(m)})
    libraries = [name for name in libraries if name.split(".")[0] not in HEIGHT]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fresh"],
        input=json.dumps({"libraries": libraries, "tasks": tasks}),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found: list[object] = json.loads(done.stdout)
    return found


def test_only_the_kernel_ends_transactions():
    wrong = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        if module.name not in ("shop.db", "shop.connections") and ".runtime" not in module.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "rollback")
    ]

    assert wrong == []


def test_only_the_settings_read_the_environment():
    wrong = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        if module.name != "shop.config" and ".runtime" not in module.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name) and node.value.id == "os"
    ]  # fmt: skip

    assert wrong == []


def test_nobody_takes_the_day_of_an_instant_where_it_may_be_another_day_in_shanghai():
    """``shop.clock.business_day`` does: ``.date()`` of an instant in UTC is yesterday until eight in the morning."""
    wrong = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        if module.name not in NAIVE
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "date"
        and not (node.args or node.keywords)
        and ast.unparse(node.func.value).rpartition(".")[2] != "astimezone(SHANGHAI)"
    ]

    assert wrong == []


def test_transactions_open_in_entry_points_only():
    wrong = [
        f"{module.path}:{line} imports {name}"
        for module in modules()
        if module.name.rpartition(".")[2] in ("services", "queries", "models", "schemas", "gateway_stripe")
        for name, line in imported(module)
        if name in ("shop.db.transaction", "shop.db.joined_transaction") or name.split(".")[0] == "flask"
    ]

    assert wrong == []


def test_files_and_functions_are_short():
    files = [
        f"{module.path} has {lines} lines"
        for module in modules()
        if (lines := len((ROOT / module.path).read_text().splitlines())) > MAX_FILE
    ]
    long = [
        f"{module.path}:{function.lineno} {function.name} has {length(function)} lines"
        for module in modules()
        for function in functions(module)
        if length(function) > MAX_FUNCTION
    ]

    assert (files, long) == ([], [])


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, the docstring left out."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    told = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - told


def test_every_module_says_what_is_in_it():
    assert [str(module.path) for module in modules() if not ast.get_docstring(module.tree)] == []


def test_a_view_nobody_guarded_stops_the_start():
    app = Flask("bare")
    app.add_url_rule("/bare", "bare", lambda: "")

    with pytest.raises(RuntimeError, match="bare"):
        auth.require_guards(app)
