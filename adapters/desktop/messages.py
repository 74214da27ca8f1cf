"""The wire format of the event stream: frames from clients parsed, frames to clients built. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from cti.errors import BadRequest

T = TypeVar("T")

PROTOCOL: Final = "cti.v1"


class BadFrame(BadRequest):
    """What a client's program has got wrong, not the person at it: too many of these end the connection."""


Id = Annotated[str, Meta(max_length=64, description="Chosen by the client; comes back as `re`.")] | int
Topic = Annotated[str, Meta(min_length=1, max_length=100)]
Seq = Annotated[int, Meta(ge=0, le=2**53)]


class Resume(Struct):
    """Where a connection left off."""

    epoch: Annotated[str, Meta(max_length=64)]
    seq: Seq


class Hello(Struct, tag_field="op", tag="hello"):
    """First frame of every connection, within 5 s."""

    token: Annotated[str, Meta(max_length=8192)]
    id: Id | None = None
    resume: Resume | None = None


class Subscribe(Struct, tag_field="op", tag="subscribe"):
    """Adds topics; one refused topic refuses them all."""

    topics: Annotated[list[Topic], Meta(min_length=1, max_length=500)]
    id: Id | None = None


class Unsubscribe(Struct, tag_field="op", tag="unsubscribe"):
    topics: Annotated[list[Topic], Meta(min_length=1, max_length=500)]
    id: Id | None = None


class Command(Struct, tag_field="op", tag="command"):
    """Something to be done now; `ok` means accepted, what happened comes as events."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    id: Id | None = None
    args: dict[str, Any] = {}


class Shown(Struct, tag_field="op", tag="shown"):
    """The receipt of a screen pop; never answered."""

    seq: Seq


class Pong(Struct, tag_field="op", tag="pong"):
    pass


class Ping(Struct, tag_field="op", tag="ping"):
    """A client may ask for a sign of life, too."""

    id: Id | None = None


Said = Hello | Subscribe | Unsubscribe | Command | Shown | Pong | Ping


class AgentStatus(Struct):
    """Arguments of `agent.status`."""

    status: Annotated[str, Meta(pattern="^(ready|not_ready|logged_out)$")]
    reason: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    device: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Nothing(Struct):
    """No arguments."""


class OneCall(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]


class CallRecord(Struct):
    """Arguments of `call.record`."""

    call: Annotated[str, Meta(min_length=1, max_length=64)]
    action: Annotated[str, Meta(pattern="^(start|stop|pause|resume)$")]


class CallTo(Struct):
    """`to` is `agent:1002`, `queue:sales`, `number:+86…`, `flow:x` or `survey`, as far as the command takes it."""

    call: Annotated[str, Meta(min_length=1, max_length=64)]
    to: Annotated[str, Meta(min_length=1, max_length=80)]


class CallMaybeTo(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]
    to: Annotated[str, Meta(max_length=80)] = ""


class CallDigits(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]
    digits: Annotated[str, Meta(min_length=1, max_length=32)]


class CallPlay(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]
    prompt: Annotated[str, Meta(min_length=1, max_length=64)]
    side: Annotated[str, Meta(pattern="^(both|customer|agent)$")] = "both"


class CallAttach(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]
    data: dict[str, str]


class CallDisposition(Struct):
    """Arguments of `call.disposition`: what the call came to, for one's own part."""

    call: Annotated[str, Meta(min_length=1, max_length=64)]
    code: Annotated[str, Meta(min_length=1, max_length=40)]
    note: Annotated[str, Meta(max_length=1000)] = ""


class CallCorrection(Struct):
    """Arguments of `call.disposition.correct`: the same, in the place of an agent; the reason goes on record."""

    call: Annotated[str, Meta(min_length=1, max_length=64)]
    agent_no: Annotated[str, Meta(min_length=1, max_length=16)]
    code: Annotated[str, Meta(min_length=1, max_length=40)]
    note: Annotated[str, Meta(max_length=1000)] = ""
    reason: Annotated[str, Meta(max_length=64)] = ""


