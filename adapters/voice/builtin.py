"""The built-in prompts: every word of `say`, and the sentences of `sentences/*.toml`, in Chinese and English alike."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from cti.speech import LANGUAGES
from cti.speech.words import WORDS

SENTENCES: Final = Path(__file__).parent / "sentences"


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Language -> name -> text."""
    return {language: {**WORDS[language], **_sentences(language)} for language in LANGUAGES}


@cache
def names() -> frozenset[str]:
    """What there is in every language."""
    return frozenset.intersection(*(frozenset(of_language) for of_language in texts().values()))


def _sentences(language: str) -> dict[str, str]:
    return tomllib.loads((SENTENCES / f"{language}.toml").read_text(encoding="utf-8"))
