/** Folds snapshots and events into the board. Everything arrives in order and once; the stream client sees to that. */

import { ms } from "@/lib/clock";
import type { Agent, CallBrief, Contact, PopRequest, Queue, Supervision } from "@/lib/shapes";
import type { EventFrame, Snapshot } from "@/lib/stream/frames";

import type { Board, CallRow } from "./model";
import * as pops from "./pops";
import { forgetWatchers, talkNews } from "./talks";

/** How long an ended call stays readable. */
export const LINGER_MS = 6_000;
/** How long the card of an ended call stays, once after-call work is over. */
const POP_LINGER_MS = 10_000;

/** A snapshot replaces what was known of its topics. My own record comes last: colleagues' view of me has no call. */
export function applySnapshot(board: Board, snapshot: Snapshot, now: number): void {
  const topics = Object.keys(snapshot).sort((a, b) => Number(a === "agent:me") - Number(b === "agent:me"));
  for (const topic of topics) {
    const value = snapshot[topic];
    if (topic.startsWith("agent:")) fill(board.agents, topic === "agent:*", list<Agent>(value), (agent) => agent.agent_no);
    else if (topic.startsWith("queue:")) fill(board.queues, topic === "queue:*", list<Queue>(value), (queue) => queue.name);
    else if (topic.startsWith("calls:")) fillCalls(board, list<CallBrief>(value), now);
  }
}

export function applyEvent(board: Board, event: EventFrame): void {
  const at = ms(event.at) ?? 0;
  const data = (event.data ?? {}) as Partial<Agent & Queue & CallNews>;
  if (event.type === "agent.updated" && data.agent_no) agentNews(board, data as Agent);
  else if (event.type === "queue.updated" && data.name) board.queues.set(data.name, data as Queue);
  else if (event.type.startsWith("call.") && data.id) callNews(board, event.type, data as CallNews, at);
  else if (event.type.startsWith("supervision.")) watchNews(board, event.type, event.data as (Supervision & { result?: string }) | null, event.at);
  else if (event.type.startsWith("screen_pop.")) popNews(board, event, at);
  else if (event.type === "pbx.link_down") board.pbx.down = { since: at, reason: (event.data as { reason?: string })?.reason ?? "" };
  else if (event.type === "pbx.link_up") board.pbx.down = null;
}

/** Topics that ended: what they showed would freeze, so it goes. */
export function forget(board: Board, topics: string[]): void {
  for (const topic of topics) {
    if (topic === "agent:*") for (const no of [...board.agents.keys()]) if (no !== board.me) board.agents.delete(no);
    if (topic === "queue:*") board.queues.clear();
    if (topic.startsWith("queue:")) board.queues.delete(topic.slice("queue:".length));
    if (topic.startsWith("calls:")) board.calls.clear();
  }
}

/** Let what has been over for a while go, but for cards that after-call work still needs, or will when it goes on. */
export function purge(board: Board, now: number): void {
  const own = board.me === null ? undefined : board.agents.get(board.me);
  const wrappingUp = own?.acw_until != null;
  for (const [id, call] of [...board.calls]) if (call.gone && now - call.gone.at > LINGER_MS) board.calls.delete(id);
  for (const [key, pop] of [...board.pops]) {
    if (!pop.ended || pop.ended.why === "no_answer" || now - pop.ended.at <= POP_LINGER_MS) continue;
    if (!(wrappingUp && pop.answeredAt !== null) && pop.call !== own?.disposition_due) board.pops.delete(key);
  }
}

function agentNews(board: Board, agent: Agent): void {
  board.agents.set(agent.agent_no, agent);
  if (agent.agent_no === board.me) pops.attend(board, agent);
}

type CallNews = CallBrief & { offer?: { agent_no: string; result: string | null } };

