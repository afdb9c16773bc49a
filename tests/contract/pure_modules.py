"""An import-linter contract of our own: a module whose docstring begins with `[pure]` has no way to the outside.

Pure modules decide; they are handed time and data and can be run again with the same result. So they import only other
pure modules, the standard library without what reads the clock, the machine or chance, and the libraries named in the
contract. The mark itself is the list: a new module is covered as soon as its docstring says so.
"""

import importlib.util
import sys
from pathlib import Path

from grimp import ImportGraph
from importlinter.application import contract_utils, output
from importlinter.application.contract_utils import AlertLevel
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck

MARK = ('"""[pure]', 'r"""[pure]')


def is_marked(source: str) -> bool:
    """Whether a module's text says that it is pure."""
    return source.startswith(MARK)


class PureContract(Contract):
    """`libraries`: what pure modules may use beside the standard library. `denied`: what of that library they may not.

    `ignore_imports` as in import-linter's own contracts, for a library that one package alone may use.
    """

    type_name = "pure"

    libraries = fields.SetField(subfield=fields.StringField())
    denied = fields.SetField(subfield=fields.StringField())
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)
    unmatched_ignore_imports_alerting = fields.EnumField(AlertLevel, default=AlertLevel.ERROR)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at each direct import: since pure modules import pure modules only, there is no indirect way out."""
        del verbose
        removal = contract_utils.remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,  # type: ignore[arg-type]  # fields are descriptors without types
            unmatched_alerting=self.unmatched_ignore_imports_alerting,  # type: ignore[arg-type]  # likewise
        )
        own = {module for module in graph.modules if not graph.is_module_squashed(module)}
        pure = {module for module in own if (file := _file_of(module)) and is_marked(file.read_text(encoding="utf-8"))}
        mistakes = [
            f"{importer} imports {imported} (line {line}), {reason}"
            for importer in sorted(pure)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if (reason := self._objection(imported, own, pure))
            for line in [graph.get_import_details(importer=importer, imported=imported)[0]["line_number"]]
        ]
        return ContractCheck(kept=not mistakes, warnings=list(removal.warnings), metadata={"mistakes": mistakes})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each import."""
        for mistake in check.metadata["mistakes"]:
            output.print_error(mistake, bold=False)

    def _objection(self, imported: str, own: set[str], pure: set[str]) -> str | None:
        if imported in own:
            return None if imported in pure else "which is not marked pure"
        package = imported.partition(".")[0]
        if package in sys.stdlib_module_names:
            denied: set[str] = self.denied  # type: ignore[assignment]  # fields are descriptors without types
            return "which a pure module may not" if package in denied or imported in denied else None
        libraries: set[str] = self.libraries  # type: ignore[assignment]  # likewise
        return None if package in libraries else "which is not among its libraries"


def _file_of(module: str) -> Path | None:
    """The file of a module, found without importing it; None for a package."""
    root, *rest = module.split(".")
    spec = importlib.util.find_spec(root)
    locations = spec.submodule_search_locations if spec else None
    if not rest or not locations:
        return None
    file = Path(locations[0], *rest).with_suffix(".py")
    return file if file.is_file() else None
