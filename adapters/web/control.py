"""Call control: what agents do with their own calls, and click-to-call. The outcome follows on the event stream."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Request
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import DeskOf, Me, guarded, permitted
from adapters.web.once import OnceOf
from adapters.web.paging import Json
from cti.control import events as ce
from cti.errors import NotAllowed
from cti.ids import AgentNo, CallId, LegId
from cti.people import Principal
from cti.permissions import CALLS_CONTROL, CALLS_DIAL, OWN_DESK, SUPERVISION_QUEUE

router = guarded("calls")
wrap_up = guarded("agents")

Id = Annotated[str, Path(max_length=64)]
Where = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
CONTROL = permitted(CALLS_CONTROL)


class To(BaseModel):
    """`agent:1002`, `queue:sales`, `number:+86…`, `token:…`, `flow:x` or `survey`, as far as the command takes it."""

    to: Where


class MaybeTo(BaseModel):
    to: Where = ""


class Digits(BaseModel):
    digits: str = Field(min_length=1, max_length=32)


class Prompt(BaseModel):
    prompt: str = Field(min_length=1, max_length=64)
    side: Literal["both", "customer", "agent"] = "both"


class Attached(BaseModel):
    data: dict[str, str]


class OneLeg(BaseModel):
    leg: str = Field(min_length=1, max_length=64)


class Dialled(BaseModel):
    """`from` is whose phone rings first: one's own, and then it may be left out, or an agent's within reach; `caller_id` is one of the numbers that may be shown.

    `recording` is what this call asks for besides the rules: nobody can ask not to be recorded.
    """

    to: Where
    from_: str | None = Field(default=None, alias="from", max_length=16)
    caller_id: str = Field(default="", max_length=32)
    recording: Literal["", "always", "on_demand"] = ""


class Placed(BaseModel):
    accepted: bool = True
    call: str


class Seconds(BaseModel):
    seconds: int


def own(me: Principal) -> AgentNo:
    if me.desk is None:
        raise NotAllowed("this sign-in has no agent number of its own")
    return me.desk


ACCEPTED = {"accepted": True}


@router.post("", status_code=202, response_model=Placed, dependencies=[permitted(CALLS_DIAL)])
async def dial(request: Request, asked: Dialled, me: Me, desk: DeskOf, once: OnceOf) -> Response:
    """Click-to-call 双线外呼: an agent's phone, then the other; `Idempotency-Key` makes a second click harmless."""

    async def work() -> Response:
        whose = own(me) if asked.from_ is None else AgentNo(asked.from_)
        if whose != me.desk and not me.reaches(CALLS_DIAL, whose):
            raise NotAllowed("only from one's own phone, or that of an agent within reach")
        call = desk.dial(whose, asked.to, asked.caller_id, asked.recording)
        return Json({"accepted": True, "call": call}, 202)

    return await once(work)


