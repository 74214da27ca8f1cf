"""The places that the library knows: from the file in the state folder, else extracted by a process of its own.

The file is the library's version; an upgrade, a broken file or none makes a new one. Nothing of this is worth a call:
whoever gets `NoPlaces` shows none.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Final

import phonenumbers

from adapters.geodata.failures import NoPlaces
from adapters.geodata.packed import unpacked
from cti.entry.places import Places

log = logging.getLogger(__name__)

FILE: Final = "places"
SECONDS: Final = 120.0
EXTRACT: Final = (sys.executable, "-m", "adapters.geodata.extract")
_ROOT: Final = Path(__file__).resolve().parents[2]
"""Where both rooms are, in a checkout and in an installed package alike."""


async def known(folder: Path, command: tuple[str, ...] = ()) -> Places:
    """What is known of this library's version; raises `NoPlaces`. `command` takes the place of `EXTRACT`."""
    file, library = folder / FILE, phonenumbers.__version__
    try:
        return await asyncio.to_thread(lambda: unpacked(file.read_bytes(), library))
    except (OSError, ValueError):
        pass  # there is none yet, or none that is any good
    data = await _extracted(command or EXTRACT)
    try:
        places = unpacked(data, library)
    except ValueError as wrong:
        raise NoPlaces(f"what came of the extraction cannot be used: {wrong}") from None
    try:
        await asyncio.to_thread(_keep, file, data)
    except OSError as failure:
        log.warning("places of numbers are not kept in %s: %s", file, failure.strerror or failure)
    return places


async def _extracted(command: tuple[str, ...]) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=_ROOT,
        )
    except OSError as failure:
        raise NoPlaces(f"{command[0]} does not start: {failure.strerror}") from None
    try:
        async with asyncio.timeout(SECONDS):
            data, complaint = await process.communicate()
    except TimeoutError:
        raise NoPlaces(f"the extraction took longer than {SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise NoPlaces(last[-200:] or f"the extraction ended with {process.returncode}")
    return data


def _keep(file: Path, data: bytes) -> None:
    """Whole or not at all: a reader finds the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    try:
        draft.write_bytes(data)
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)
