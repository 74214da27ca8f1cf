/** The life of a screen pop: asked for before the phone rings, moved on by the call's events, closed with a reason. */

import { ms } from "@/lib/clock";
import type { Agent, CallBrief, Contact, PopRequest, Work } from "@/lib/shapes";

import { stageOf, type Board, type Pop, type Stage } from "./model";

const ATTENDING: Partial<Record<Work, Stage>> = { ringing: "ringing", talking: "talking", consulting: "talking", held: "held" };

/** Somebody calls me, or I am to call somebody back, and I have not answered yet; not so a number that I dialled myself. */
export const calls = (pop: Pop): boolean =>
  pop.stage === "offered" || pop.stage === "ringing" || (pop.stage === "dialling" && pop.seq !== null && pop.answeredAt === null);

/** `screen_pop.requested`: before the phone rings. */
export function open(board: Board, request: PopRequest, call: string, at: number, seq: number): void {
  board.pops.delete(rebuiltKey(call));
  board.pops.set(request.offer, {
    key: request.offer,
    seq,
    call,
    caller: request.caller,
    vip: request.vip,
    list: request.list,
    queue: request.queue,
    queueTitle: request.queue_title || request.queue,
    contacts: request.contacts ?? [],
    url: request.url,
    stage: "offered",
    stageSince: at,
    waitedFrom: at - (request.waited ?? 0) * 1000,
    answeredAt: null,
    ended: null,
  });
}

export function addContacts(board: Board, offer: string, contacts: Contact[]): void {
  const pop = board.pops.get(offer);
  if (pop) board.pops.set(offer, { ...pop, contacts });
}

export function close(board: Board, offer: string, why: string, at: number): void {
  const pop = board.pops.get(offer);
  if (pop) board.pops.set(offer, ended(pop, why, at));
}

/** Bring the pop of a call to where the call is. A call of mine without a pop gets one: the page was opened in mid-call. */
export function follow(board: Board, call: CallBrief): void {
  const stage = stageOf(call.state);
  const mine = call.agent_no !== null && call.agent_no === board.me;
  const pop = openPop(board, call.id);
  if (!mine || stage === null || stage === "ended") return;
  const since = ms(call.state_since) ?? 0;
  if (!pop) return void board.pops.set(rebuiltKey(call.id), rebuilt(call, stage, since));
  board.pops.set(pop.key, { ...pop, stage, stageSince: since, answeredAt: ms(call.answered_at) });
}

/** I was asked, or brought into a conference: the call stays another's, and what I do in it says where my card is. */
export function attend(board: Board, agent: Agent): void {
  const pop = agent.call === null ? undefined : openPop(board, agent.call);
  const stage = ATTENDING[agent.work];
  if (!pop || !stage || board.calls.get(pop.call)?.agent_no === board.me || pop.stage === stage) return;
  const since = ms(agent.work_since) ?? 0;
  board.pops.set(pop.key, { ...pop, stage, stageSince: since, answeredAt: pop.answeredAt ?? (stage === "ringing" ? null : since) });
}

/** My part in this call is over; the pop's own `closed` may have said so already, more exactly. */
export function leave(board: Board, call: string, why: string, at: number): void {
  const pop = openPop(board, call);
  if (pop) board.pops.set(pop.key, ended(pop, why, at));
}

/** What a call came to is still to be said, and the page was opened after it: without a card nobody could say it. */
export function owe(board: Board, call: CallBrief): void {
  if ([...board.pops.values()].some((pop) => pop.call === call.id)) return;
  const at = ms(call.ended_at) ?? ms(call.state_since) ?? 0;
  const pop = rebuilt(call, "ended", at);
  board.pops.set(pop.key, { ...pop, answeredAt: pop.answeredAt ?? at, ended: { at, why: call.result ?? "ended" } });
}

/** After a snapshot: pops of calls that are no longer mine have ended while nobody told us. */
export function settle(board: Board, now: number): void {
  const mine = board.me === null ? null : (board.agents.get(board.me)?.call ?? null);
  for (const pop of [...board.pops.values()]) {
    if (pop.call === mine) continue;
    const call = board.calls.get(pop.call);
    if (pop.ended === null && (!call || call.gone || call.agent_no !== board.me)) leave(board, pop.call, "ended", now);
  }
}

function openPop(board: Board, call: string): Pop | undefined {
  for (const pop of board.pops.values()) if (pop.call === call && pop.ended === null) return pop;
  return undefined;
}

function ended(pop: Pop, why: string, at: number): Pop {
  return pop.ended ? { ...pop, ended: { ...pop.ended, why } } : { ...pop, stage: "ended", stageSince: at, ended: { at, why } };
}

const rebuiltKey = (call: string): string => `call:${call}`;

function rebuilt(call: CallBrief, stage: Stage, since: number): Pop {
  return {
    key: rebuiltKey(call.id),
    seq: null,
    call: call.id,
    caller: { number: call.number, name: call.name },
    vip: call.vip,
    list: null,
    queue: call.queue,
    queueTitle: "",
    contacts: [],
    url: null,
    stage,
    stageSince: since,
    waitedFrom: call.direction === "outbound" ? null : ms(call.queued_at),
    answeredAt: ms(call.answered_at),
    ended: null,
  };
}