@router.post("/{call}/answer", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def answer(call: Id, me: Me, desk: DeskOf) -> Json:
    """Browser phones answer by themselves, desk phones by hand, `answer_on_phone`, or where their key may be pressed."""
    desk.wish(lambda at: ce.AnswerAsked(at=at, agent=own(me), call=CallId(call)))
    return Json(ACCEPTED, 202)


@router.post("/{call}/hold", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def hold(call: Id, me: Me, desk: DeskOf) -> Json:
    """The customer hears music."""
    desk.wish(lambda at: ce.HoldAsked(at=at, agent=own(me), call=CallId(call)))
    return Json(ACCEPTED, 202)


@router.post("/{call}/retrieve", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def retrieve(call: Id, me: Me, desk: DeskOf) -> Json:
    desk.wish(lambda at: ce.RetrieveAsked(at=at, agent=own(me), call=CallId(call)))
    return Json(ACCEPTED, 202)


@router.post("/{call}/mute", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def mute(call: Id, me: Me, desk: DeskOf) -> Json:
    """Nobody hears oneself."""
    desk.wish(lambda at: ce.MuteAsked(at=at, agent=own(me), call=CallId(call), muted=True))
    return Json(ACCEPTED, 202)


@router.post("/{call}/unmute", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def unmute(call: Id, me: Me, desk: DeskOf) -> Json:
    desk.wish(lambda at: ce.MuteAsked(at=at, agent=own(me), call=CallId(call), muted=False))
    return Json(ACCEPTED, 202)


@router.post("/{call}/dtmf", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def dtmf(call: Id, asked: Digits, me: Me, desk: DeskOf) -> Json:
    """Key presses, heard by the other side."""
    desk.wish(lambda at: ce.DigitsAsked(at=at, agent=own(me), call=CallId(call), digits=asked.digits))
    return Json(ACCEPTED, 202)


@router.post("/{call}/play", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def play(call: Id, asked: Prompt, me: Me, desk: DeskOf) -> Json:
    """Play a prompt over the talk 点播语音."""
    desk.play(own(me), CallId(call), asked.prompt, asked.side)
    return Json(ACCEPTED, 202)


@router.post("/{call}/attach", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def attach(call: Id, asked: Attached, me: Me, desk: DeskOf) -> Json:
    """Data that goes along with the call, to whoever gets it next."""
    desk.wish(lambda at: ce.AttachAsked(at=at, agent=own(me), call=CallId(call), data=asked.data))
    return Json(ACCEPTED, 202)


@router.post("/{call}/transfer", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def transfer(call: Id, asked: To, me: Me, desk: DeskOf) -> Json:
    """Give the customer away and be done."""
    desk.wish(lambda at: ce.TransferAsked(at=at, agent=own(me), call=CallId(call), to=asked.to))
    return Json(ACCEPTED, 202)


@router.post("/{call}/consult", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def consult(call: Id, asked: To, me: Me, desk: DeskOf) -> Json:
    """Put the customer on hold and ask an agent or a number."""
    desk.wish(lambda at: ce.ConsultAsked(at=at, agent=own(me), call=CallId(call), to=asked.to))
    return Json(ACCEPTED, 202)


@router.post("/{call}/consult/complete", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def consult_complete(call: Id, me: Me, desk: DeskOf) -> Json:
    """The customer goes to whoever was asked."""
    desk.wish(lambda at: ce.ConsultCompleteAsked(at=at, agent=own(me), call=CallId(call)))
    return Json(ACCEPTED, 202)


@router.post("/{call}/consult/alternate", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def consult_alternate(call: Id, me: Me, desk: DeskOf) -> Json:
    """Talk with the customer while the other waits, or the other way round."""
    desk.wish(lambda at: ce.ConsultAlternateAsked(at=at, agent=own(me), call=CallId(call)))
    return Json(ACCEPTED, 202)


@router.post("/{call}/consult/cancel", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def consult_cancel(call: Id, me: Me, desk: DeskOf) -> Json:
    """Back to the customer."""
    desk.wish(lambda at: ce.ConsultCancelAsked(at=at, agent=own(me), call=CallId(call)))
    return Json(ACCEPTED, 202)


@router.post("/{call}/conference", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def conference(call: Id, me: Me, desk: DeskOf, asked: MaybeTo | None = None) -> Json:
    """Bring in whoever is being asked, or one more agent or number."""
    to = "" if asked is None else asked.to
    desk.wish(lambda at: ce.ConferenceAsked(at=at, agent=own(me), call=CallId(call), to=to))
    return Json(ACCEPTED, 202)


@router.post("/{call}/conference/remove", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def conference_remove(call: Id, asked: OneLeg, me: Me, desk: DeskOf) -> Json:
    desk.wish(lambda at: ce.RemoveAsked(at=at, agent=own(me), call=CallId(call), leg=LegId(asked.leg)))
    return Json(ACCEPTED, 202)


@router.post("/{call}/pickup", status_code=202, response_model=models.Accepted, dependencies=[CONTROL])
async def pickup(call: Id, me: Me, desk: DeskOf) -> Json:
    """Take a call that rings at a colleague's 抢接, or one that waits, to one's own phone."""
    anybody = me.everywhere(SUPERVISION_QUEUE)
    desk.wish(lambda at: ce.PickUpAsked(at=at, agent=own(me), call=CallId(call), anybody=anybody))
    return Json(ACCEPTED, 202)


@wrap_up.post(
    "/{agent_no}/extend_acw", status_code=202, response_model=models.Accepted, dependencies=[permitted(OWN_DESK)]
)
async def extend_acw(agent_no: Annotated[str, Path(max_length=16)], asked: Seconds, me: Me, desk: DeskOf) -> Json:
    """More time for one's own after-call work."""
    mine = own(me)
    if agent_no not in ("me", mine):
        raise NotAllowed("only one's own after-call work")
    desk.wish(lambda at: ce.AcwExtendAsked(at=at, agent=mine, seconds=asked.seconds))
    return Json(ACCEPTED, 202)
