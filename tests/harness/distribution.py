"""How the tests are distributed to the workers: by file, and a folder whose tests share a running system as a whole."""

import pytest
from xdist.scheduler import LoadFileScheduling

# Two workers would start two systems and two browsers.
TOGETHER = ("tests/browser/",)


class FilesAndFolders(LoadFileScheduling):  # type: ignore[misc]  # xdist is untyped
    """`--dist loadfile`, except for the folders in TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FilesAndFolders | None:
    """In place of loadfile; every other way stays what it is."""
    if config.getvalue("dist") != "loadfile":
        return None
    return FilesAndFolders(config, log)
