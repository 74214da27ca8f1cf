"""What a flow asks of the world. Callables, so that a simulator, a test and the server each bring their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from cti.ids import Instant
from cti.ivr.flow import Flow
from cti.ivr.outcome import Answer, Step


class LookupFailed(Exception):
    """The other side did not answer, or not sensibly."""


def _no_flow(_name: str) -> Flow | None:
    return None


def _no_hours(_schedule: str, _at: Instant) -> str | None:
    return None


def _no_words(kind: str, value: str, language: str) -> Sequence[str]:
    raise ValueError(f"{kind} cannot be said in {language}")


async def _nobody(_number: str) -> Mapping[str, object] | None:
    return None


async def _no_web(_url: str, _seconds: float) -> Mapping[str, object] | None:
    raise LookupFailed("no look-ups over HTTP here")


def _unheard(_told: object) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    now: Callable[[], Instant]
    flow: Callable[[str], Flow | None] = _no_flow
    """The published version of a flow."""
    hours: Callable[[str, Instant], str | None] = _no_hours
    """The period of a schedule at an instant, which names an exit; None when there is no such schedule."""
    say: Callable[[str, str, str], Sequence[str]] = _no_words
    """Kind, value, language -> names of prompts; ValueError when the value cannot be said."""
    customer: Callable[[str], Awaitable[Mapping[str, object] | None]] = _nobody
    """The customer of a number, as fields; None when nobody is known. May raise LookupFailed."""
    fetch: Callable[[str, float], Awaitable[Mapping[str, object] | None]] = _no_web
    """The JSON object at a URL, within so many seconds; None when it says 404. May raise LookupFailed."""
    on_step: Callable[[Step], None] = _unheard
    """Each step as it is done, before the next begins."""
    on_answer: Callable[[Answer], None] = _unheard
    """Each answer to a survey as it is given: the caller may leave before the end."""
