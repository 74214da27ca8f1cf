/** The shapes that REST and the event stream show. Only what a page reads is named; unknown fields are ignored. */

export type Status = "logged_out" | "ready" | "not_ready";
export type Work = "idle" | "offered" | "ringing" | "talking" | "held" | "consulting" | "acw" | "supervising";
export type CallState = "ivr" | "dialling" | "survey" | "waiting" | "offered" | "ringing" | "talking" | "held" | "fallback" | "ended";
export type OfferResult = "accepted" | "rejected" | "no_answer" | "failed" | "cancelled";

export interface Person {
  number: string;
  /** Stands for the number where that is hidden. */
  number_token?: string | null;
  name: string;
  place?: string | null;
}

export interface Agent {
  agent_no: string;
  name: string;
  queues: string[];
  status: Status;
  reason: string | null;
  status_since: string | null;
  work: Work;
  work_since: string | null;
  pending_status: Status | null;
  pending_reason: string | null;
  acw_until: string | null;
  disposition_due: string | null;
  routable: boolean;
  device: { name: string | null; reachable: boolean };
  call: string | null;
  caller: Person | null;
  calls_today: number;
}

export interface Waiting {
  call: string;
  number: string;
  name: string;
  since: string | null;
  priority: number;
  vip: boolean;
  position: number;
  state: "waiting" | "offered";
}

export interface Queue {
  name: string;
  title: string;
  strategy: string;
  members: string[];
  waiting_count: number;
  longest_since: string | null;
  /** Since the queue's window began; `level` from 0 to 1, null before anybody came. */
  service: { answered: number; in_time: number; abandoned: number; level: number | null };
  waiting: Waiting[];
}

export interface CallBrief {
  id: string;
  direction: string;
  number: string;
  name: string;
  queue: string;
  priority: number;
  vip: boolean;
  state: CallState;
  state_since: string | null;
  agent_no: string | null;
  started_at: string | null;
  queued_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  result: string | null;
}

/** What a call can have come to; without a parent, and with children, it is a heading. */
export interface Disposition {
  code: string;
  title: string;
  title_en: string;
  parent: string | null;
  active: boolean;
}

/** Why somebody is not ready, as the tenant calls it. */
export interface Reason {
  code: string;
  title: string;
  title_en: string;
  limit_seconds: number;
  active: boolean;
}

export type WatchMode = "listen" | "whisper" | "barge";

/** One channel of a call, as its record tells it. */
export interface Leg {
  id: string;
  kind: string;
  device: string | null;
  agent_no: string | null;
  muted: boolean;
  ended_at: string | null;
}

/** As much of a call's record as a page that was opened in the middle of it wants to know. */
export interface CallRecord extends CallBrief {
  legs: Leg[];
  recording: { state: string | null } | null;
}

export interface Supervision {
  call: string;
  supervisor: string;
  agent_no: string | null;
  /** Whose leg is heard: the agent the call is with, or another in its conference. */
  heard: string | null;
  mode: WatchMode;
}

export interface Contact {
  call: string;
  queue: string;
  agent_no: string | null;
  started_at: string | null;
  result: string | null;
}

export interface PopRequest {
  offer: string;
  agent_no: string;
  caller: Person;
  vip: boolean;
  list: string | null;
  queue: string;
  queue_title: string;
  waited: number;
  contacts: Contact[];
  url: string | null;
}
