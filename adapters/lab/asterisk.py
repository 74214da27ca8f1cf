"""Starts the lab's Asterisk, says when it is booted, and stops it. It declines to know what it is used for."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.lab.children import Child, start
from adapters.lab.failures import NotBooted, PortTaken
from adapters.lab.fetch import Programs
from adapters.lab.place import Place

BOOT_DEADLINE: Final = 60.0
POLL: Final = 0.05


@dataclass(frozen=True, slots=True)
class Asterisk:
    """The Asterisk of one lab, up or not."""

    place: Place
    programs: Programs

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.place.folder / "log/asterisk.out"

    def start(self, *, outlives_us: bool = False) -> Child:
        """Start it and return when it has booted; a port in use is named at once."""
        child = self.launch(outlives_us=outlives_us)
        try:
            self._await_boot(child)
        except BaseException:
            child.stop(grace=2.0)
            raise
        return child

    def launch(self, *, outlives_us: bool = False) -> Child:
        """Start it and return at once."""
        self._refuse_taken_ports()
        (self.place.run / "asterisk.ctl").unlink(missing_ok=True)
        command = self.programs.asterisk("-C", str(self.place.etc / "asterisk.conf"), "-f")
        child = start("asterisk", command, log=self.log, outlives_us=outlives_us)
        self._write_pid(child.pid)
        return child

    def ask(self, command: str, deadline: float = 10.0) -> str | None:
        """Return what its console answers, or None when it is not there."""
        line = self.programs.asterisk("-C", str(self.place.etc / "asterisk.conf"), "-rx", command)
        try:
            told = subprocess.run(line, capture_output=True, text=True, check=False, timeout=deadline)
        except subprocess.TimeoutExpired:
            return None
        return told.stdout if told.returncode == 0 else None

    def pid(self) -> int | None:
        """Return the process that runs this lab's Asterisk, or None."""
        try:
            found = int(self._pid_file.read_text())
            command = Path(f"/proc/{found}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return found if str(self.place.etc).encode() in command else None

    def stop(self, grace: float = 5.0) -> bool:
        """Stop one that was started earlier, by whomever; tell whether there was one."""
        pid = self.pid()
        if pid is None:
            return False
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                if self.pid() is None:
                    return True
                time.sleep(POLL)
        return True

    @property
    def _pid_file(self) -> Path:
        return self.place.folder / "asterisk.pid"

    def _write_pid(self, pid: int) -> None:
        self._pid_file.write_text(f"{pid}\n")

    def _await_boot(self, child: Child) -> None:
        until = time.monotonic() + BOOT_DEADLINE
        socket_file = self.place.run / "asterisk.ctl"
        while time.monotonic() < until:
            if (code := child.ended()) is not None:
                raise NotBooted(f"Asterisk ended with {code} while starting: see {self.log}")
            if socket_file.exists():
                told = self.ask("core waitfullybooted", deadline=BOOT_DEADLINE)
                if told is not None and "fully booted" in told:
                    return
            time.sleep(POLL)
        raise NotBooted(f"Asterisk did not boot within {BOOT_DEADLINE:.0f} s: see {self.log}")

    def _refuse_taken_ports(self) -> None:
        refuse_taken(socket.SOCK_STREAM, self.place.ami_port, "CTI_LAB_AMI_PORT")
        refuse_taken(socket.SOCK_DGRAM, self.place.sip_port, "CTI_LAB_SIP_PORT")
        refuse_taken(socket.SOCK_STREAM, self.place.http_port, "CTI_LAB_HTTP_PORT")


def refuse_taken(kind: socket.SocketKind, port: int, setting: str) -> None:
    """Raise PortTaken, naming the port, its setting and who holds it, unless the port of 127.0.0.1 is free."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise PortTaken(f"port {port} ({setting}) is in use by {_holder(kind, port)}") from None


def _holder(kind: socket.SocketKind, port: int) -> str:
    """Say who holds a port, as far as this user may know."""
    table = Path("/proc/net/tcp" if kind is socket.SOCK_STREAM else "/proc/net/udp")
    inodes = {
        fields[9]
        for line in table.read_text().splitlines()[1:]
        if (fields := line.split())[1].endswith(f":{port:04X}") and (kind is socket.SOCK_DGRAM or fields[3] == "0A")
    }
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for handle in (process / "fd").iterdir():
                target = os.readlink(handle)
                if target.startswith("socket:[") and target[8:-1] in inodes:
                    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
                    program = words[3] if Path(words[0]).name.startswith("ld-linux") and len(words) > 3 else words[0]
                    return f"{Path(program).name} (pid {process.name})"
    return "another user's process"
