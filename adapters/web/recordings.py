"""Recordings: finding, hearing, taking away and erasing them, what is to be recorded, and steering one that runs.

What is out of somebody's reach is not there for them. Every hearing and every copy goes on record first.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response, StreamingResponse

from adapters.web.asking import DeskOf, Me, PortsOf, guarded, origin_of, permitted
from adapters.web.models import Accepted, Listing
from adapters.web.paging import Json, Listed, answer, instant
from adapters.web.ports import Ports, Recordings
from adapters.web.problems import problem
from cti.errors import BadRequest, NotAllowed, NotFound
from cti.ids import CallId
from cti.masking import masked, masked_text
from cti.people import Principal, sees_numbers
from cti.permissions import (
    RECORDINGS_DELETE,
    RECORDINGS_DOWNLOAD,
    RECORDINGS_EDIT,
    RECORDINGS_PLAY,
    RECORDINGS_SEE,
    RECORDINGS_STEER,
)
from cti.recording.kept import Kept, Wanted, kept_shape
from cti.recording.policy import RecordingRules

router = guarded("recordings")
calls_router = guarded("calls")

MOST_EXPORTED: Final = 1_000
HEARD_SECONDS: Final = 600.0
"""A player asks for many pieces: within this time they are one hearing."""

Id = Annotated[str, Path(max_length=64)]
Rule = Annotated[str, StringConstraints(pattern=r"^(|never|always|on_demand|([1-9][0-9]?|100)%)$")]
Rules = dict[Annotated[str, StringConstraints(min_length=1, max_length=64)], Rule]
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Marker(BaseModel):
    """Seconds from the beginning; `kind` is that of a segment, `paused` or `off`."""

    model_config = ConfigDict(populate_by_name=True)

    kind: str
    begins: float = Field(alias="from")
    ends: float = Field(alias="to")
    agent_no: str | None


class Recording(BaseModel):
    """`agents`: who talked in it. `truncated`: it ends before its call, because the disk was full."""

    id: str
    call: str
    number: str
    name: str
    dialled: str
    direction: str
    queue: str
    agents: list[str]
    disposition: str | None
    began_at: datetime
    seconds: float
    bytes: int
    sha256: str
    mode: Literal["always", "sampled", "on_demand"]
    reason: str
    truncated: bool
    markers: list[Marker]


class RulesOf(BaseModel):
    """Each rule is `never`, `always`, `on_demand`, a percentage like `30%`, or empty; `never` wins, then `always`.

    `numbers` are numbers dialled. `announcement` is a prompt that callers hear before; `keep_days` 0 is for ever.
    """

    model_config = ConfigDict(extra="forbid")

    default: Rule = ""
    queues: Rules = {}
    numbers: Rules = {}
    agents: Rules = {}
    announcement: str = Field("", max_length=120)
    keep_days: int = Field(0, ge=0, le=36_500)


class Erasure(BaseModel):
    """All recordings of one customer's number, and why they go."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class Erased(BaseModel):
    """How many recordings went, and how many messages of voicemail."""

    erased: int
    voicemails: int


class Steering(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["start", "stop", "pause", "resume"]


class Hearings:
    """Who hears what just now."""

    def __init__(self) -> None:
        self._began: dict[tuple[str, str], float] = {}

    def is_new(self, username: str, recording: str) -> bool:
        now = time.monotonic()
        self._began = {key: at for key, at in self._began.items() if now - at < HEARD_SECONDS}
        return self._began.setdefault((username, recording), now) == now


async def recordings_of(ports: PortsOf) -> Recordings:
    return ports.recordings


RecordingsOf = Annotated[Recordings, Depends(recordings_of)]


async def wanted(
    asked: Listed,
    since: Annotated[datetime | None, Query(alias="from", description="began at or after")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="began before")] = None,
    agent_no: Annotated[str | None, Query(max_length=16, description="talked in it")] = None,
    number: Annotated[str | None, Query(max_length=40)] = None,
    queue: Annotated[str | None, Query(max_length=40)] = None,
    call: Annotated[str | None, Query(max_length=64)] = None,
    disposition: Annotated[str | None, Query(max_length=64, description="or one below it")] = None,
    mode: Literal["always", "sampled", "on_demand"] | None = None,
) -> Wanted:
    return Wanted(
        agent_no=agent_no,
        number=number,
        queue=queue,
        call=call,
        disposition=disposition,
        mode=mode,
        since=instant(since),
        until=instant(until),
        search=asked.search,
    )


WantedOf = Annotated[Wanted, Depends(wanted)]


