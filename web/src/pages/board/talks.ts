/** My own part in a call, beyond its state: muted, asking somebody, in a conference. Told by events, forgotten at its end. */

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
    board.watchers.delete(call);
  }
}

function set(board: Board, call: string, talk: Talk): void {
  board.talks.set(call, talk);
}
