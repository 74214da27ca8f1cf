"""The shapes that REST and the event stream show; design contracts, so fields are added and never silently changed.

Plain dictionaries of JSON values: instants as RFC 3339 UTC strings, durations in seconds. Who may see numbers is
decided at the exits, which know who is asking.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache

from cti.agents import Agent
from cti.ids import Instant
from cti.queues import Queue
from cti.records import Call, Leg, Offer, QueueSettings, Recording, Said, Segment, State, Step, Survey

WAITING_SHOWN = 50
"""How many waiting callers `queue.updated` carries; `GET /queues/{name}` has them all."""

Shape = dict[str, object]


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=1024)  # the news of one turn say the same instants again and again
def stamp(at: Instant | None) -> str | None:
    """RFC 3339 in UTC with milliseconds, or None."""
    return None if at is None else f"{_second(at // 1000)}.{at % 1000:03d}Z"


def seconds(ms: int) -> float:
    return round(ms / 1000, 3)


def leg_shape(leg: Leg) -> Shape:
    return {
        "id": leg.id,
        "kind": leg.kind,
        "channel": leg.channel,
        "device": leg.device,
        "agent_no": leg.agent_no,
        "muted": leg.muted,
        "started_at": stamp(leg.started_at),
        "answered_at": stamp(leg.answered_at),
        "ended_at": stamp(leg.ended_at),
        "cause": leg.cause,
    }


def segment_shape(segment: Segment) -> Shape:
    ended = segment.ended_at
    return {
        "kind": segment.kind.value,
        "agent_no": segment.agent_no,
        "queue": segment.queue,
        "started_at": stamp(segment.started_at),
        "ended_at": stamp(ended),
        "seconds": None if ended is None else seconds(ended - segment.started_at),
    }


def offer_shape(offer: Offer) -> Shape:
    return {
        "id": offer.id,
        "agent_no": offer.agent_no,
        "device": offer.device,
        "queue": offer.queue,
        "strategy": offer.strategy,
        "reason": offer.reason,
        "result": None if offer.result is None else offer.result.value,
        "detail": offer.detail,
        "offered_at": stamp(offer.offered_at),
        "ringing_at": stamp(offer.ringing_at),
        "ended_at": stamp(offer.ended_at),
    }


def step_shape(step: Step) -> Shape:
    return {
        "flow": step.flow,
        "version": step.version,
        "node": step.node,
        "kind": step.kind,
        "at": stamp(step.at),
        "exit": step.exit,
        "digits": step.digits,
    }


def survey_shape(survey: Survey) -> Shape:
    return {
        "agent_no": survey.agent_no,
        "queue": survey.queue,
        "began_at": stamp(survey.began_at),
        "result": survey.result or None,
        "score": survey.score,
        "answers": dict(survey.answers),
    }


def said_shape(said: Said) -> Shape:
    """What one agent says a call came to; `said_by` is who said it in the agent's place."""
    return {
        "agent_no": said.agent_no,
        "code": said.code,
        "note": said.note,
        "said_at": stamp(said.said_at),
        "said_by": said.said_by or None,
    }


def recording_shape(recording: Recording) -> Shape:
    """A recording while it is made: `state` is on, off, paused, barred, refused, or null before it begins."""
    return {
        "mode": recording.mode,
        "reason": recording.reason,
        "state": recording.state or None,
        "since": stamp((recording.marks[-1].at if recording.marks else None) or None),
    }


def call_brief(call: Call) -> Shape:
    """What every `call.*` event carries of its call, so that a client can keep a table from events alone."""
    offer = call.offer
    return {
        "id": call.id,
        "direction": call.direction,
        "number": call.number,
        "name": call.name,
        "dialled": call.dialled,
        "queue": call.queue,
        "priority": call.priority,
        "vip": call.vip,
        "state": str(call.state),
        "state_since": stamp(call.state_since),
        "agent_no": offer.agent_no if offer is not None else None,
        "started_at": stamp(call.started_at),
        "queued_at": stamp(call.queued_at),
        "answered_at": stamp(call.answered_at),
        "ended_at": stamp(call.ended_at),
        "result": None if call.result is None else call.result.value,
    }


