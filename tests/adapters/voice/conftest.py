"""The real espeak-ng and sox, and the built-in prompts that `make fetch` had them make."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.lab.place import CHECKOUT
from adapters.voice.build import MADE
from adapters.voice.studio import Studio


@pytest.fixture(scope="session")
def voice() -> Path:
    folder = CHECKOUT / ".lab/voice"
    if not (folder / "builtin" / MADE).is_file():
        pytest.fail("the built-in prompts are not made yet: run `make fetch`")
    return folder


@pytest.fixture
def studio(voice: Path) -> Studio:
    return Studio(voice)
