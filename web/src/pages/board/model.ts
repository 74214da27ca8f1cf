/** What the board shows, as data: filled by snapshots and events, read by the components. */

import { shallowReactive } from "vue";

import type { Agent, CallBrief, CallState, Contact, Person, Queue, Supervision } from "@/lib/shapes";

/** A call that is over, or no longer ours, stays for a moment so that one can read how it ended. */
export interface CallRow extends CallBrief {
  gone: { at: number; why: string } | null;
}

export type Stage = "offered" | "dialling" | "ringing" | "talking" | "held" | "ended";

/** A screen pop. Instants are server time; `waitedFrom` to `answeredAt` is the time the caller has waited. */
export interface Pop {
  key: string;
  seq: number | null;
  call: string;
  caller: Person;
  vip: boolean;
  list: string | null;
  queue: string;
  queueTitle: string;
  contacts: Contact[];
  url: string | null;
  stage: Stage;
  stageSince: number;
  waitedFrom: number | null;
  answeredAt: number | null;
  ended: { at: number; why: string } | null;
}

/** What I have done to a call of mine that its state alone does not tell. */
export interface Talk {
  muted: boolean;
  /** Whom I am asking, and how far that is: asked, answered, customer (the other waits), other. */
  consult: { to: string; stage: string } | null;
  /** Several talk. */
  conference: boolean;
  /** Rises whenever somebody joins or leaves: who is there is worth another look. */
  parties: number;
  /** Whether it is being recorded: on, off, paused and so on; null where nothing was said of it. */
  recording: string | null;
}

export interface Board {
  /** The number of the signed-in agent; null for people who take no calls. */
  me: string | null;
  /** Only own calls are sent: a call that went to somebody else leaves the table. */
  ownCallsOnly: boolean;
  agents: Map<string, Agent>;
  queues: Map<string, Queue>;
  calls: Map<string, CallRow>;
  pops: Map<string, Pop>;
  talks: Map<string, Talk>;
  /** What I am listening to, in all or in part. */
  watch: { now: Supervision | null };
  /** Who listens to me, by call and supervisor, where the tenant has it told. */
  watchers: Map<string, Supervision>;
  pbx: { down: { since: number; reason: string } | null };
}

export function emptyBoard(me: string | null, ownCallsOnly: boolean): Board {
  return {
    me,
    ownCallsOnly,
    agents: shallowReactive(new Map<string, Agent>()),
    queues: shallowReactive(new Map<string, Queue>()),
    calls: shallowReactive(new Map<string, CallRow>()),
    pops: shallowReactive(new Map<string, Pop>()),
    talks: shallowReactive(new Map<string, Talk>()),
    watch: shallowReactive({ now: null }),
    watchers: shallowReactive(new Map<string, Supervision>()),
    pbx: shallowReactive({ down: null }),
  };
}

/** What a call's state means to the agent it was given to; null while it is not on its way to anybody. */
export function stageOf(state: CallState): Stage | null {
  if (state === "waiting" || state === "fallback" || state === "ivr") return null;
  return state === "survey" ? "ended" : state;
}