def _within(which: Wanted, me: Principal, permission: str) -> Wanted:
    return Wanted(**{**{name: getattr(which, name) for name in Wanted.__slots__}, "agents": me.agents_for(permission)})


async def _one(me: Principal, recordings: Recordings, recording: str, permission: str) -> Kept:
    found = await recordings.one(me.tenant, recording, me.agents_for(permission))
    if found is None:
        raise NotFound("no such recording")
    return found


# --- finding -------------------------------------------------------------------------------------------------------


@router.get("", response_model=Listing[Recording], dependencies=[permitted(RECORDINGS_SEE)])
async def list_recordings(me: Me, recordings: RecordingsOf, asked: Listed, which: WantedOf) -> Json:
    """Newest first; `search` looks at the caller's number and name, agents and queues."""
    found = await recordings.list(me.tenant, _within(which, me, RECORDINGS_SEE), asked.limit, asked.cursor)
    return answer([kept_shape(one) for one in found.items], found.total, found.next)


@router.get("/rules", response_model=RulesOf, dependencies=[permitted(RECORDINGS_EDIT)])
async def get_rules(me: Me, recordings: RecordingsOf) -> Json:
    """What is recorded."""
    return Json(_rules_shape(await recordings.rules(me.tenant)))


@router.put("/rules", response_model=RulesOf, dependencies=[permitted(RECORDINGS_EDIT)])
async def set_rules(rules: RulesOf, me: Me, recordings: RecordingsOf) -> Json:
    """Say anew what is recorded; it holds for the next agent who is chosen."""
    await recordings.set_rules(me.tenant, RecordingRules(**rules.model_dump()))
    return Json(_rules_shape(await recordings.rules(me.tenant)))


def _rules_shape(rules: RecordingRules) -> dict[str, object]:
    return {name: getattr(rules, name) for name in RulesOf.model_fields}


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}}},
    dependencies=[permitted(RECORDINGS_DOWNLOAD)],
)
async def export(request: Request, me: Me, ports: PortsOf, recordings: RecordingsOf, which: WantedOf) -> Response:
    """The recordings that a list with these words shows, as a ZIP with a list of them; at most 1,000."""
    chosen: list[Kept] = []
    cursor: str | None = None
    within = _within(which, me, RECORDINGS_DOWNLOAD)
    while True:
        page = await recordings.list(me.tenant, within, 500, cursor)
        if page.total > MOST_EXPORTED:
            raise BadRequest(f"{page.total} recordings are meant; at most {MOST_EXPORTED} at a time")
        chosen += page.items
        cursor = page.next
        if cursor is None:
            break
    for kept in chosen:
        _note(request, me, ports, "export", kept)
    if not sees_numbers(me):
        chosen = [_hidden(kept) for kept in chosen]
    headers = {"Content-Disposition": 'attachment; filename="recordings.zip"'}
    return StreamingResponse(recordings.zipped(chosen), media_type="application/zip", headers=headers)


def _hidden(kept: Kept) -> Kept:
    return Kept(
        id=kept.id,
        sound=kept.sound,
        number=masked(kept.number),
        caller=masked_text(kept.caller),
        dialled=kept.dialled,
        queue=kept.queue,
        direction=kept.direction,
        result=kept.result,
        disposition=kept.disposition,
        agents=kept.agents,
    )


@router.get("/{recording}", response_model=Recording, dependencies=[permitted(RECORDINGS_SEE)])
async def one_recording(recording: Id, me: Me, recordings: RecordingsOf) -> Json:
    """One recording with its markers."""
    return Json(kept_shape(await _one(me, recordings, recording, RECORDINGS_SEE)))


# --- hearing -------------------------------------------------------------------------------------------------------

_AUDIO: Final[dict[int | str, dict[str, object]]] = {
    200: {"content": {"audio/wav": {}}},
    206: {"description": "The range that was asked for", "content": {"audio/wav": {}}},
    416: {"description": "That range is not in it"},
}


@router.get(
    "/{recording}/audio",
    response_class=StreamingResponse,
    responses=_AUDIO,
    dependencies=[permitted(RECORDINGS_PLAY)],
)
async def play(recording: Id, request: Request, me: Me, ports: PortsOf, recordings: RecordingsOf) -> Response:
    """The sound, to be heard: two channels, the customer left and the agents right. A `Range` gets that part alone."""
    kept = await _one(me, recordings, recording, RECORDINGS_PLAY)
    hearings: Hearings = request.app.state.hearings
    request.state.noted = True
    if hearings.is_new(me.username, kept.id):
        _note(request, me, ports, "play", kept)
    return await _sound(request, recordings, kept, "inline")


