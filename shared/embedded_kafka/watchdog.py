"""Runs a program that must not outlive the process that started it, not even after a kill -9.

This file runs as a process between the holder and the program. It has its own session, so that a Ctrl-C in the
holder's terminal does not reach the program before the holder has decided what to do. The holder keeps the writing end
of this process's standard input. When that end is closed, by the holder or by the kernel after the holder's end, the
program gets SIGTERM and, after the grace period, SIGKILL.

Usage: watchdog.py GRACE_SECONDS CLEANUP_FOLDER PROGRAM [ARGUMENT...]
CLEANUP_FOLDER is removed after the program's end if the holder has ended without a stop; "" = none. A holder that stops
the program writes a byte to standard input before it closes it.
Standard output: one line with the program's process id. Standard error is the program's output, both streams.
Exit code: the program's, or 128 + signal number.

Standard library only, single-threaded, and no import of Frontline: it starts in some 20 ms and stays small.
"""

import os
import select
import shutil
import signal
import sys
import time
from contextlib import suppress


def main() -> int:
    """Start the program; wait for its end or the holder's, whichever comes first."""
    grace, cleanup_folder, *command = sys.argv[1:]
    child_ended, wakeup = os.pipe()
    for end in (child_ended, wakeup):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    asked_to_stop = holder_lives = False

    def stop(*_: object) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True

    signal.signal(signal.SIGTERM, stop)
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)

    child = _start(command)
    with suppress(BrokenPipeError):  # the holder has ended already; the loop below finds its pipe closed
        os.write(1, b"%d\n" % child)
    os.close(1)
    while True:
        readable, _, _ = select.select([0, child_ended], [], [])
        if child_ended in readable:
            os.read(child_ended, 1024)
        code = _exit_code(child)
        if code is not None:
            return code
        message = os.read(0, 1024) if 0 in readable else None
        holder_lives = holder_lives or bool(message)
        if asked_to_stop or message == b"":
            code = _end(child, float(grace), child_ended)
            if cleanup_folder and not holder_lives and not asked_to_stop:
                shutil.rmtree(cleanup_folder, ignore_errors=True)
            return code


def _start(command: list[str]) -> int:
    # A SIGTERM before the child has reset its handlers would be lost, so it stays blocked until then.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    parent = os.getpid()
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return child
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        _die_with(parent)
        os.execvp(command[0], command)  # noqa: S606 - starting a program without a shell is what this file is for
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error}\n".encode())
    os._exit(127)


def _die_with(parent: int) -> None:
    """On Linux, ask the kernel to end the program if its parent is killed with -9; elsewhere the holder does it."""
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - Linux only, and only in the child

    pr_set_pdeathsig = 1
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before the request to the kernel
            os._exit(1)


def _end(child: int, grace: float, child_ended: int) -> int:
    os.kill(child, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while (left := deadline - time.monotonic()) > 0:
        if child_ended in select.select([child_ended], [], [], left)[0]:
            os.read(child_ended, 1024)
        code = _exit_code(child)
        if code is not None:
            return code
    os.kill(child, signal.SIGKILL)
    return _exit_code(child, wait=True) or 0


def _exit_code(child: int, *, wait: bool = False) -> int | None:
    pid, status = os.waitpid(child, 0 if wait else os.WNOHANG)
    if pid == 0:
        return None
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
