"""Who comes in at the FastAGI door: asks where the call leads, runs its flow, and tells the dialplan where it goes on.

What is decided is decided in `cti`; here it is brought together for one caller at a time, each in a task of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.failures import HungUp as LineGone
from adapters.asterisk.numbers import written
from cti import events as ev
from cti.entry.decide import Decision
from cti.entry.targets import Target
from cti.errors import BadRequest
from cti.ids import AgentNo, CallId, Instant, LegId, QueueName, TenantId
from cti.incidents import Incident
from cti.ivr import outcome as out
from cti.ivr.flow import Flow
from cti.ivr.line import HungUp, Line
from cti.ivr.ports import Ports
from cti.ivr.run import run
from cti.overflow import target as overflow_target
from cti.personal import OTHERWISE, personal
from cti.records import Result

log = logging.getLogger(__name__)

MESSAGE_SECONDS: Final = 180.0
MESSAGE_SILENCE: Final = 5.0
SURVEY_MOST: Final = 9
CAUSES: Final = {"busy": "busy", "rejected": "deny", "unallocated": "unknown"}


class Parts(Protocol):
    """What the switchboard asks of the rest of the server."""

    def now(self) -> Instant: ...

    def post(self, event: ev.Event, tenant: TenantId) -> None: ...

    def decide(self, dialled: str, caller: str, at: Instant) -> tuple[TenantId, Decision] | None: ...

    def flows(self, tenant: TenantId) -> Mapping[str, Flow]:
        """All published flows as they are now; a call keeps the mapping it began with."""

    def ports(self, tenant: TenantId) -> Ports: ...

    def line(self, line: AgiLine, tenant: TenantId) -> Line: ...

    def incidents(self, tenant: TenantId, number: str) -> list[Incident]: ...

    def heard(self, tenant: TenantId, incident: Incident, call: CallId, number: str, wants_word: bool) -> None: ...

    def message_left(self, tenant: TenantId, caller: out.Caller, box: str, message: out.Message) -> None: ...

    def may_dial(self, tenant: TenantId, number: str) -> str | None:
        """Why this number is not dialled, or None."""

    def call_back(self, tenant: TenantId, caller: out.Caller, wish: out.Callback, since: Instant) -> None: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One caller at the door."""

    tenant: TenantId
    call: CallId
    number: str
    name: str
    dialled: str
    flows: Mapping[str, Flow]
    since: Instant

    @property
    def caller(self) -> out.Caller:
        return out.Caller(call=self.call, number=self.number, name=self.name, dialled=self.dialled)


