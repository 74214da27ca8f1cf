"""What the library knows of places is extracted by another process, kept, and never worth more than a line in a log."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import phonenumbers
import pytest

from adapters.geodata import known as module
from adapters.geodata.extract import places_of
from adapters.geodata.failures import NoPlaces
from adapters.geodata.known import FILE, known
from adapters.geodata.packed import packed, unpacked
from cti.entry.places import Places, place_of

SMALL = Places([("10", "北京市"), ("571", "浙江省杭州市"), ("1380571", "浙江省杭州市"), ("13805711234", "一号")])


def prints(data: bytes, *, code: int = 0, complaint: str = "") -> tuple[str, ...]:
    """A command that stands for the extraction."""
    script = f"import sys; sys.stdout.buffer.write({data!r}); sys.stderr.write({complaint!r}); sys.exit({code})"
    return sys.executable, "-c", script


NEVER = prints(b"", code=3, complaint="Traceback\nit was asked though there was a file\n")


async def test_what_the_real_library_knows_is_extracted_once_and_without_its_tables_in_this_process(
    tmp_path: Path,
) -> None:
    found = await known(tmp_path / "state")
    assert "phonenumbers.geodata" not in sys.modules
    assert len(found) > 100_000
    assert (tmp_path / "state" / FILE).stat().st_size < 2_000_000
    assert place_of("+8657188886666", found) == "浙江省杭州市"
    assert place_of("+861065529988", found) == "北京市"
    assert place_of("+8613800001234", found) == "北京市"
    assert place_of("+8613805711234", found) == "浙江省杭州市"
    for number in ("+8619905711234", "+8617112345678", "95588", "+8695588", "4008111111", "+12125551234"):
        assert place_of(number, found) is None, number
    assert "中国" not in found.names
    assert os.listdir(tmp_path / "state") == [FILE]

    again = await known(tmp_path / "state", NEVER)
    assert dict(again) == dict(found)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\0" * 100,
        b"{}\n",
        b"[1]\n",
        b'{"format": 1}\nx',
        packed(SMALL, phonenumbers.__version__)[:-1],
        packed(SMALL, phonenumbers.__version__) + b"x",
        packed(SMALL, phonenumbers.__version__)[:-1] + b"\xff",
        packed(SMALL, "8.0.0"),
    ],
)
async def test_a_file_that_is_broken_or_of_another_version_is_made_anew(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / FILE).write_bytes(broken)
    good = packed(SMALL, phonenumbers.__version__)
    assert dict(await known(tmp_path, prints(good))) == dict(SMALL)
    assert (tmp_path / FILE).read_bytes() == good
    assert dict(await known(tmp_path, NEVER)) == dict(SMALL)


async def test_a_folder_that_takes_no_file_is_a_line_in_the_log_and_the_places_are_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").touch()
    found = await known(tmp_path / "state", prints(packed(SMALL, phonenumbers.__version__)))
    assert dict(found) == dict(SMALL)
    assert [one.getMessage() for one in caplog.records] == [
        f"places of numbers are not kept in {tmp_path / 'state' / FILE}: File exists"
    ]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (NEVER, "it was asked though there was a file"),
        (prints(b"", code=4), "ended with 4"),
        (prints(b"nonsense"), "cannot be used"),
        (prints(packed(SMALL, "8.0.0")), "another version"),
        (("/nowhere/python",), "does not start"),
    ],
)
async def test_an_extraction_that_fails_says_why_and_leaves_no_file(
    tmp_path: Path, command: tuple[str, ...], why: str
) -> None:
    with pytest.raises(NoPlaces, match=why):
        await known(tmp_path, command)
    assert os.listdir(tmp_path) == []


async def test_an_extraction_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.2)
    pid = tmp_path / "pid"
    script = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(NoPlaces, match="longer than"):
        await known(tmp_path, (sys.executable, "-S", "-c", script))
    if pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


async def test_a_server_that_stops_takes_the_extraction_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(known(tmp_path, (sys.executable, "-S", "-c", script)))
    async with asyncio.timeout(20):
        while not (pid.exists() and pid.read_text()):
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_what_is_written_is_what_is_read() -> None:
    assert dict(unpacked(packed(SMALL, "1"), "1")) == dict(SMALL)
    assert dict(unpacked(packed(Places(), "1"), "1")) == {}


def test_only_what_says_more_than_the_country_is_taken() -> None:
    world: Mapping[str, Mapping[str, str]] = {
        "86571": {"en": "Hangzhou, Zhejiang", "zh": "浙江省杭州市"},
        "8687995": {"en": "Simao, Yunnan"},
        "861340": {"zh": "中国"},
        "86173": {"zh": "北京市"},
        "861349": {"zh": "北京市"},
        "8610": {"zh": "北京市"},
        "1212": {"en": "New York, NY"},
    }
    assert dict(places_of(world)) == {"10": "北京市", "571": "浙江省杭州市", "1349": "北京市"}
