"""Runs a command that ends with its owner: `python -I -S guard.py COMMAND...`.

When standard input ends, which happens at the latest when the owner dies, the command gets SIGTERM, and after a while
SIGKILL. So a test run that is killed leaves no Kafka behind. The exit code is that of the command.
"""

import os
import subprocess
import sys
import threading

GRACE_SECONDS = 15.0


def main() -> int:
    """Run the command of the arguments until it or standard input ends."""
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603 - what the owner asks for

    def follow_the_owner() -> None:
        while os.read(0, 1024):  # sys.stdin has a lock, which the end of this process would wait for
            pass
        command.terminate()
        try:
            command.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            command.kill()

    threading.Thread(target=follow_the_owner, daemon=True).start()
    return command.wait()


if __name__ == "__main__":
    sys.exit(main())