class CallLeg(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]
    leg: Annotated[str, Meta(min_length=1, max_length=64)]


class CallDial(Struct):
    """Arguments of `call.dial`; whoever may send it twice uses `POST /calls` with an `Idempotency-Key`."""

    to: Annotated[str, Meta(min_length=1, max_length=80)]
    caller_id: Annotated[str, Meta(max_length=32)] = ""
    recording: Literal["", "always", "on_demand"] = ""


class CallRequeue(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]
    queue: Annotated[str, Meta(max_length=40)] | None = None
    front: bool = False
    reason: Annotated[str, Meta(max_length=64)] = ""


class CallWhy(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Annotated[str, Meta(max_length=64)] = ""


class CallWatch(Struct):
    call: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Annotated[str, Meta(max_length=64)] = ""
    follow: Literal["customer", "agent", ""] = ""


class AcwMore(Struct):
    seconds: int


# --- what the server says ------------------------------------------------------------------------------------------


class Welcome(Struct, tag_field="op", tag="welcome"):
    """`now` is the server's clock, for ticking timers on a PC whose clock is off."""

    re: Id | None
    epoch: str
    heartbeat: float
    resumed: bool
    now: str
    pbx_up: bool


class Ok(Struct, tag_field="op", tag="ok", omit_defaults=True):
    re: Id | None
    seq: int | msgspec.UnsetType = msgspec.UNSET
    now: str | msgspec.UnsetType = msgspec.UNSET
    pbx_up: bool | msgspec.UnsetType = msgspec.UNSET
    snapshot: Mapping[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Error(Struct, tag_field="op", tag="error"):
    re: Id | None
    code: str
    message: str


class Unsubscribed(Struct, tag_field="op", tag="unsubscribed"):
    """These topics have ended: they are no longer allowed."""

    topics: list[str]


class PingOut(Struct, tag_field="op", tag="ping"):
    """Every `heartbeat` seconds; answer with pong."""


class PongOut(Struct, tag_field="op", tag="pong"):
    re: Id | None


class Event(Struct, tag_field="op", tag="event"):
    """One event. `prev` is the last `seq` this connection was told before, in an event or in an `ok`."""

    seq: int
    prev: int
    topic: str
    type: str
    at: str
    call: str | None
    data: dict[str, Any]


Answer = Welcome | Ok | Error | Unsubscribed | PingOut | PongOut

_decoder: Final = msgspec.json.Decoder(Said)
_encoder: Final = msgspec.json.Encoder()


def parse(text: str | None) -> Said:
    """The frame a client sent, None for a binary one; raises `BadFrame` with a reason fit for its developer."""
    if text is None:
        raise BadFrame("frames are text")
    try:
        said: Said = _decoder.decode(text)
        return said
    except RecursionError:
        raise BadFrame("the frame is nested too deeply") from None
    except (msgspec.MsgspecError, ValueError) as wrong:
        raise BadFrame(str(wrong)[:200]) from None


class _Named(Struct):
    id: Any = None


def id_of(text: str | None) -> Id | None:
    """The `id` of any frame, however wrong it is otherwise, so that its error can still name it."""
    if text is None:
        return None
    try:
        named = msgspec.json.decode(text, type=_Named).id
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if isinstance(named, bool) or not isinstance(named, str | int):
        return None
    return named if not isinstance(named, str) or len(named) <= 64 else None


def arguments(args: Mapping[str, Any], kind: type[T]) -> T:
    """The arguments of a command as its own type; raises `BadFrame`."""
    try:
        return msgspec.convert(args, kind)
    except msgspec.MsgspecError as wrong:
        raise BadFrame(str(wrong)[:200]) from None


def build(answer: Answer) -> bytes:
    return _encoder.encode(answer)


def encode(value: object) -> bytes:
    return _encoder.encode(value)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


PING: Final = build(PingOut())