function callNews(board: Board, type: string, call: CallNews, at: number): void {
  if (type === "call.left") return callLeft(board, call, at);
  if (type === "call.disposition_said") return; // may come days later, and moves nothing
  talkNews(board, type, call.id, call as Parameters<typeof talkNews>[3]);
  const left = endOfMyPart(board, type, call);
  pops.follow(board, call);
  if (left !== null) pops.leave(board, call.id, left, at);
  const row = board.calls.get(call.id);
  const others = board.ownCallsOnly && call.agent_no !== board.me;
  if (others && !row) return;
  const over = call.state === "ended" ? (call.result ?? "ended") : others ? left : board.ownCallsOnly && call.state === "survey" ? "ended" : null;
  board.calls.set(call.id, { ...plain(call), gone: over !== null ? { at, why: over } : others ? (row?.gone ?? null) : null });
}

/** In `call.left` the agent named is the one who left, and the call itself may go on. */
function callLeft(board: Board, call: CallNews, at: number): void {
  if (call.agent_no !== board.me) return talkNews(board, "call.left", call.id, {});
  pops.leave(board, call.id, "ended", at);
  board.talks.delete(call.id);
  forgetWatchers(board, call.id);
  const row = board.calls.get(call.id);
  if (row && board.ownCallsOnly) board.calls.set(call.id, { ...row, gone: { at, why: "ended" } });
}

/** Why my part in this call ended with this event; null when it did not. */
function endOfMyPart(board: Board, type: string, call: CallNews): string | null {
  if (type === "call.offer_ended" && call.offer?.agent_no === board.me && call.offer?.result !== "accepted") {
    return call.offer?.result ?? "cancelled";
  }
  if (call.state === "ended") return call.answered_at === null ? (call.result ?? "ended") : "ended";
  return board.calls.get(call.id)?.agent_no === board.me && call.agent_no !== board.me ? "ended" : null;
}

function popNews(board: Board, event: EventFrame, at: number): void {
  const data = event.data as { offer: string; agent_no: string } | null;
  if (!data?.offer || data.agent_no !== board.me) return;
  if (event.type === "screen_pop.requested") pops.open(board, data as PopRequest, event.call ?? "", at, event.seq);
  else if (event.type === "screen_pop.updated") pops.addContacts(board, data.offer, (data as { contacts?: Contact[] }).contacts ?? []);
  else if (event.type === "screen_pop.closed") pops.close(board, data.offer, (data as { why?: string }).why ?? "ended", at);
}

/** My own supervision; and who listens to me, which comes only where the tenant has it told. */
function watchNews(board: Board, type: string, watch: (Supervision & { result?: string }) | null, at: string): void {
  if (!watch) return;
  if (watch.supervisor !== board.me) return watchedNews(board, type, watch);
  if (type !== "supervision.ended") return void (board.watch.now = watch);
  if (board.watch.now?.call === watch.call) board.watch.now = null;
  const call = board.calls.get(watch.call);
  if (watch.result !== "intercepted" || !call) return;
  const mine: CallRow = { ...call, agent_no: board.me, state: "talking", state_since: at };
  board.calls.set(call.id, mine);
  pops.follow(board, mine);
}

function watchedNews(board: Board, type: string, watch: Supervision): void {
  const key = `${watch.call} ${watch.supervisor}`;
  if (type === "supervision.ended" || watch.heard !== board.me) board.watchers.delete(key);
  else board.watchers.set(key, watch);
}

function fillCalls(board: Board, calls: CallBrief[], now: number): void {
  board.calls.clear();
  for (const call of calls) {
    if (call.state === "ended" || (board.ownCallsOnly && call.agent_no !== board.me)) continue;
    board.calls.set(call.id, { ...plain(call), gone: null });
    pops.follow(board, call);
  }
  pops.settle(board, now);
}

function fill<T>(into: Map<string, T>, whole: boolean, values: T[], key: (value: T) => string): void {
  if (whole) into.clear();
  for (const value of values) into.set(key(value), value);
}

/** A topic's snapshot is one record or a list of them. */
function list<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : value ? [value as T] : [];
}

function plain(call: CallNews): CallBrief {
  const { offer: _, ...brief } = call;
  return brief;
}