class Switchboard:
    def __init__(self, parts: Parts, tenants: Callable[[], list[TenantId]]) -> None:
        self._parts = parts
        self._tenants = tenants
        self._unfinished: dict[CallId, out.Outcome] = {}
        """Flows that go on should nobody answer where they sent their caller."""

    async def on_call(self, line: AgiLine) -> None:
        """Serve one caller; whoever leaves is gone, and what goes wrong sends the caller to the safe queue."""
        script = line.env.get("agi_network_script", "")
        serve = {"entry": self._enter, "again": self._again, "after": self._after}.get(script)
        if serve is None:
            log.warning("nobody here for %s", script[:40])
            return
        try:
            await serve(line)
        except (HungUp, LineGone):
            pass  # their leg's end is told by AMI, like everybody's

    # --- from outside ---

    async def _enter(self, line: AgiLine) -> None:
        env, now = line.env, self._parts.now()
        dialled = await line.get_variable("CTI_DIALLED")
        number = written(env.get("agi_callerid", ""))
        found = self._parts.decide(dialled, number, now)
        if found is None:
            await self._send(line, "unknown")
            return
        tenant, decision = found
        await line.set_variable("__CTI_TENANT", tenant)
        call = CallId(await line.get_variable("CTI_CALLID"))
        name = await line.get_variable("CALLERID(name)")
        ends_as = Result.DENIED.value if decision.denied else ""
        visit = Visit(tenant, call, number, name, dialled, self._parts.flows(tenant), now)
        self._post(
            visit,
            ev.CallEntered(
                at=now,
                call=call,
                leg=LegId(env["agi_uniqueid"]),
                channel=env["agi_channel"],
                linkedid=env["agi_uniqueid"],
                number=number,
                name=name,
                dialled=dialled,
                since=now,
                rules=decision.rules,
                vip=decision.vip,
                priority=decision.priority,
                ends_as=ends_as,
            ),
        )
        if decision.denied and decision.target.kind == "hangup":
            self._ended(visit, "denied", Result.DENIED)
            await self._send(line, "deny")
            return
        heard = self._parts.line(line, tenant)
        if not decision.denied:
            await self._tell_incidents(visit, heard)
        await self._go(line, heard, visit, decision.target, ends_as)

    async def _tell_incidents(self, visit: Visit, line: Line) -> None:
        for incident in self._parts.incidents(visit.tenant, visit.number):
            await line.answer()
            prompts = [incident.prompt, "incident-offer"] if incident.offer else [incident.prompt]
            digit = await line.play(prompts, language="zh", escape="1" if incident.offer else "")
            if incident.offer and not digit:
                digit = await line.digit(4.0)
            self._parts.heard(visit.tenant, incident, visit.call, visit.number, digit == "1")

    async def _go(self, line: AgiLine, heard: Line, visit: Visit, target: Target, ends_as: str = "") -> None:
        """Lead the caller to what an entry decided."""
        match target.kind:
            case "flow":
                await self._walk(line, heard, visit, visit.flows.get(target.name), target.name, ends_as)
            case "queue":
                await self._join(line, visit, QueueName(target.name))
            case "agent":
                await self._join(line, visit, personal(AgentNo(target.name)))
            case "number":
                await self._dial(line, visit, target.name, "", 45, ends_as)
            case "message":
                await heard.answer()
                await heard.play([target.name], language="zh")
                self._ended(visit, str(target), ends_as)
                await self._send(line, "hangup")
            case _:
                self._ended(visit, str(target), ends_as)
                await self._send(line, "hangup")

    # --- flows ---

    async def _walk(
        self, line: AgiLine, heard: Line, visit: Visit, flow: Flow | None, name: str, ends_as: str = ""
    ) -> None:
        if flow is None:
            log.error("call %s: there is no published flow %s; the caller goes to the safe queue", visit.call, name)
            return
        found = await run(flow, visit.caller, heard, self._ports(visit))
        await self._follow(line, heard, visit, found, ends_as)

    def _ports(self, visit: Visit) -> Ports:
        def stepped(step: out.Step) -> None:
            self._post(
                visit,
                ev.FlowStepped(
                    at=step.at,
                    call=visit.call,
                    flow=step.flow,
                    version=step.version,
                    node=step.node,
                    kind=step.type,
                    exit=step.exit,
                    digits=step.digits,
                ),
            )

        def left(message: out.Message) -> None:
            self._parts.message_left(visit.tenant, visit.caller, message.node, message)

        ports = self._parts.ports(visit.tenant)
        return replace(ports, flow=visit.flows.get, on_step=stepped, on_message=left)

    async def _follow(self, line: AgiLine, heard: Line, visit: Visit, found: out.Outcome, ends_as: str = "") -> None:
        """Do what a flow has come to."""
        caller = replace(visit.caller, language=found.language)
        match found.end:
            case out.ToQueue(queue=queue, skills=skills, priority=priority):
                self._ended(visit, f"queue:{queue}", "", found, skills, priority)
                await self._send(line, "queue", queue)
            case out.ToAgent(agent=agent):
                if found.otherwise is not None:
                    self._unfinished[visit.call] = found
                self._ended(visit, f"agent:{agent}", "", found)
                await self._send(line, "queue", personal(agent))
            case out.ToNumber(number=number, seconds=seconds):
                if found.otherwise is not None:
                    self._unfinished[visit.call] = found
                otherwise = OTHERWISE if found.otherwise is not None else ""
                await self._dial(line, visit, number, otherwise, seconds, ends_as, found)
            case out.Voicemail(box=box):
                await self._take_message(line, heard, visit, box, found, ends_as)
            case out.Callback() as wish:
                self._ended(visit, "callback", Result.CALLBACK, found)
                self._parts.call_back(visit.tenant, caller, wish, visit.since)
                await self._send(line, "hangup")
            case out.HangUp(cause=cause):
                self._ended(visit, "hangup", ends_as or (Result.VOICEMAIL if found.messages else ""), found)
                await self._send(line, CAUSES.get(cause, "hangup"))
            case out.Broken(why=why):
                log.error("call %s: flow %s is broken: %s", visit.call, found.flow.name, why)
            case out.Left():
                pass

    async def _dial(
        self,
        line: AgiLine,
        visit: Visit,
        number: str,
        otherwise: str,
        seconds: int,
        ends_as: str = "",
        found: out.Outcome | None = None,
    ) -> None:
        """Send the caller on to the outside world, if the rules of dialling allow it."""
        why = self._parts.may_dial(visit.tenant, number)
        if why is not None:
            log.warning("call %s: its flow may not dial: %s", visit.call, why)
            self._ended(visit, "refused", ends_as, found)
            await self._send(line, "hangup")
            return
        self._ended(visit, "number", ends_as or Result.FORWARDED, found)
        await line.set_variable("CTI_ELSE", otherwise)
        await line.set_variable("CTI_SECONDS", str(seconds))
        await self._send(line, "number", number)

    async def _take_message(
        self, line: AgiLine, heard: Line, visit: Visit, box: str, found: out.Outcome | None, ends_as: str = ""
    ) -> None:
        language = "zh" if found is None else found.language
        caller = replace(visit.caller, language=language)
        at = self._parts.now()
        name = f"{visit.call}-{at}"

        def left(seconds: float) -> None:
            if seconds >= 1:
                message = out.Message(name=name, node=box, seconds=seconds, at=at)
                self._parts.message_left(visit.tenant, caller, box, message)

        self._ended(visit, f"voicemail:{box}", ends_as or Result.VOICEMAIL, found)
        await heard.answer()
        await heard.play(["voicemail"], language=language)
        self._post(visit, ev.VoicemailBegan(at=self._parts.now(), call=visit.call))
        try:
            message = await heard.record(name, seconds=MESSAGE_SECONDS, stop_at="#", silence=MESSAGE_SILENCE)
        except HungUp as gone:
            left(gone.recorded)
            raise
        left(message.seconds)
        await heard.play(["voicemail-saved"], language=language)
        await self._send(line, "hangup")

    # --- from within: a queue or an unanswered number sends the caller here ---

    async def _again(self, line: AgiLine) -> None:
        visit = await self._known(line)
        heard = self._parts.line(line, visit.tenant)
        wanted = await line.get_variable("CTI_ELSE") or await line.get_variable("CTI_ARG")
        unfinished = self._unfinished.pop(visit.call, None)
        if wanted == OTHERWISE:
            if unfinished is None or unfinished.otherwise is None:
                return  # a restart forgot where the flow was; the safe queue takes the caller
            caller = replace(
                visit.caller,
                language=unfinished.language,
                variables=unfinished.variables,
                secrets=unfinished.secrets,
            )
            ports = self._ports(visit)
            found = await run(unfinished.flow, caller, heard, ports, at=unfinished.otherwise)
            await self._follow(line, heard, visit, found)
            return
        try:
            target = overflow_target(wanted)
        except BadRequest as bad:
            log.warning("call %s: %s", visit.call, bad.message)
            return
        match target.kind:
            case "flow":
                await self._walk(line, heard, visit, visit.flows.get(target.name), target.name)
            case "voicemail":
                await self._take_message(line, heard, visit, target.name, None)
            case "callback":
                await self._offer_callback(line, heard, visit)
            case "agent":
                await self._join(line, visit, personal(AgentNo(target.name)))
            case _:
                await self._send(line, "hangup")

    async def _offer_callback(self, line: AgiLine, heard: Line, visit: Visit) -> None:
        """The queue offers to call back instead of waiting; whoever declines waits on, with the old place."""
        queue = QueueName(await line.get_variable("CTI_QUEUE"))
        digit = await heard.play(["callback-offer"], language="zh", escape="1")
        if not digit:
            digit = await heard.digit(4.0)
        if digit != "1":
            await self._send(line, "queue", queue)
            return
        await heard.play(["callback-accepted"], language="zh")
        self._ended(visit, "callback", Result.CALLBACK)
        wish = out.Callback(queue=queue, number=visit.number)
        self._parts.call_back(visit.tenant, visit.caller, wish, visit.since)
        await self._send(line, "hangup")

    # --- after the talk ---

    async def _after(self, line: AgiLine) -> None:
        visit = await self._known(line)
        flow = visit.flows.get(await line.get_variable("CTI_SURVEY"))
        if flow is None:
            return
        heard = self._parts.line(line, visit.tenant)
        given = 0

        def answered(answer: out.Answer) -> None:
            nonlocal given
            given += 1
            deciding = given == 1 and answer.value.isdecimal() and int(answer.value) <= SURVEY_MOST
            self._post(
                visit,
                ev.SurveyAnswered(
                    at=answer.at,
                    call=visit.call,
                    question=answer.question,
                    answer=answer.value,
                    score=int(answer.value) if deciding else None,
                ),
            )

        self._post(visit, ev.SurveyDue(at=self._parts.now(), call=visit.call))
        found = await run(flow, visit.caller, heard, replace(self._ports(visit), on_answer=answered))
        if not isinstance(found.end, out.Left):
            typed = any(step.type == "survey" and step.digits for step in found.path)
            result = "answered" if given else "refused" if typed else "silent"
            self._post(visit, ev.SurveyEnded(at=self._parts.now(), call=visit.call, result=result))
            await self._send(line, "hangup")

    # --- small things ---

    async def _known(self, line: AgiLine) -> Visit:
        """A caller who is in a call already."""
        tenant = TenantId(await line.get_variable("CTI_TENANT"))
        if tenant not in self._tenants():
            raise LineGone(f"nobody knows tenant {tenant[:40]}")
        return Visit(
            tenant,
            CallId(await line.get_variable("CTI_CALLID")),
            written(line.env.get("agi_callerid", "")),
            await line.get_variable("CALLERID(name)"),
            await line.get_variable("CTI_DIALLED"),
            self._parts.flows(tenant),
            self._parts.now(),
        )

    async def _join(self, line: AgiLine, visit: Visit, queue: QueueName) -> None:
        self._ended(visit, f"queue:{queue}", "")
        await self._send(line, "queue", queue)

    async def _send(self, line: AgiLine, way: str, whom: str = "") -> None:
        """Say where the dialplan goes on."""
        await line.set_variable("CTI_ARG", whom)
        await line.set_variable("CTI_NEXT", way)

    def _ended(
        self,
        visit: Visit,
        outcome: str,
        ends_as: str,
        found: out.Outcome | None = None,
        skills: Mapping[str, int] | None = None,
        priority: int = 0,
    ) -> None:
        self._post(
            visit,
            ev.FlowEnded(
                at=self._parts.now(),
                call=visit.call,
                outcome=outcome,
                ends_as=str(ends_as),
                language="" if found is None else found.language,
                data={} if found is None else dict(found.variables),
                skills=dict(skills or {}),
                priority=priority,
            ),
        )

    def _post(self, visit: Visit, event: ev.Event) -> None:
        self._parts.post(event, visit.tenant)
