"""What a real Asterisk said, replayed: every event is heard whole, however the bytes fall into reads."""

import random
from pathlib import Path

import pytest

from adapters.asterisk.asks import Asks
from adapters.asterisk.protocol import AmiProtocol, Counts
from adapters.asterisk.wire import Message

TRANSCRIPTS = sorted((Path(__file__).parents[2] / "transcripts").glob("*.txt"))
BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def replay(raw: bytes, sizes: int) -> tuple[list[Message], Counts]:
    heard: list[Message] = []
    counts = Counts()
    names = {line[7:] for line in raw.split(b"\r\n") if line.startswith(b"Event: ")}
    protocol = AmiProtocol(
        wanted={name: name.decode() for name in names},
        asks=Asks(),
        counts=counts,
        on_banner=lambda _version: None,
        on_event=heard.append,
        on_lost=lambda _why: None,
    )
    stream = raw if raw.startswith(b"Asterisk Call Manager/") else BANNER + raw
    dice = random.Random(sizes)
    while stream:
        size = dice.randint(1, sizes)
        protocol.data_received(stream[:size])
        stream = stream[size:]
    return heard, counts


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_captured_conversation_is_heard_whole_at_every_read_size(path: Path) -> None:
    raw = path.read_bytes()
    events = sum(line.startswith(b"Event: ") for line in raw.split(b"\r\n"))
    whole, _ = replay(raw, 2**20)
    assert len(whole) == events

    for sizes in (1, 3, 17, 250, 4096):
        heard, counts = replay(raw, sizes)
        assert [list(m.items()) for m in heard] == [list(m.items()) for m in whole]
        assert (counts.odd, counts.handler_errors, counts.oversize) == (0, 0, 0)
        assert "\ufffd" not in repr([list(m.items()) for m in heard])


def test_a_captured_call_tells_its_caller_in_chinese() -> None:
    raw = next(path for path in TRANSCRIPTS if path.stem == "answered").read_bytes()
    waiting = next(m for m in replay(raw, 7)[0] if m.get("UserEvent") == "CtiWaiting")

    assert waiting["CallerIDName"] == "张伟明"
    assert waiting["AccountCode"] == ""
    assert waiting.all("ChanVariable")[0] == f"CTI_CALLID={waiting['Call']}"
