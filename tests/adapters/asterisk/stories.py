"""Captured conversations as messages, in order; a transcript is a file in tests/transcripts without its ending."""

from pathlib import Path

from adapters.asterisk.decode import decode, instant
from adapters.asterisk.wire import Message
from cti import events as ev

FOLDER = Path(__file__).parents[2] / "transcripts"


def messages(story: str) -> list[Message]:
    """Everything in a transcript; the banner is left out."""
    raw = (FOLDER / f"{story}.txt").read_bytes()
    return [Message(block.lstrip(b"\r\n")) for block in raw.split(b"\r\n\r\n") if b": " in block]


def facts(story: str) -> list[ev.Event]:
    """What a transcript means, each at the time Asterisk put on it."""
    told = []
    for message in messages(story):
        event = decode(message, instant(message.get("Timestamp")))
        if event is not None:
            told.append(event)
    return told


def answer_to(action_id: str) -> list[Message]:
    """The response to one action of control.txt and the items that came with it."""
    return [message for message in messages("control") if message.get("ActionID") == action_id]
