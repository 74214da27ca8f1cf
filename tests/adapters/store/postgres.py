"""A PostgreSQL of the tests' own: one cluster per test process, on a Unix socket. Where there is none, tests fail."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.lab.tools import tool

_SETTINGS: Final = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=60",
)
_START_SECONDS: Final = 30


def without_root(account: str = "postgres") -> list[str]:
    """What a command begins with so that it does not run as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return []
    become = ["setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups"]
    if subprocess.run([*become, "true"], capture_output=True, check=False).returncode == 0:
        return become
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]  # root of a namespace with nobody else in it


@dataclass
class Postgres:
    folder: Path
    programs: Path
    environ: dict[str, str]
    prefix: list[str]
    process: subprocess.Popen[bytes] | None = None
    made: int = 0
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / "log"

    @classmethod
    def create(cls) -> Postgres:
        found = tool("postgresql")
        if found is None:
            raise RuntimeError("the tests need PostgreSQL: apt-get install postgresql")
        folder = Path(tempfile.mkdtemp(prefix="cti-pg-"))
        prefix = without_root()
        if prefix and prefix[0] == "setpriv":
            shutil.chown(folder, "postgres", "postgres")
        else:
            folder.chmod(0o777)
        environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **found.environ}
        postgres = cls(folder, found.path.parent, environ, prefix)
        postgres.call("initdb", "-D", str(folder / "data"), "-U", "cti", "-A", "trust", "-E", "UTF8", "-N")
        postgres.start()
        return postgres

    def call(self, program: str, *words: str) -> None:
        command = [*self.prefix, "setpriv", "--pdeathsig", "KILL", str(self.programs / program), *words]
        done = subprocess.run(command, env=self.environ, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.strip() or done.stdout.strip()}")

    def start(self) -> None:
        settings = [word for one in _SETTINGS for word in ("-c", one)]
        command = [
            *self.prefix,
            "setpriv",
            "--pdeathsig",
            "KILL",
            str(self.programs / "postgres"),
            "-D",
            str(self.folder / "data"),
            "-k",
            str(self.folder),
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *settings], env=self.environ, cwd="/", stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while subprocess.run(self.ready, env=self.environ, cwd="/", capture_output=True, check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text()[-500:]}")

    @property
    def ready(self) -> list[str]:
        return [str(self.programs / "pg_isready"), "-q", "-h", str(self.folder), "-t", "1"]

    def stop(self) -> None:
        """Stop it as an operator would who does not wait for clients."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
        self.process = None

    def pause(self) -> None:
        """Let every process of it stand still, as a machine does that is out of breath."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, sign: signal.Signals) -> None:
        assert self.process is not None
        own = self.process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        for pid in (own, *map(int, children)):
            os.kill(pid, sign)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+asyncpg://cti@/{database}?host={self.folder}"

    def new_name(self) -> str:
        self.made += 1
        return f"cti{self.made}"

    def remove(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)  # nobody needs what is in it any more
            self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
