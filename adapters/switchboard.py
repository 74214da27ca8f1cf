"""Who comes in at the FastAGI door: asks where the call leads, runs its flow, and tells the dialplan where it goes on.

What is decided is decided in `cti`; here it is brought together for one caller at a time, each in a task of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.failures import HungUp as LineGone
from adapters.asterisk.numbers import written
from adapters.visits import LANGUAGE, Parts, Visit
from cti import events as ev
from cti.control.dialling import Diallable, Way
from cti.errors import BadRequest, RefusedByPolicy
from cti.ids import AgentNo, CallId, LegId, QueueName, TenantId
from cti.ivr import outcome as out
from cti.ivr.flow import Flow
from cti.ivr.line import HungUp, Line
from cti.ivr.ports import Ports
from cti.ivr.run import run
from cti.masking import masked
from cti.personal import OTHERWISE, personal, sender
from cti.records import Result
from cti.targets import OVERFLOWS, Target, target

log = logging.getLogger(__name__)

MESSAGE_SECONDS: Final = 180.0
MESSAGE_SILENCE: Final = 5.0
MESSAGE_LEAST: Final = 1.0
NUMBER_SECONDS: Final = 45
SURVEY_MOST: Final = 9
CAUSES: Final = {"busy": "busy", "rejected": "deny", "unallocated": "unknown"}


class Switchboard:
    def __init__(self, parts: Parts, tenants: Callable[[], list[TenantId]]) -> None:
        self._parts = parts
        self._tenants = tenants
        self._secrets: dict[tuple[TenantId, CallId], Mapping[str, str]] = {}
        """What flows that may go on know and the record does not: after a restart it is to be asked for again."""

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
        visit = Visit(tenant, call, number, name, dialled, self._parts.flows(tenant))
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
            await self._tell_incidents(visit, heard, decision.target)
        await self._go(line, heard, visit, decision.target, ends_as)

    async def _tell_incidents(self, visit: Visit, line: Line, to: Target) -> None:
        """In the language of the flow that follows. Whoever hangs up on hearing it has heard it."""
        flow = visit.flows.get(to.name) if to.kind == "flow" else None
        language = LANGUAGE if flow is None else flow.language
        for incident in self._parts.incidents(visit.tenant, visit.number):
            await line.answer()
            prompts = [incident.prompt, "incident-offer"] if incident.offer else [incident.prompt]
            try:
                digit = await line.play(prompts, language=language, escape="1" if incident.offer else "")
                if incident.offer and not digit:
                    digit = await line.digit(4.0)
            except HungUp:
                self._parts.heard_of(visit.tenant, incident, visit.call, visit.number, False)
                raise
            self._parts.heard_of(visit.tenant, incident, visit.call, visit.number, digit == "1")

    async def _go(self, line: AgiLine, heard: Line, visit: Visit, target: Target, ends_as: str = "") -> None:
        """Lead the caller to what an entry decided."""
        match target.kind:
            case "flow":
                await self._walk(line, heard, visit, visit.flows.get(target.name), target.name, ends_as)
            case "queue":
                await self._join(line, visit, QueueName(target.name), ends_as)
            case "agent":
                await self._join(line, visit, personal(AgentNo(target.name)), ends_as)
            case "extension":
                await self._ring(line, visit, target.name, ends_as)
            case "number":
                await self._dial(line, heard, visit, out.ToNumber(number=target.name, seconds=NUMBER_SECONDS), ends_as)
            case "message":
                await heard.answer()
                await heard.play([target.name], language=visit.language)
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
            log.error("call %s: there is no published flow %s", visit.call, name)
            await self._give_up(line, ends_as)
            return
        found = await run(flow, visit.caller, heard, self._ports(visit))
        await self._follow(line, heard, visit, found, ends_as)

    async def _go_on(
        self, line: AgiLine, heard: Line, visit: Visit, flow: Flow, node: str, caller: out.Caller, ends_as: str = ""
    ) -> None:
        """Nobody answered where a flow sent its caller: on in the flow."""
        found = await run(flow, caller, heard, self._ports(visit), at=node)
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

        def empty(message: out.Message) -> None:
            self._parts.message_dropped(message.name)

        ports = self._parts.ports(visit.tenant)
        return replace(ports, flow=visit.flows.get, on_step=stepped, on_message=left, on_empty=empty)

    async def _follow(self, line: AgiLine, heard: Line, visit: Visit, found: out.Outcome, ends_as: str = "") -> None:
        """Do what a flow has come to."""
        match found.end:
            case out.ToQueue(queue=queue, skills=skills, priority=priority):
                self._ended(visit, f"queue:{queue}", ends_as, found, skills=dict(skills), priority=priority)
                await self._send(line, "queue", queue)
            case out.ToAgent(agent=agent, seconds=seconds):
                self._remember(visit, found)
                self._ended(visit, f"agent:{agent}", ends_as, found, seconds=seconds)
                await self._send(line, "queue", personal(agent))
            case out.ToNumber() as wish:
                self._remember(visit, found)
                await self._dial(line, heard, visit, wish, ends_as, found)
            case out.Voicemail(box=box):
                await self._take_message(line, heard, visit, box, found, ends_as)
            case out.Callback(queue=queue, number=number, priority=priority):
                self._ended(visit, "callback", Result.CALLBACK, found)
                self._call_back(visit, queue, number, priority)
                await self._send(line, "hangup")
            case out.HangUp(cause=cause):
                self._ended(visit, "hangup", ends_as or (Result.VOICEMAIL if found.messages else ""), found)
                await self._send(line, CAUSES.get(cause, "hangup"))
            case out.Broken(why=why):
                log.error("call %s: flow %s is broken: %s", visit.call, found.flow.name, why)
                await self._give_up(line, ends_as)
            case out.Left():
                if found.messages:  # to hang up is how most people end a message
                    self._ended(visit, "left", ends_as or Result.VOICEMAIL, found)

    def _remember(self, visit: Visit, found: out.Outcome) -> None:
        """Should nobody answer: what the record does not hold, for as long as the call is up."""
        self._secrets = {key: one for key, one in self._secrets.items() if self._parts.story(*key) is not None}
        if found.otherwise is not None and found.secrets:
            self._secrets[visit.tenant, visit.call] = found.secrets

    async def _dial(
        self,
        line: AgiLine,
        heard: Line,
        visit: Visit,
        wish: out.ToNumber,
        ends_as: str = "",
        found: out.Outcome | None = None,
    ) -> None:
        """Send the caller on to the outside world, if the rules of dialling allow it; else as if nobody answered."""
        otherwise = None if found is None else found.otherwise
        try:
            digits = self._parts.diallable(visit.tenant, wish.number)
            way = self._way(visit, wish.caller_id)
        except RefusedByPolicy as refusal:
            log.warning("call %s: not dialled: %s", visit.call, refusal.message)
            if found is not None and otherwise is not None:
                caller = replace(
                    visit.caller, language=found.language, variables=found.variables, secrets=found.secrets
                )
                await self._go_on(line, heard, visit, found.flow, otherwise, caller, ends_as)
                return
            self._ended(visit, "refused", ends_as, found)
            await self._give_up(line, ends_as)
            return
        self._ended(visit, "number", ends_as or Result.FORWARDED, found)
        await line.set_variable("CTI_ELSE", "" if otherwise is None else OTHERWISE)
        await line.set_variable("CTI_SECONDS", str(wish.seconds))
        await line.set_variable("CTI_SHOWN", way.shown)
        await line.set_variable("CTI_TRUNK", way.trunk)
        await self._send_out(line, digits)

    async def _ring(self, line: AgiLine, visit: Visit, extension: str, ends_as: str) -> None:
        """Send the caller on to a phone of ours, whoever sits there and whatever they are doing."""
        hidden = not self._parts.shows_numbers(visit.tenant, extension)
        self._ended(visit, f"extension:{extension}", ends_as or Result.FORWARDED)
        await line.set_variable("CTI_ELSE", "" if ends_as else OTHERWISE)
        await line.set_variable("CTI_SECONDS", str(NUMBER_SECONDS))
        await line.set_variable("CTI_SHOWN", masked(visit.number) if hidden else "")
        await self._send(line, "phone", extension)

    def _way(self, visit: Visit, caller_id: str) -> Way:
        try:
            return self._parts.way(visit.tenant, caller_id)
        except RefusedByPolicy as refusal:
            log.warning("call %s: %s", visit.call, refusal.message)
            return self._parts.way(visit.tenant, "")

    async def _take_message(
        self, line: AgiLine, heard: Line, visit: Visit, box: str, found: out.Outcome | None = None, ends_as: str = ""
    ) -> None:
        language = visit.language if found is None else found.language
        caller = replace(visit.caller, language=language)
        at = self._parts.now()
        name = f"{visit.call}-{at}"

        def left(seconds: float) -> bool:
            if seconds >= MESSAGE_LEAST:
                message = out.Message(name=name, node=box, seconds=seconds, at=at)
                self._parts.message_left(visit.tenant, caller, box, message)
            else:
                self._parts.message_dropped(name)
            return seconds >= MESSAGE_LEAST

        self._ended(visit, f"voicemail:{box}", ends_as, found)
        await heard.answer()
        await heard.play(["voicemail"], language=language)
        self._post(visit, ev.VoicemailBegan(at=self._parts.now(), call=visit.call))
        try:
            message = await heard.record(name, seconds=MESSAGE_SECONDS, stop_at="#", silence=MESSAGE_SILENCE)
        except HungUp as gone:
            left(gone.recorded)
            raise
        if left(message.seconds):
            await heard.play(["voicemail-saved"], language=language)
        else:
            self._ended(visit, "voicemail: nothing was said", ends_as, found)
            await heard.play(["voicemail-empty"], language=language)
        await self._send(line, "hangup")

    # --- from within: a queue or an unanswered number sends the caller here ---

    async def _again(self, line: AgiLine) -> None:
        visit = await self._known(line)
        heard = self._parts.line(line, visit.tenant)
        wanted = await line.get_variable("CTI_ELSE") or await line.get_variable("CTI_ARG")
        if wanted == OTHERWISE:
            await self._unanswered(line, heard, visit)
            return
        try:
            where = target(wanted, OVERFLOWS)
        except BadRequest as bad:
            log.warning("call %s: %s", visit.call, bad.message)
            return
        ends_as = Result.OVERFLOWED.value
        match where.kind:
            case "flow":
                await self._walk(line, heard, visit, visit.flows.get(where.name), where.name)
            case "voicemail":
                await self._take_message(line, heard, visit, where.name, ends_as=ends_as)
            case "callback":
                await self._offer_callback(line, heard, visit)
            case "agent":
                await self._join(line, visit, personal(AgentNo(where.name)))
            case _:
                await self._send(line, "hangup")

    async def _unanswered(self, line: AgiLine, heard: Line, visit: Visit) -> None:
        """Nobody answered: back to the queue whose rule had sent the caller, on in the flow that had, or else to where
        the number leads whoever is on no list. What is left goes to the safe queue."""
        story = visit.story
        queue = None if story is None else sender(story)
        ends_as = Result.DENIED.value if story is not None and story.journey.ends_as == Result.DENIED else ""
        if queue is not None:
            await self._join(line, visit, queue, ends_as)
        elif (unfinished := visit.unfinished()) is not None:
            secrets = self._secrets.pop((visit.tenant, visit.call), {})
            caller = replace(visit.caller, variables=visit.variables(), secrets=secrets)
            await self._go_on(line, heard, visit, *unfinished, caller, ends_as)
        elif ends_as:
            await self._send(line, "hangup")
        else:
            anybody = self._parts.decide(visit.dialled, visit.number, self._parts.now(), lists=False)
            if anybody is not None and anybody[1].target.kind not in ("agent", "extension"):
                await self._go(line, heard, visit, anybody[1].target)

    async def _offer_callback(self, line: AgiLine, heard: Line, visit: Visit) -> None:
        """The queue offers to call back instead of waiting; whoever declines waits on, with the old place."""
        queue = QueueName(await line.get_variable("CTI_QUEUE"))
        if not self._can_be_called(visit):
            await self._send(line, "queue", queue)
            return
        digit = await heard.play(["callback-offer"], language=visit.language, escape="12")
        if not digit:
            digit = await heard.digit(4.0)
        if digit != "1":
            await self._send(line, "queue", queue)
            return
        self._ended(visit, "callback", Result.CALLBACK)
        self._call_back(visit, queue, visit.number)
        with suppress(HungUp):  # what was promised holds, also for those who do not hear us out
            await heard.play(["callback-accepted"], language=visit.language)
        await self._send(line, "hangup")

    def _can_be_called(self, visit: Visit) -> bool:
        with suppress(RefusedByPolicy):
            return bool(self._parts.diallable(visit.tenant, visit.number))
        return False

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
        """A caller who is in a call already, and hears flows in the versions that this call has met."""
        tenant = TenantId(await line.get_variable("CTI_TENANT"))
        if tenant not in self._tenants():
            raise LineGone(f"nobody knows tenant {tenant[:40]}")
        call = CallId(await line.get_variable("CTI_CALLID"))
        story, flows = self._parts.story(tenant, call), self._parts.flows(tenant)
        met = {} if story is None else {step.flow: step.version for step in story.journey.path}
        older = [(name, n) for name, n in met.items() if name not in flows or flows[name].version != n]
        if older:
            flows = {**flows, **await self._parts.versions(tenant, older)}
        number = written(line.env.get("agi_callerid", "")) if story is None else story.number
        name = await line.get_variable("CALLERID(name)")
        return Visit(tenant, call, number, name, await line.get_variable("CTI_DIALLED"), flows, story)

    async def _join(self, line: AgiLine, visit: Visit, queue: QueueName, ends_as: str = "") -> None:
        self._ended(visit, f"queue:{queue}", ends_as)
        await self._send(line, "queue", queue)

    async def _give_up(self, line: AgiLine, ends_as: str) -> None:
        """Told nothing, the dialplan takes the caller to the safe queue; that is not for those who are denied."""
        if ends_as:
            await self._send(line, "hangup")

    async def _send_out(self, line: AgiLine, number: Diallable) -> None:
        """The one way from here to the outside world."""
        await self._send(line, "number", number)

    async def _send(self, line: AgiLine, way: str, whom: str = "") -> None:
        """Say where the dialplan goes on."""
        await line.set_variable("CTI_ARG", whom)
        await line.set_variable("CTI_NEXT", way)

    def _call_back(self, visit: Visit, queue: QueueName, number: str, priority: int = 0) -> None:
        now = self._parts.now()
        self._post(
            visit,
            ev.CallbackAsked(
                at=now,
                call=CallId(f"{visit.call}-cb"),
                source=visit.call,
                queue=queue,
                number=number,
                name=visit.name,
                since=now,
                priority=priority,
            ),
        )

    def _ended(self, visit: Visit, outcome: str, ends_as: str, found: out.Outcome | None = None, **more: Any) -> None:
        self._post(
            visit,
            ev.FlowEnded(
                at=self._parts.now(),
                call=visit.call,
                outcome=outcome,
                ends_as=str(ends_as),
                language="" if found is None else found.language,
                data={} if found is None else dict(found.variables),
                **more,
            ),
        )

    def _post(self, visit: Visit, event: ev.Event) -> None:
        self._parts.post(event, visit.tenant)
