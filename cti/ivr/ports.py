"""What a flow asks of the world. Callables, so that a simulator, a test and the server each bring their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from cti.ids import Instant
from cti.ivr.flow import Flow
from cti.ivr.outcome import Answer, Message, Step
from cti.speech import say


class LookupFailed(Exception):
    """The other side did not answer, or not sensibly."""


def _no_flow(_name: str) -> Flow | None:
    return None


def _no_hours(_schedule: str, _at: Instant) -> Sequence[str]:
    return ()


async def _nobody(_number: str) -> Mapping[str, object] | None:
    return None


async def _no_web(_url: str, _seconds: float) -> Mapping[str, object] | None:
    raise LookupFailed("no look-ups over HTTP here")


def _anybody(_number: str) -> bool:
    return True


def _unheard(_told: object) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    now: Callable[[], Instant]
    flow: Callable[[str], Flow | None] = _no_flow
    """The published version of a flow."""
    hours: Callable[[str, Instant], Sequence[str]] = _no_hours
    """What a schedule says of an instant, in names of exits, the narrowest first: (`lunch`, `closed`)."""
    say: Callable[[str, str, str], Sequence[str]] = say
    """Kind, value, language -> names of prompts; ValueError when the value cannot be said."""
    customer: Callable[[str], Awaitable[Mapping[str, object] | None]] = _nobody
    """The customer of a number, as fields; None when nobody is known. May raise LookupFailed."""
    fetch: Callable[[str, float], Awaitable[Mapping[str, object] | None]] = _no_web
    """The JSON object at a URL, within so many seconds; None when it says 404. May raise LookupFailed."""
    may_call: Callable[[str], bool] = _anybody
    """Whether this number may be dialled from here."""
    on_step: Callable[[Step], None] = _unheard
    """Each step as it is done, before the next begins."""
    on_message: Callable[[Message], None] = _unheard
    """Each message as it has been recorded, before anything else is said."""
    on_empty: Callable[[Message], None] = _unheard
    """What was recorded and is too short to be a message: nothing of it is to stay."""
    on_answer: Callable[[Answer], None] = _unheard
    """Each answer to a survey as it is given: the caller may leave before the end."""
