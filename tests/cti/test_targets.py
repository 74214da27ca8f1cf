"""Targets: what may be written, and what may not."""

from __future__ import annotations

import pytest

from cti.errors import BadRequest
from cti.targets import ENTRIES, OVERFLOWS, Target, by_hand, target

EVERY = sorted({*ENTRIES, *OVERFLOWS, "survey"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("queue:sales", Target("queue", "sales")),
        ("number:+8613800138000", Target("number", "+8613800138000")),
        ("number:*72", Target("number", "*72")),
        ("agent:1002", Target("agent", "1002")),
        ("voicemail:sales", Target("voicemail", "sales")),
        ("flow:closed", Target("flow", "closed")),
        ("schedule:office", Target("schedule", "office")),
        ("message:closed", Target("message", "closed")),
        ("callback", Target("callback")),
        ("survey", Target("survey")),
        ("hangup", Target("hangup")),
    ],
)
def test_a_target_is_read_and_written_alike(text: str, found: Target) -> None:
    assert target(text, EVERY) == found
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "queue",
        "queue:",
        "queue:A B",
        "hangup:",
        "hangup:now",
        "callback:1",
        "survey:x",
        "number:138 0013 8000",
        "number:1&PJSIP/1002",
        "number:1\n",
        "agent:10 02",
        "flow:../x",
        "SIP/1001",
        "queue:sales\r\nAction: Logoff",
    ],
)
def test_what_leads_nowhere_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        target(text, EVERY)


@pytest.mark.parametrize("text", ["schedule:office", "message:closed", "survey", "voicemail:main", "callback"])
def test_what_leads_nowhere_from_here_is_refused_with_what_does(text: str) -> None:
    with pytest.raises(BadRequest, match=r"there are queue:…, hangup$"):
        target(text, ("queue", "hangup"))


@pytest.mark.parametrize(
    "text", ["+8613800138000", "138 0013-8000", "number:138 0013 8000", "number:+86 138 0013 8000"]
)
def test_people_write_numbers_as_they_like(text: str) -> None:
    assert by_hand(text, ("agent", "number")) == Target("number", "+8613800138000")


def test_a_bare_number_is_nothing_where_numbers_lead_nowhere() -> None:
    with pytest.raises(BadRequest):
        by_hand("13800138000", ("agent",))
