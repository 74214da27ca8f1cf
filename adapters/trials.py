"""Trials of flows: a scripted caller walks a flow with the very engine that serves calls. Nobody outside is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from cti.ids import CallId, Instant
from cti.ivr.flow import Flow
from cti.ivr.outcome import Caller, End
from cti.ivr.ports import LookupFailed, Ports
from cti.ivr.simulate import Transcript, simulate
from cti.shapes import stamp

_HUMPS: Final = re.compile(r"(?<!^)(?=[A-Z])")
_CALL: Final = CallId("trial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Who calls, when, and what they do: `events` and `leaves` are those of `cti.ivr.simulate`.

    `customer` is who the look-up finds, `fetched` what the CRM answers; None: nobody, and no answer.
    """

    number: str = "+8613800001234"
    dialled: str = "4000"
    language: str = ""
    at: Instant | None = None
    events: Sequence[str] = ()
    leaves: int | None = None
    customer: Mapping[str, object] | None = None
    fetched: Mapping[str, object] | None = None


async def tried(flow: Flow, script: Script, ports: Ports, flows: Mapping[str, Flow]) -> dict[str, object]:
    """The transcript and the outcome as plain values; of `ports`, those that only look at the tenant's own are used."""

    async def customer(_number: str) -> Mapping[str, object] | None:
        return script.customer

    async def fetch(_url: str, _seconds: float) -> Mapping[str, object] | None:
        if script.fetched is None:
            raise LookupFailed("a trial asks nobody outside")
        return script.fetched

    inside = Ports(
        now=ports.now,
        hours=ports.hours,
        say=ports.say,
        may_call=ports.may_call,
        flow=flows.get,
        customer=customer,
        fetch=fetch,
    )
    caller = Caller(call=_CALL, number=script.number, dialled=script.dialled, language=script.language)
    return _shape(
        await simulate(flow, caller, script.events, inside, at=script.at or ports.now(), leaves=script.leaves)
    )


def _shape(transcript: Transcript) -> dict[str, object]:
    outcome = transcript.outcome
    return {
        "lines": [{**asdict(one), "at": stamp(one.at)} for one in transcript.lines],
        "end": _end(outcome.end),
        "flow": outcome.flow.name,
        "node": outcome.node,
        "otherwise": outcome.otherwise,
        "language": outcome.language,
        "variables": dict(outcome.variables),
        "path": [{**asdict(one), "at": stamp(one.at)} for one in outcome.path],
        "answers": [{**asdict(one), "at": stamp(one.at)} for one in outcome.answers],
        "messages": [{**asdict(one), "at": stamp(one.at)} for one in outcome.messages],
    }


def _end(end: End) -> dict[str, object]:
    return {"kind": _HUMPS.sub("_", type(end).__name__).lower(), **asdict(end)}
