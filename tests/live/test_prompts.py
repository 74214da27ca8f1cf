"""A phone on a real Asterisk hears what was uploaded, and every word that is said."""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.lab.place import CHECKOUT
from adapters.voice.build import place
from adapters.voice.studio import Studio
from cti.speech import say
from tests.adapters.voice.hearing import a_wav
from tests.live.conftest import Lab, Phones
from tests.live.tone import until_heard

VOICE = CHECKOUT / ".lab/voice"


async def play(lab: Lab, files: list[Path], to: str) -> None:
    names = "&".join(str(file.with_suffix("")) for file in files)
    await asyncio.to_thread(lab.asterisk.ask, "module load res_clioriginate.so")  # the product has no use for it
    await asyncio.to_thread(lab.asterisk.ask, f"channel originate PJSIP/{to} application Playback {names}")


async def test_an_upload_is_heard_at_its_own_pitch(lab: Lab, phones: Phones) -> None:
    file = lab.place.folder / "prompts/demo/0123456789abcdef/1.zh.wav"
    await Studio(VOICE).convert(a_wav(seconds=4, hertz=1000), file)
    desk = await phones.desk("1001")
    await play(lab, [file], "1001")
    ring = await desk.next_ring()
    ring.answer()
    await ring.until_answered()
    await until_heard(desk, {1000}, {440, 620})


async def test_an_amount_is_heard_to_its_end(lab: Lab, phones: Phones) -> None:
    names = say("money", "1234.05", "zh")
    files = [place(VOICE, "zh", name) for name in names]
    desk = await phones.desk("1001")
    await play(lab, files, "1001")
    ring = await desk.next_ring()
    ring.answer()
    await ring.until_answered()
    sound = await desk.ear.listen(1.0, None, 10.0)
    assert max(map(abs, sound)) > 0.3
    await ring.until_ended()
    log = lab.asterisk.log.read_text(encoding="utf-8", errors="replace")
    assert not [name for name in names if f"{name} does not exist" in log or f"Unable to open {name}" in log]
