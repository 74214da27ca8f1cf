"""A selection as a ZIP: the sounds as they are, and a list that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from adapters.recordings.export import zipped
from cti.recording.kept import Kept
from tests.adapters.recordings.studio import Studio


async def test_an_export_has_every_sound_and_a_list_of_them(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    names = [studio.call(1), studio.call(2)]
    for name in names:
        studio.written(name)
    await studio.finisher.look()
    chosen = [
        Kept(id="ab" * 14, sound=studio.ledger.sounds[names[0]], number="+8613800001234", caller="=cmd|'/c calc'!A1"),
        Kept(id="cd" * 14, sound=studio.ledger.sounds[names[1]], number="138****1234", caller='张伟明,"\r\nx'),
    ]

    pieces = [piece async for piece in zipped(chosen, studio.storage)]

    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as opened:
        assert opened.testzip() is None
        listed, *sounds = opened.namelist()
        assert listed == "recordings.csv"
        assert [opened.read(name) for name in sounds] == [studio.kept(name) for name in names]
        text = opened.read(listed)
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    assert [row["file"] for row in rows] == sounds
    assert [row["number"] for row in rows] == ["'+8613800001234", "138****1234"]
    assert [row["name"] for row in rows] == ["'=cmd|'/c calc'!A1", '张伟明,"\r\nx']
    assert rows[0]["sha256"] == chosen[0].sound.sha256
    assert max(map(len, pieces)) < 200_000


async def test_a_sound_that_is_lost_is_named_and_the_others_are_exported(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    names = [studio.call(n) for n in (1, 2, 3)]
    for name in names:
        studio.written(name)
    await studio.finisher.look()
    chosen = [Kept(id=f"{n}" * 28, sound=studio.ledger.sounds[name]) for n, name in zip("abc", names, strict=True)]
    await studio.storage.remove(chosen[1].sound.place)

    pieces = [piece async for piece in zipped(chosen, studio.storage)]

    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as opened:
        assert opened.testzip() is None
        _, *sounds, missing = opened.namelist()
        assert [opened.read(name) for name in sounds] == [studio.kept(names[0]), studio.kept(names[2])]
        assert missing == "missing.txt"
        assert opened.read(missing).decode().strip().endswith(f"{'b' * 28}.wav")
