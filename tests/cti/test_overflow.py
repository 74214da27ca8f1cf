"""Targets: what may be written, and what may not."""

from __future__ import annotations

import pytest

from cti.errors import BadRequest
from cti.overflow import Target, target


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("queue:sales", Target("queue", "sales")),
        ("number:+8613800138000", Target("number", "+8613800138000")),
        ("number:*72", Target("number", "*72")),
        ("agent:1002", Target("agent", "1002")),
        ("voicemail:sales", Target("voicemail", "sales")),
        ("flow:closed", Target("flow", "closed")),
        ("callback", Target("callback")),
        ("hangup", Target("hangup")),
    ],
)
def test_a_target_is_read_and_written_alike(text: str, found: Target) -> None:
    assert target(text) == found
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
        target(text)
