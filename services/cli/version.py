"""The version of this Frontline: that of the installed package, which is made from the tags of the repository."""

import os
from importlib.metadata import PackageNotFoundError, version

PACKAGE = "frontline"
OF_THE_IMAGE = "FRONTLINE_VERSION"  # the image runs the files and installs no package; its build sets this variable
UNKNOWN = "0.0.0"


def frontline_version(package: str = PACKAGE) -> str:
    """As `1.2.0`; between two versions `1.2.1.dev5+g1a2b3c4`, five commits after 1.2.0; 0.0.0 if nobody knows."""
    try:
        return version(package)
    except PackageNotFoundError:
        return os.environ.get(OF_THE_IMAGE) or UNKNOWN
