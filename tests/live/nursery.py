"""Children that are born with the program's libraries loaded: `cti` as a process of its own, without its first second.

A test process starts some hundred servers and commands, and most of what each costs is reading the same modules. One
process reads them once, and every child is a fork of it. `make run`'s own tests start the program as everybody does.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["adapters.cli", "adapters.main", "adapters.server", "tests.live.nursery"])


class Born:
    """A child, with as much of `subprocess.Popen` as the tests use."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("cti", timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.exitcode is None:
            os.kill(self.pid, number)


Child = Born | subprocess.Popen[bytes]


def bear(arguments: Sequence[str], environ: Mapping[str, str], out: Path, log: Path, words: str = "") -> Born:
    """Run `cti` with these arguments: what it prints is added to `out`, what it logs to `log`; `words` is its input."""
    process = _CONTEXT.Process(target=_live, args=(list(arguments), dict(environ), str(out), str(log), words))
    process.start()
    return Born(process)


def run(
    arguments: Sequence[str], environ: Mapping[str, str], words: str, seconds: float
) -> subprocess.CompletedProcess[str]:
    """The same, until it ends."""
    with tempfile.TemporaryDirectory(prefix="cti-said-") as folder:
        out, log = Path(folder, "out"), Path(folder, "log")
        child = bear(arguments, environ, out, log, words)
        code = child.wait(seconds)
        return subprocess.CompletedProcess(list(arguments), code, out.read_text("utf-8"), log.read_text("utf-8"))


def _live(arguments: list[str], environ: dict[str, str], out: str, log: str, words: str) -> None:
    for number, file in ((1, out), (2, log)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environ)
    sys.stdin = io.TextIOWrapper(io.BytesIO(words.encode()), encoding="utf-8")
    sys.argv = ["cti", *arguments]
    from adapters.cli import app  # here, or the test process would load all of it too

    app()
