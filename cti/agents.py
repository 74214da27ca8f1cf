"""Agents and their two axes: the status they declare and the work their legs show. The WORK_NEXT table is the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cti import events as ev
from cti.control import events as ce
from cti.errors import OutOfTurn
from cti.ids import AgentNo, CallId, DeviceName, Instant
from cti.reasons import Reason
from cti.records import AgentProfile, AgentRecord

STATUSES: Final = ("ready", "not_ready", "logged_out")

AWAY: Final = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN", ""})
"""Device states of a phone that cannot ring."""

FREE: Final = "NOT_INUSE"


class Work(StrEnum):
    IDLE = "idle"
    OFFERED = "offered"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    CONSULTING = "consulting"
    ACW = "acw"
    SUPERVISING = "supervising"


IN_CALL: Final = frozenset(
    {Work.OFFERED, Work.RINGING, Work.TALKING, Work.HELD, Work.CONSULTING, Work.SUPERVISING},
)

WORK_NEXT: Final[Mapping[tuple[Work, type[ev.Event]], Work]] = {
    **{(work, ev.AgentChosen): Work.OFFERED for work in (Work.IDLE, Work.ACW)},
    (Work.OFFERED, ev.PhoneRinging): Work.RINGING,
    (Work.OFFERED, ev.OfferEnded): Work.IDLE,
    (Work.RINGING, ev.OfferEnded): Work.IDLE,
    (Work.OFFERED, ev.AgentAnswered): Work.TALKING,
    (Work.RINGING, ev.AgentAnswered): Work.TALKING,
    (Work.TALKING, ev.CallHeld): Work.HELD,
    (Work.HELD, ev.CallRetrieved): Work.TALKING,
    (Work.TALKING, ev.AgentLeft): Work.ACW,
    (Work.HELD, ev.AgentLeft): Work.ACW,
    (Work.CONSULTING, ev.AgentLeft): Work.ACW,
    (Work.ACW, ev.AcwEnded): Work.IDLE,
    (Work.IDLE, ev.AcwResumed): Work.ACW,
    (Work.HELD, ce.ConsultBegan): Work.CONSULTING,
    (Work.CONSULTING, ce.ConsultEnded): Work.HELD,
    (Work.CONSULTING, ce.ConsultMerged): Work.TALKING,
    (Work.IDLE, ce.ColleagueAsked): Work.OFFERED,
    (Work.OFFERED, ce.ColleagueRang): Work.RINGING,
    **{(work, ce.ColleagueAnswered): Work.CONSULTING for work in (Work.OFFERED, Work.RINGING)},
    **{(work, ce.ColleagueJoined): Work.TALKING for work in (Work.OFFERED, Work.RINGING, Work.CONSULTING)},
    **{(work, ce.ColleagueReleased): Work.IDLE for work in (Work.OFFERED, Work.RINGING, Work.CONSULTING)},
    **{(work, ce.CallPlaced): Work.RINGING for work in (Work.IDLE, Work.ACW)},
    **{(work, ev.CallbackTurn): Work.RINGING for work in (Work.IDLE, Work.ACW)},
    (Work.RINGING, ce.CustomerReached): Work.TALKING,
    (Work.RINGING, ce.PlacingEnded): Work.IDLE,
    **{(work, ce.WatchBegan): Work.SUPERVISING for work in (Work.IDLE, Work.ACW)},
    (Work.SUPERVISING, ce.WatchEnded): Work.IDLE,
    (Work.SUPERVISING, ce.CallTaken): Work.TALKING,
}


@dataclass(slots=True)
class Agent:
    profile: AgentProfile
    record: AgentRecord
    work: Work = Work.IDLE
    work_since: Instant = Instant(0)
    device: DeviceName | None = None  # where the next call would ring
    device_state: str = ""
    call: CallId | None = None
    caller: tuple[str, str] | None = None  # number, name
    calls_today: int = 0
    reason: Reason | None = None  # why they are not ready, where the tenant knows that reason

    @property
    def no(self) -> AgentNo:
        return self.profile.agent_no

    @property
    def reachable(self) -> bool:
        return self.device_state not in AWAY

    @property
    def signed_in(self) -> bool:
        return self.record.status != "logged_out"

    @property
    def chosen(self) -> DeviceName | None:
        """The device chosen at sign-in, as long as it is theirs."""
        return self.record.device if self.record.device in self.profile.devices else None

    @property
    def routable(self) -> bool:
        """Ready, idle, and a phone that is there and not busy with something of its own."""
        return self.record.status == "ready" and self.work is Work.IDLE and self.device_state == FREE

    @property
    def reason_until(self) -> Instant | None:
        """Until when the reason lets them be not ready; None when it sets no limit."""
        if self.reason is None or not self.reason.limit_seconds:
            return None
        return Instant(self.record.status_since + self.reason.limit_seconds * 1000)

    def recognise(self, words: Mapping[str, Reason]) -> None:
        """Find what the tenant knows of the reason they give."""
        given = self.record.reason if self.record.status == "not_ready" else None
        self.reason = None if given is None else words.get(given)

    def step(self, event: ev.Event) -> None:
        """Take the step `event` means for this agent's work; raises `OutOfTurn` and changes nothing otherwise."""
        work = WORK_NEXT.get((self.work, type(event)))
        if work is None:
            raise OutOfTurn(f"{type(event).__name__} while agent {self.no} is {self.work}")
        self.work = work
        self.work_since = event.at

    def find_device(self, states: Mapping[DeviceName, str]) -> None:
        """The device chosen at sign-in; else the desk phone if it is registered, else the browser."""
        chosen = self.chosen
        if chosen is None:
            devices = self.profile.devices
            there = (one for one in devices if states.get(one, "") not in AWAY)
            chosen = next(there, devices[0] if devices else None)
        self.device = chosen
        self.device_state = states.get(chosen, "") if chosen is not None else ""


def natural(agent: AgentNo) -> tuple[int, str]:
    """Agent numbers in the order people read them: 999 before 1001."""
    return (len(agent), agent)