@router.get(
    "/{recording}/download",
    response_class=StreamingResponse,
    responses=_AUDIO,
    dependencies=[permitted(RECORDINGS_DOWNLOAD)],
)
async def download(recording: Id, request: Request, me: Me, ports: PortsOf, recordings: RecordingsOf) -> Response:
    """The sound, to be taken away."""
    kept = await _one(me, recordings, recording, RECORDINGS_DOWNLOAD)
    _note(request, me, ports, "download", kept)
    return await _sound(request, recordings, kept, "attachment")


def _note(request: Request, me: Principal, ports: Ports, action: str, kept: Kept, reason: str = "") -> None:
    request.state.noted = True
    data = {"call": kept.sound.call, "range": request.headers.get("range", "")[:40]}
    ports.audit.note(
        me.tenant, me.username, f"recordings.{action}", kept.id, reason=reason, origin=origin_of(request), data=data
    )


async def _sound(request: Request, recordings: Recordings, kept: Kept, disposition: str) -> Response:
    size, tag = kept.sound.bytes, f'"{kept.sound.sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Content-Disposition": f'{disposition}; filename="{kept.id}.wav"',
    }
    asked = request.headers.get("range", "")
    if request.headers.get("if-range", tag) != tag:
        asked = ""  # it is not what the asker has the other parts of
    part = _part(asked, size)
    if part is None:
        return problem(416, "bad_range", f"it has {size} bytes", {"Content-Range": f"bytes */{size}"})
    first, length, is_part = part
    blocks = recordings.read(kept, first, length)
    begun = await anext(blocks, b"")  # before the headers: a sound that is not there is an honest error
    headers["Content-Length"] = str(length)
    if is_part:
        headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
    return StreamingResponse(
        _rest(begun, blocks), status_code=206 if is_part else 200, media_type="audio/wav", headers=headers
    )


async def _rest(begun: bytes, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begun
    async for block in blocks:
        yield block


def _part(asked: str, size: int) -> tuple[int, int, bool] | None:
    """First byte, length, whether it is a part; None when no byte of it is there. One range or all: RFC 9110, 14."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found[0] == "bytes=-":
        return 0, size, False
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, length, True) if length else None
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return 0, size, False
    return (first, last - first + 1, True) if first < size else None


# --- erasing -------------------------------------------------------------------------------------------------------


@router.post("/erase", response_model=Erased, dependencies=[permitted(RECORDINGS_DELETE)])
async def erase(what: Erasure, request: Request, me: Me, ports: PortsOf, recordings: RecordingsOf) -> Json:
    """Erase everything that was recorded of one customer, messages among it: nothing of it can be heard any more when
    this returns."""
    if me.agents_for(RECORDINGS_DELETE) is not None:
        raise NotAllowed("this erases what others recorded too: the permission must reach everybody")
    gone = await recordings.erase_number(me.tenant, what.number)
    _erased(request, me, ports, gone, what.reason)
    messages = await ports.voicemails.erase_number(me.tenant, what.number)
    _erased(request, me, ports, messages, what.reason, "voicemails")
    return Json({"erased": len(gone), "voicemails": len(messages)})


@router.delete("/{recording}", status_code=204, dependencies=[permitted(RECORDINGS_DELETE)])
async def erase_one(
    recording: Id,
    request: Request,
    me: Me,
    ports: PortsOf,
    recordings: RecordingsOf,
    reason: Annotated[str, Query(min_length=1, max_length=200)],
) -> Response:
    """Erase one recording."""
    kept = await _one(me, recordings, recording, RECORDINGS_DELETE)
    _erased(request, me, ports, await recordings.erase(me.tenant, (kept.id,)), reason)
    return Response(status_code=204)


def _erased(
    request: Request, me: Principal, ports: Ports, gone: Sequence[str], reason: str, what: str = "recordings"
) -> None:
    for one in gone:
        ports.audit.note(me.tenant, me.username, f"{what}.erased", one, reason=reason, origin=origin_of(request))


# --- steering ------------------------------------------------------------------------------------------------------


@calls_router.post(
    "/{call}/record", status_code=202, response_model=Accepted, dependencies=[permitted(RECORDINGS_STEER)]
)
async def record(call: Id, asked: Steering, me: Me, desk: DeskOf) -> Json:
    """Start, stop, pause or resume the recording of one's own call, or of one within reach."""
    desk.record(CallId(call), asked.action, me.agents_for(RECORDINGS_STEER), me.username)
    return Json({"accepted": True}, 202)
