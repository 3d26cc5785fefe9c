"""The structure of the code: names, sizes, imports, and tests at mirrored paths."""

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ["canvas_app", "canvas_emulator"]
# A page's two functions, blueprint and log, and the names that alembic calls.
SHARED_NAMES = {
    *("ask", "lay_out", "bp", "log", "init_app"),
    *("upgrade", "downgrade", "revision", "down_revision"),
}
LONGEST_FUNCTION = 40  # lines, its docstring not counted
# Each of these has one line for each field or part and is read from top to bottom; in two
# functions, it would be harder to read.
FLAT = {
    "canvas_app.domain.courses.course_row": "the row of a course",
    "canvas_app.domain.planner_items.from_planner": "the row of a planner item",
    "canvas_app.domain.submissions.submission_row": "the row of a submission",
    "canvas_app.storage.migrations.versions.first.upgrade": "the first tables",
    "canvas_emulator.api.assignments._facts": "Canvas's JSON of an assignment",
    "canvas_emulator.api.calendar.event_json": "Canvas's JSON of an event",
}
MEDIAN_SERVICE = 150  # lines
TESTED = 0.9  # of the modules that are neither views nor migrations


def modules(package: str) -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, path, ast.parse(path.read_text())


def defined(node: ast.stmt) -> list[str]:
    """Return the names that a top-level statement defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            found = (each for target in targets for each in ast.walk(target))
            return [each.id for each in found if isinstance(each, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines from ``def`` to the end, without the docstring."""
    first = function.body[0]
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself(package: str) -> None:
    """No imports form a cycle, also within functions; those for type checkers do not count."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert any(imports.values())

    TopologicalSorter(imports).prepare()  # raises CycleError, which names the modules


def test_no_public_name_is_defined_twice() -> None:
    """A name of the app means one thing."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for module, _, tree in modules("canvas_app"):
        for node in tree.body:
            for name in defined(node):
                if not name.startswith("_") and name not in SHARED_NAMES:
                    places[name].add(module)
    assert len(places) > 1000

    twice = {name: sorted(found) for name, found in places.items() if len(found) > 1}

    assert twice == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_short(package: str) -> None:
    """Only flat functions may be longer; ruff checks the complexity."""
    long = {
        f"{module}.{node.name}"
        for module, _, tree in modules(package)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and length(node) > LONGEST_FUNCTION
    }

    assert long == {name for name in FLAT if name.partition(".")[0] == package}


def test_services_are_small() -> None:
    """A page that grows beyond this is split into what it asks and what it shows."""
    sizes = [
        len(path.read_text().splitlines())
        for path in (ROOT / "canvas_app/services").glob("*.py")
        if path.name != "__init__.py"
    ]

    assert statistics.median(sizes) <= MEDIAN_SERVICE


def test_tests_stand_at_mirrored_paths() -> None:
    """``canvas_app/domain/status.py`` has ``tests/unit/domain/test_status.py``."""
    paths = [
        path.relative_to(ROOT / "canvas_app")
        for _, path, _ in modules("canvas_app")
        if not path.name.startswith("__") and not {"views", "migrations"} & set(path.parts)
    ]
    untested = [
        str(path)
        for path in paths
        if not (ROOT / "tests/unit" / path.parent / f"test_{path.name}").exists()
    ]

    assert len(untested) <= (1 - TESTED) * len(paths), untested
