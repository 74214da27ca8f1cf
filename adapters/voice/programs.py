"""Where espeak-ng and sox are, and how they are run: without a shell, within limits and a deadline.

Both are programs of their own, run beside us; nothing of them is linked into the server.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cti.errors import NoVoice

_LOADERS: Final = {"x86_64": "usr/lib64/ld-linux-x86-64.so.2", "aarch64": "usr/lib/ld-linux-aarch64.so.1"}
_WANTED: Final = "apt-get install espeak-ng sox libsox-fmt-mp3"
_MEMORY: Final = 1 << 31
_FILE: Final = 64 << 20
_CPU_SECONDS: Final = 60


class Failed(Exception):
    """The program ended badly; the message has its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """How command lines begin."""

    espeak: tuple[str, ...]
    sox: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=lambda: {"LC_ALL": "C.UTF-8", "PATH": os.defpath})


def find(folder: Path) -> Programs:
    """This machine's programs, or those unpacked in `folder`/programs; raises `NoVoice` when there are none."""
    for needed in ("prlimit", "nice"):
        if shutil.which(needed) is None:
            raise NoVoice(f"{needed} is missing: apt-get install util-linux coreutils")
    espeak, sox = shutil.which("espeak-ng"), shutil.which("sox")
    if espeak and sox:
        return Programs(espeak=(espeak,), sox=(sox,))
    root, machine = (folder / "programs").absolute(), os.uname().machine
    libraries = root / f"usr/lib/{machine}-linux-gnu"
    if machine not in _LOADERS or not (root / "usr/bin/sox").exists() or not (root / "usr/bin/espeak-ng").exists():
        raise NoVoice(f"espeak-ng or sox is missing: {_WANTED}")
    path = f"{libraries}:{libraries / 'pulseaudio'}"
    loader = (str(root / _LOADERS[machine]), "--library-path", path)
    return Programs(
        espeak=(*loader, str(root / "usr/bin/espeak-ng"), f"--path={libraries}"),
        sox=(*loader, str(root / "usr/bin/sox")),
    )


async def run(programs: Programs, command: Sequence[str], *, say: bytes = b"", folder: Path, seconds: float) -> None:
    """Run `command` in `folder` with `say` on its input. Raises `Failed`, also when it takes too long."""
    limits = ("nice", "-n", "10", "prlimit", f"--as={_MEMORY}", f"--fsize={_FILE}", f"--cpu={_CPU_SECONDS}", "--core=0")
    process = await asyncio.create_subprocess_exec(
        *limits,
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**programs.environ, "TMPDIR": str(folder), "HOME": str(folder)},
    )
    try:
        async with asyncio.timeout(seconds):
            _, complaint = await process.communicate(say)
    except TimeoutError:
        raise Failed(f"took longer than {seconds:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Failed(complaint.decode(errors="replace").strip()[-200:] or f"ended with {process.returncode}")
