"""The house as its plan has it: packages without a circle of imports."""

from graphlib import TopologicalSorter

import grimp
import pytest


@pytest.mark.parametrize("package", ["canvas_app", "canvas_emulator"])
def test_no_module_imports_itself(package: str) -> None:
    """No import leads back, not within a function either; those for type checkers do not count."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert any(imports.values())

    TopologicalSorter(imports).prepare()  # raises CycleError, which names the modules
