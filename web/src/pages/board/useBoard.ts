/** Joins one stream to one board for as long as the page is open, and hands the rest of the page what it may do. */

import { computed, inject, nextTick, onScopeDispose, provide, shallowReactive, shallowRef, type ComputedRef, type InjectionKey, type ShallowRef } from "vue";

import { Problem, request } from "@/lib/api";
import { ms } from "@/lib/clock";
import { beat, clock, now } from "@/lib/now";
import { watches, type Me } from "@/lib/session";
import type { Agent, CallRecord } from "@/lib/shapes";
import { Stream, type Link } from "@/lib/stream/client";
import { CommandRefused } from "@/lib/stream/commands";
import type { EventFrame } from "@/lib/stream/frames";

import { emptyBoard, type Board } from "./model";
import { owe } from "./pops";
import { applyEvent, applySnapshot, forget, purge } from "./reduce";
import { restore } from "./talks";
import { openSoftphone, type Phone } from "./useSoftphone";

/** Events are drawn together: a wallboard at 50 events a second needs no 50 drawings. Pops do not wait. */
const DRAW_EVERY_MS = 60;

export interface Desk {
  me: Me;
  board: Board;
  link: ShallowRef<Link>;
  /** Server time of the last sign of life; what the page shows is as of then. */
  updated: ShallowRef<number | null>;
  own: ComputedRef<Agent | null>;
  /** The code of the last refusal, until the next command. */
  refusal: ShallowRef<string | null>;
  /** Commands that were sent and not yet answered, by name. */
  pending: Set<string>;
  phone: Phone;
  /** Whose sheet is open: an agent's, or that of a caller who waits. */
  sheet: ShallowRef<SheetOf | null>;
  /** A request over REST, for what the stream has no command for; a refusal shows like a command's. */
  post(path: string, body: Record<string, unknown>, as: string): Promise<boolean>;
  command(name: string, args?: Record<string, unknown>, as?: string): Promise<boolean>;
  takeOver(): void;
  dismiss(pop: string): void;
}

export type SheetOf = { agent: string } | { queue: string; call: string };

const KEY: InjectionKey<Desk> = Symbol("desk");

export function useDesk(): Desk {
  const desk = inject(KEY);
  if (!desk) throw new Error("useDesk() outside of a board");
  return desk;
}

/** What this person looks at. The first topic that matches names the event, so my own record comes first. */
export function topicsFor(me: Me): string[] {
  const may = (permission: string) => permission in me.permissions;
  const wide = (permission: string) => may(permission) && me.permissions[permission] !== "own";
  return [
    ...(me.agentNo === null ? [] : ["agent:me"]),
    ...(wide("queues.see") || (may("queues.see") && me.agentNo !== null) ? ["queue:*"] : []),
    ...(watches(me) ? ["calls:*"] : may("calls.see") && me.agentNo !== null ? ["calls:mine"] : []),
    ...(may("agents.see") ? ["agent:*"] : []),
  ];
}