def call_shape(call: Call) -> Shape:
    """The whole record of a call."""
    return {
        **call_brief(call),
        "cause": call.cause,
        "linkedid": call.linkedid,
        "segments": [segment_shape(one) for one in call.segments],
        "offers": [offer_shape(one) for one in call.offers],
        "legs": [leg_shape(one) for one in call.legs],
        "recordings": [],
        "recording": None if call.recording is None else recording_shape(call.recording),
        "rules": list(call.journey.rules),
        "language": call.journey.language,
        "path": [step_shape(one) for one in call.journey.path],
        "data": dict(call.journey.data),
        "survey": None if call.journey.survey is None else survey_shape(call.journey.survey),
        "dispositions": [said_shape(one) for one in call.dispositions],
    }


def agent_shape(agent: Agent) -> Shape:
    record = agent.record
    return {
        "agent_no": agent.no,
        "name": agent.profile.name,
        "queues": list(agent.profile.queues),
        "skills": dict(agent.profile.skills),
        "status": record.status,
        "reason": record.reason,
        "reason_code": None if agent.reason is None else agent.reason.code,
        "reason_until": stamp(agent.reason_until),
        "over_limit": record.over_limit,
        "status_since": stamp(record.status_since),
        "work": agent.work.value,
        "work_since": stamp(agent.work_since),
        "pending_status": record.pending_status,
        "pending_reason": record.pending_reason,
        "acw_until": stamp(record.acw_until),
        "disposition_due": record.due_call,
        "routable": agent.routable,
        "device": {"name": agent.device, "reachable": agent.reachable},
        "calls_today": agent.calls_today,
        "call": agent.call,
        "caller": None if agent.caller is None else {"number": agent.caller[0], "name": agent.caller[1]},
    }


def without_call(agent: Shape) -> Shape:
    """An agent as colleagues see them: no details of the call."""
    return {**agent, "call": None, "caller": None, "disposition_due": None}


def waiting_shape(call: Call, position: int, queue: Queue) -> Shape:
    ewt = queue.expected_wait(call) if call.state is State.WAITING else 0
    return {
        "call": call.id,
        "number": call.number,
        "name": call.name,
        "since": stamp(call.queued_at),
        "priority": call.priority,
        "vip": call.vip,
        "position": position,
        "state": "waiting" if call.state is State.WAITING else "offered",
        "skills": dict(call.skills),
        "ewt_seconds": _whole_seconds(ewt),
    }


def _whole_seconds(ms: int | None) -> int | None:
    return None if ms is None else round(ms / 1000)


def service_shape(queue: Queue) -> Shape:
    """What became of the callers since the queue's window began."""
    tally = queue.tally
    return {
        "since": stamp(queue.window_start),
        "answered": tally.answered,
        "in_time": tally.in_time,
        "abandoned": tally.abandoned,
        "level": tally.service_level,
    }


def settings_shape(settings: QueueSettings) -> Shape:
    """All that a queue is set to, by the names of its settings."""
    return {**asdict(settings), "comfort_prompts": list(settings.comfort_prompts)}


def queue_shape(queue: Queue, most: int | None = None) -> Shape:
    """A queue with its callers in order; callers being offered keep their place until somebody answers.

    With `most` it is news, which comes often: only so many callers, and not who serves the queue.
    """
    callers = queue.in_order(most)
    shape: Shape = {
        "name": queue.name,
        "title": queue.settings.title,
        "strategy": queue.settings.strategy,
        "ring_seconds": queue.settings.ring_seconds,
        "acw_seconds": queue.settings.acw_seconds,
        "window": queue.settings.window,
        "waiting_count": len(queue.waiting),
        "ewt_seconds": _whole_seconds(queue.expected_wait()),
        "service": service_shape(queue),
        "longest_since": stamp(min((c.queued_at for c in queue.waiting.values()), default=None)),
        "waiting": [waiting_shape(call, n, queue) for n, call in enumerate(callers, 1)],
    }
    if most is None:
        shape.update(settings_shape(queue.settings), members=sorted(queue.members))
    return shape
