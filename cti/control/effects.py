"""What is wanted of legs under way. Frozen; `adapters/asterisk/control.py` carries it out."""

from __future__ import annotations

from dataclasses import dataclass

from cti.control.dialling import Diallable
from cti.effects import Effect
from cti.ids import CallId, DeviceName, LegId, TenantId


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a leg shall stand. `kind`: room, aside, hold, wait, alone, ask_device, ask_number, out, listen, whisper,
    after. `word` is what that place needs to know: a device, a leg; `marked`: the talk lasts while one is.

    `trunk`: by which a number is called; without one, by the dialplan's own.
    """

    kind: str
    word: str = ""
    number: Diallable | None = None
    caller_id: str = ""
    seconds: int = 0
    marked: bool = False
    trunk: str = ""
    hidden: bool = False  # the phone from which `number` is dialled may not show it


@dataclass(frozen=True, slots=True)
class PressAnswer(Effect):
    """Make a phone that rings answer, as if its key had been pressed."""

    call: CallId
    device: DeviceName


@dataclass(frozen=True, slots=True)
class Move(Effect):
    """Take a leg to a place; with `other`, two that talk with one another, at the same instant."""

    call: CallId
    leg: str
    spot: Spot
    other: str = ""
    other_spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Invite(Effect):
    """Call a phone, or a number by a trunk, for a leg of this id; it goes to `spot` when it answers.

    `shown` is the number and name on its display; `at_once`: a phone that can shall answer by itself. `record`: whoever
    is called from there is recorded from their answer on, after `announcement`.
    """

    tenant: TenantId
    call: CallId
    leg: LegId
    spot: Spot
    device: DeviceName | None = None
    number: Diallable | None = None
    trunk: str = ""
    shown: tuple[str, str] = ("", "")
    seconds: int = 30
    at_once: bool = False
    record: bool = False
    announcement: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Mute(Effect):
    """What this leg says is heard by nobody, or again."""

    call: CallId
    leg: str
    muted: bool


@dataclass(frozen=True, slots=True)
class SendDigits(Effect):
    """Let the other end of this leg hear key presses."""

    call: CallId
    leg: str
    digits: str


@dataclass(frozen=True, slots=True)
class PlayTo(Effect):
    """Let this leg, and nobody else, hear a prompt over the talk."""

    tenant: TenantId
    call: CallId
    leg: str
    prompt: str
    language: str = ""