export function openBoard(me: Me, signedOut: () => void): Desk {
  const board = emptyBoard(me.agentNo, !watches(me));
  const link = shallowRef<Link>({ state: "connecting", attempt: 0 });
  const updated = shallowRef<number | null>(null);
  const refusal = shallowRef<string | null>(null);
  const pending = shallowReactive(new Set<string>());
  const own = computed(() => (me.agentNo === null ? null : (board.agents.get(me.agentNo) ?? null)));

  const draw = batch((event) => {
    applyEvent(board, event);
    if (event.type === "screen_pop.requested" && mine(event)) void nextTick(() => stream.shown(event.seq));
  });

  const mine = (event: EventFrame): boolean => (event.data as { agent_no?: string } | null)?.agent_no === me.agentNo;

  /** What a snapshot does not tell: of the call I am in (muted, in a conference, recorded), and whose disposition is due. */
  const recall = (): void => {
    const call = own.value?.call;
    if (call) request<CallRecord>(`/calls/${encodeURIComponent(call)}`, me.token).then((record) => restore(board, record), () => null);
    const due = own.value?.disposition_due;
    if (due) request<CallRecord>(`/calls/${encodeURIComponent(due)}`, me.token).then((record) => owe(board, record), () => null);
  };

  const pbx = (up: boolean | undefined): void => {
    if (up === true) board.pbx.down = null;
    else if (up === false) board.pbx.down ??= { since: clock.now(), reason: "" };
  };

  const stream = new Stream(
    { url: `${location.origin.replace(/^http/, "ws")}/api/v1/ws`, token: me.token, topics: topicsFor(me) },
    {
      link(state) {
        if (state.state !== "live") draw.flush();
        link.value = state;
        if (state.state === "signed_out") signedOut();
      },
      welcome(welcome) {
        const at = ms(welcome.now);
        if (at !== null) clock.restart(at);
        pbx(welcome.pbx_up);
      },
      subscribed(answer) {
        pbx(answer.pbx_up);
        if (answer.snapshot) {
          board.talks.clear();
          applySnapshot(board, answer.snapshot, clock.now());
          recall();
        }
        beat();
      },
      event(event) {
        const at = ms(event.at);
        if (at !== null) clock.atLeast(at);
        draw.add(event);
      },
      unsubscribed: (topics) => forget(board, topics),
      alive: () => (updated.value = clock.now()),
    },
  );

  /** One at a time under a name; a refusal stays until the next one. */
  async function once(as: string, doing: () => Promise<unknown>): Promise<boolean> {
    if (pending.has(as)) return false;
    refusal.value = null;
    pending.add(as);
    try {
      await doing();
      return true;
    } catch (refused) {
      refusal.value = refused instanceof CommandRefused || refused instanceof Problem ? refused.code : "other";
      return false;
    } finally {
      pending.delete(as);
    }
  }

  const command: Desk["command"] = (name, args = {}, as = name) => once(as, () => stream.command(name, args));

  const desk: Desk = {
    me,
    board,
    link,
    updated,
    own,
    refusal,
    pending,
    sheet: shallowRef(null),
    phone: openSoftphone(me.token, own, command, link),
    command,
    post: (path, body, as) =>
      once(as, () => request(path, me.token, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })),
    takeOver: () => stream.connect(),
    dismiss: (pop) => void board.pops.delete(pop),
  };

  keepTime(() => purge(board, now.value));
  keepAwake(stream);
  onScopeDispose(() => stream.close());
  provide(KEY, desk);
  stream.connect();
  return desk;
}

/** Collects events and draws them together; a pop is drawn at once, with everything that came before it. */
function batch(apply: (event: EventFrame) => void): { add(event: EventFrame): void; flush(): void } {
  let waiting: EventFrame[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const events = waiting;
    waiting = [];
    events.forEach(apply);
    if (events.length > 0) beat();
  };
  return {
    flush,
    add(event) {
      waiting.push(event);
      if (event.type.startsWith("screen_pop.")) flush();
      else timer ??= setTimeout(flush, DRAW_EVERY_MS);
    },
  };
}

function keepTime(each: () => void): void {
  const timer = setInterval(() => {
    beat();
    each();
  }, 1000);
  onScopeDispose(() => clearInterval(timer));
}

/** A network that comes back, or a page that is looked at again, does not sit out the pause between attempts. */
function keepAwake(stream: Stream): void {
  const wake = (): void => stream.wake();
  const seen = (): void => void (document.visibilityState === "visible" && stream.wake());
  const lost = (): void => stream.lost();
  window.addEventListener("online", wake);
  window.addEventListener("offline", lost);
  document.addEventListener("visibilitychange", seen);
  onScopeDispose(() => {
    window.removeEventListener("online", wake);
    window.removeEventListener("offline", lost);
    document.removeEventListener("visibilitychange", seen);
  });
}
