"""The pages have a word, in both languages, for whatever the server can say."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path

import pytest

from cti.agents import Work
from cti.permissions import ROLES
from cti.records import OfferResult, Result, State

WEB = Path(__file__).parent.parent / "web/src"
LANGUAGES = ("en", "zh-CN")
SAID: dict[str, type[StrEnum]] = {"call": State, "result": Result, "face": Work}


def catalogue(language: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((WEB / f"i18n/{language}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", SAID)
def test_every_state_and_result_has_a_word(language: str, part: str) -> None:
    known = set(catalogue(language)[part])
    said = {one.value for one in SAID[part]} - {Work.IDLE.value}  # of an idle agent the status is shown
    assert said <= known, f"{language}.json has no {part} for {sorted(said - known)}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_end_of_an_offer_and_every_built_in_role_has_a_word(language: str) -> None:
    words = catalogue(language)
    assert {one.value for one in OfferResult} <= set(words["result"])
    assert set(ROLES) <= set(words["role"])


def test_every_state_of_a_call_has_a_shape_and_a_colour() -> None:
    shapes = set(re.findall(r"^  (\w+): \{", (WEB / "ui/icons.ts").read_text(encoding="utf-8"), re.MULTILINE))
    colours = set(re.findall(r"\.face-(\w+)", (WEB / "ui/tokens.css").read_text(encoding="utf-8")))
    shown = {one.value for kind in (State, Work) for one in kind} - {Work.IDLE.value}
    assert shown <= shapes
    assert shown <= colours
