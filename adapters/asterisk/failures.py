"""What can go wrong between us and Asterisk, each kind with a stable `code`.

A failure says whether the action may have taken effect; what to do about it is decided elsewhere. None of them repeats
the values that were sent: they may hold a customer's number or a secret.
"""

from enum import StrEnum
from typing import ClassVar


class Down(StrEnum):
    """Why a session is not there."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    SILENT = "silent"  # connected, or nearly, and then no word in time
    NOT_ASTERISK = "not_asterisk"
    CLOSED_EARLY = "closed_early"  # cut before the login was answered: `authlimit` reached, or an ACL
    AUTH = "auth"
    NOT_BOOTED = "not_booted"  # logged in, but no word that Asterisk is ready
    EOF = "eof"
    PING = "ping"
    BACKPRESSURE = "backpressure"
    FAULT = "fault"  # our own; the log has the traceback


class LinkFailure(Exception):
    """An action did not come to a good end."""

    code: ClassVar[str] = "ami_failed"
    maybe_done: ClassVar[bool] = False
    """True when Asterisk may have carried the action out all the same: look before doing it again."""

    def __init__(self, action: str, why: str) -> None:
        super().__init__(f"{action}: {why}")
        self.action = action
        self.why = why


class BadValue(LinkFailure):
    """A name or value that may not go on the wire."""

    code = "ami_bad_value"


class NotSent(LinkFailure):
    """The session was down: not a byte has left."""

    code = "ami_not_sent"


class SentUnknown(LinkFailure):
    """Sent, and not answered by the deadline."""

    code = "ami_sent_unknown"
    maybe_done = True


class Lost(LinkFailure):
    """Sent, and the session was lost before the answer."""

    code = "ami_lost"
    maybe_done = True


class Rejected(LinkFailure):
    """Asterisk said no; `why` is its sentence."""

    code = "ami_rejected"


class TooMuch(LinkFailure):
    """A list grew past its limit; what had come was thrown away."""

    code = "ami_too_much"


class LineFailure(Exception):
    """A FastAGI conversation did not go as asked."""

    code: ClassVar[str] = "agi_failed"


class HungUp(LineFailure):
    """The caller, or Asterisk, has left the line: nothing more can be said on it."""

    code = "agi_hung_up"
    recorded = 0.0
    """Seconds of the message that was being recorded then."""


class LineRefused(LineFailure):
    """Asterisk knows the command and would not do it, or does not know it."""

    code = "agi_refused"


class BadWord(LineFailure):
    """A part of a command that may not go on the line."""

    code = "agi_bad_word"
