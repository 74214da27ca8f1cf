"""How a walk through a flow ends, and what it leaves behind: the path, what was typed, answered and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cti.ids import AgentNo, CallId, Instant, QueueName
from cti.ivr.flow import Flow

MASK: Final = "****"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who walks, and what is known already. To go on after an outcome, hand its variables and secrets in again."""

    call: CallId
    number: str = ""
    name: str = ""
    dialled: str = ""
    language: str = ""  # empty: the flow's
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node of a walk; `digits` are masked where the node says so. `exit` of the last one tells how it ended."""

    flow: str
    version: int
    node: str
    type: str
    at: Instant
    exit: str
    digits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a caller said to one question of a survey."""

    survey: str
    question: str
    value: str
    label: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message the caller left; `name` is the one it was recorded under."""

    name: str
    node: str
    seconds: float
    at: Instant


# --- ends ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ToQueue:
    queue: QueueName
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAgent:
    agent: AgentNo
    seconds: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ToNumber:
    """Whether this number may be dialled at all is decided where it is dialled."""

    number: str
    caller_id: str = ""
    seconds: int = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    box: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """The caller has accepted to be called back."""

    queue: QueueName
    number: str
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    cause: str = "normal"


@dataclass(frozen=True, slots=True)
class Left:
    """The caller hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The flow cannot go on; the caller is to go where callers without a flow go."""

    why: str


End: TypeAlias = ToQueue | ToAgent | ToNumber | Voicemail | Callback | HangUp | Left | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`variables` has the mask in place of secret values; `secrets` has those, and is for going on, not for showing.

    `flow` is the very version the caller was in. `otherwise`: the node to go on at when nobody answers there.
    """

    end: End
    flow: Flow = field(repr=False)
    node: str
    language: str
    otherwise: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    path: tuple[Step, ...] = ()
    answers: tuple[Answer, ...] = ()
    messages: tuple[Message, ...] = ()
