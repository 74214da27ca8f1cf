"""SIPp as phones and callers: another program's word for what was on the wire, with its own clock readings."""

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from adapters.lab.fetch import Programs
from adapters.lab.keys import Keys
from adapters.lab.place import CHECKOUT
from tests.live.pcap import Presses, write_pcap

SCENARIOS: Final = CHECKOUT / "adapters/lab/sipp"
HARD_LIMIT: Final = 90  # seconds; no SIPp of ours outlives a test
FIRST_PORT: Final = 20000  # away from SIPp's sound, which starts at 6000


@dataclass(frozen=True, slots=True)
class Seen:
    """One message in SIPp's trace."""

    at: float
    sent: bool
    first: str
    text: str

    @property
    def call_id(self) -> str:
        """The SIP Call-ID."""
        return self.header("Call-ID")

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""
        found = re.search(rf"^{re.escape(name)}:[ \t]*(.*?)\r?$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""


class SippRun:
    """One SIPp process."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self.process = process
        self.folder = folder

    @property
    def trace(self) -> list[Seen]:
        """What it has sent and received so far."""
        file = self.folder / "messages.log"
        return read_trace(file.read_text(encoding="utf-8", errors="replace")) if file.exists() else []

    def saw(self, first: str, *, sent: bool | None = None) -> list[Seen]:
        """Return the messages whose first line begins so."""
        return [seen for seen in self.trace if seen.first.startswith(first) and sent in (None, seen.sent)]

    async def done(self, seconds: float = HARD_LIMIT) -> int:
        """Wait for its end and return its exit code: 0 if every call went as its scenario says."""
        return await asyncio.to_thread(self.process.wait, seconds)

    def stop(self) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Sipp:
    """Starts SIPp processes and ends them with the test."""

    def __init__(self, programs: Programs, sip_port: int, keys: Keys) -> None:
        self._programs, self._sip_port, self._keys = programs, sip_port, keys
        self._folder = Path(tempfile.mkdtemp(prefix="cti-sipp-"))
        self._runs: list[SippRun] = []

    def phone(self, number: str, *, ring_ms: int = 500, talk_ms: int = 60_000, answers: str = "answer.xml") -> SippRun:
        """A desk phone that registers, and answers `ring_ms` after it was called."""
        login = f"[authentication username={number} password={self._keys[f'{number}.desk']}]"
        return self._start(
            [
                *("-sf", str(SCENARIOS / "register.xml"), "-rxsf", str(SCENARIOS / answers), "-aa"),
                *("-key", "ring_ms", str(ring_ms), "-key", "talk_ms", str(talk_ms), "-m", "1"),
            ],
            [(number, login)],
            address="127.0.0.1",
        )

    def phones(self, numbers: Sequence[str], *, ring_ms: int, talk_ms: int, secret: str, limit: int) -> SippRun:
        """Many desk phones in one process, for `limit` seconds; each hangs up after `talk_ms`. Nothing is traced."""
        return self._start(
            [
                *("-sf", str(SCENARIOS / "register.xml"), "-rxsf", str(SCENARIOS / "answer.xml"), "-aa"),
                *("-key", "ring_ms", str(ring_ms), "-key", "talk_ms", str(talk_ms)),
                *("-m", str(len(numbers)), "-r", "50"),
            ],
            [(number, f"[authentication username={number} password={secret}]") for number in numbers],
            address="127.0.0.1",
            traced=False,
            limit=limit,
        )

    def caller(
        self,
        dialled: str,
        number: str = "13800001234",
        name: str = "张伟明",
        *,
        patience_ms: int = 30_000,
        address: str = "127.0.0.2",
    ) -> SippRun:
        """One call from the trunk, which hangs up after `patience_ms` unless it is hung up before."""
        return self.callers(dialled, [(number, name)], patience_ms=patience_ms, address=address)

    def callers(
        self,
        dialled: str,
        people: list[tuple[str, str]],
        *,
        patience_ms: int,
        rate: float = 10.0,
        address: str = "127.0.0.2",
        traced: bool = True,
    ) -> SippRun:
        """A call from each of `people`, `rate` of them a second."""
        return self._start(
            [
                *("-sf", str(SCENARIOS / "call.xml"), "-key", "patience_ms", str(patience_ms)),
                *("-m", str(len(people)), "-r", str(rate)),
            ],
            [(number, name, dialled) for number, name in people],
            address=address,
            traced=traced,
        )

    def walkers(
        self, dialled: str, people: list[tuple[str, str]], keys: Presses, *, seconds: float, rate: float
    ) -> SippRun:
        """Callers who speak, press these keys, each so long after the answer, and hang up after `seconds`."""
        return self._start(
            [
                *("-sf", str(SCENARIOS / "walk.xml"), "-key", "patience_ms", str(round(seconds * 1000))),
                *("-m", str(len(people)), "-r", str(rate)),
            ],
            [(number, name, dialled) for number, name in people],
            address="127.0.0.2",
            traced=False,
            keys=(keys, seconds),
        )

    def close(self) -> None:
        """End all of them."""
        for run in self._runs:
            run.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(
        self,
        arguments: list[str],
        rows: Sequence[tuple[str, ...]],
        *,
        address: str,
        traced: bool = True,
        limit: int = HARD_LIMIT,
        keys: tuple[Presses, float] | None = None,
    ) -> SippRun:
        number = len(self._runs)
        folder = self._folder / str(number)
        folder.mkdir()
        if keys is not None:
            write_pcap(folder / "keys.pcap", *keys)
        (folder / "rows.csv").write_text(
            "SEQUENTIAL\n" + "".join(";".join(row) + "\n" for row in rows), encoding="utf-8"
        )
        command = self._programs.sipp(f"127.0.0.1:{self._sip_port}", "-i", address, "-p", str(FIRST_PORT + 2 * number))
        command += ["-ci", "127.0.0.1", "-mi", address, "-nostdin", "-timeout", str(limit)]
        command += ["-min_rtp_port", str(6000 + 200 * number), "-max_rtp_port", str(6198 + 200 * number)]
        command += ["-inf", str(folder / "rows.csv")]
        if traced:
            command += ["-trace_msg", "-message_file", str(folder / "messages.log")]
        command += ["-trace_err", "-error_file", str(folder / "errors.log"), *arguments]
        with (folder / "out.log").open("wb") as out:
            process = self._begin(command, folder, out)
        run = SippRun(process, folder)
        self._runs.append(run)
        return run

    def _begin(self, command: Sequence[str], folder: Path, out: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder)


def read_trace(text: str) -> list[Seen]:
    """Read a message log: a line of dashes with the time, what happened, an empty line, the message."""
    seen = []
    for block in re.split(r"^-{20,} ", text, flags=re.MULTILINE)[1:]:
        when, _, rest = block.partition("\n")
        what, _, message = rest.partition("\n\n")
        at = datetime.fromisoformat(when.strip().removesuffix("Z")).replace(tzinfo=UTC).timestamp()
        seen.append(Seen(at, " sent " in what, message.partition("\n")[0].strip(), message))
    return seen
