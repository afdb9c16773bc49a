"""How the tests are distributed to the workers: by file, and a folder whose tests share a running system as a whole."""

import pytest
from xdist.scheduler import LoadFileScheduling

# By what a test's id begins with; the first that fits counts. Two workers would start two systems and two browsers. The
# files of the first line need no system. They share a browser, and run beside those that do.
_NAMES = "barriers", "board_rebuild", "board_stale", "leads_pages", "narrow_lists", "operations", "policy_pages"
_WITHOUT_SYSTEM = tuple(f"tests/browser/test_{name}.py" for name in _NAMES)
TOGETHER: tuple[tuple[str, ...], ...] = (_WITHOUT_SYSTEM, ("tests/browser/",))


def group_of(nodeid: str) -> str | None:
    """The name of the group in TOGETHER that a test belongs to."""
    return next((group[0] for group in TOGETHER if nodeid.startswith(group)), None)


class FilesAndFolders(LoadFileScheduling):  # type: ignore[misc]  # xdist is untyped
    """`--dist loadfile`, except for the files and folders in TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid) or super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FilesAndFolders | None:
    """In place of loadfile; every other way stays what it is."""
    if config.getvalue("dist") != "loadfile":
        return None
    return FilesAndFolders(config, log)
