"""Makes the files of those built-in prompts that are missing or whose text has changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from adapters.voice import studio
from adapters.voice.builtin import texts
from adapters.voice.studio import Studio

MADE: Final = "made.json"
"""Language/name -> what the file was made of."""


def place(folder: Path, language: str, name: str) -> Path:
    """Where a built-in prompt is."""
    return folder / "builtin" / language / f"{name}.wav"


async def build(folder: Path, say: Callable[[str], None]) -> int:
    """Bring `folder`/builtin up to date and return how many prompts were made. Raises `NoVoice`, `NotPlayable`."""
    wanted = {
        (language, name): (text, _made_of(language, text))
        for language, of_language in texts().items()
        for name, text in of_language.items()
    }
    made = _read(folder)
    missing = {
        key: text
        for key, (text, of) in wanted.items()
        if made.get("/".join(key)) != of or not place(folder, *key).is_file()
    }
    if not missing:
        return 0
    say(f"making {len(missing)} built-in prompts")
    maker = Studio(folder)
    try:
        async with asyncio.TaskGroup() as tasks:
            for (language, name), text in missing.items():
                tasks.create_task(maker.speak(text, language, place(folder, language, name)))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    _write(folder, {"/".join(key): of for key, (_, of) in wanted.items()})
    return len(missing)


def _made_of(language: str, text: str) -> str:
    recipe = (text, *studio.VOICES[language], *studio.FORM, *studio.TRIMMED, *studio.PADDED, *studio.LEVEL)
    return hashlib.sha256("\0".join(recipe).encode()).hexdigest()[:24]


def _read(folder: Path) -> Mapping[str, str]:
    try:
        found = json.loads((folder / "builtin" / MADE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(folder: Path, made: Mapping[str, str]) -> None:
    file = folder / "builtin" / MADE
    part = file.with_suffix(".part")
    part.write_text(json.dumps(made, indent=0, sort_keys=True), encoding="utf-8")
    part.replace(file)
