"""The project of somebody who consumes our events: an interpreter with the kit, and without Frontline."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
KIT = ROOT / "testkit" / "src"
COMMAND = Path(sys.executable).with_name("frontline")  # as a tool of its own
PATIENCE = 150.0


def interpreter(folder: Path) -> Path:
    """An interpreter that has the packages of this environment and the kit, but not `services` and `shared`.

    The .pth files of this environment, which bring those two, are not read: a path in a .pth file is only a path.
    """
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    (packages / "kit.pth").write_text(f"{sysconfig.get_path('purelib')}\n{KIT}\n", encoding="utf-8")
    absent = subprocess.run([python, "-c", "import services"], capture_output=True, text=True, check=False, cwd=folder)
    assert "No module named 'services'" in absent.stderr
    return python


def run_tests(python: Path, project: Path, *options: str, **variables: str) -> str:
    """Run pytest in the folder of a project, and return what it prints. Fails if a test fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "FRONTLINE", "COV"))}
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=project, env=kept | variables, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
