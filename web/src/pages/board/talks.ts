/** My own part in a call, beyond its state: muted, asking somebody, in a conference. Told by events, forgotten at its end. */

import type { CallRecord } from "@/lib/shapes";

import type { Board, Talk } from "./model";

const NOTHING: Talk = { muted: false, consult: null, conference: false, parties: 0, recording: null };
const ASKING = ["asked", "answered", "customer", "other"];

export function talkOf(board: Board, call: string): Talk {
  return board.talks.get(call) ?? NOTHING;
}

interface Told {
  by?: string;
  muted?: boolean;
  to?: string;
  stage?: string;
  recording?: { state: string | null };
}

export function talkNews(board: Board, type: string, call: string, data: Told): void {
  const talk = talkOf(board, call);
  const mine = data.by === board.me;
  if (type === "call.muted" && mine) set(board, call, { ...talk, muted: data.muted === true });
  else if (type === "call.consulted" && mine) {
    const stage = data.stage ?? "";
    set(board, call, { ...talk, consult: ASKING.includes(stage) ? { to: data.to ?? "", stage } : null });
  } else if (type === "call.conferenced" && data.stage !== "asked") set(board, call, { ...talk, consult: null, conference: true, parties: talk.parties + 1 });
  else if (type === "call.left" && talk.conference) set(board, call, { ...talk, parties: talk.parties + 1 });
  else if (type === "call.recording") set(board, call, { ...talk, recording: data.recording?.state ?? null });
  else if (type === "call.ended") {
    board.talks.delete(call);
    forgetWatchers(board, call);
  }
}

/** Whoever listened to me in this call does so no more. */
export function forgetWatchers(board: Board, call: string): void {
  for (const [key, watch] of [...board.watchers]) if (watch.call === call) board.watchers.delete(key);
}

/** What the record knows of a call that was under way before this page was. */
export function restore(board: Board, record: Pick<CallRecord, "id" | "legs" | "recording">): void {
  const mine = record.legs.find((leg) => leg.agent_no === board.me && leg.ended_at === null && leg.kind === "agent");
  if (!mine || board.talks.has(record.id)) return;
  const others = record.legs.filter((leg) => leg.ended_at === null && leg !== mine && ["agent", "party"].includes(leg.kind));
  const conference = others.length > 0 && board.agents.get(board.me ?? "")?.work !== "consulting";
  set(board, record.id, { ...NOTHING, muted: mine.muted, conference, recording: record.recording?.state ?? null });
}

function set(board: Board, call: string, talk: Talk): void {
  board.talks.set(call, talk);
}
