/** The frames of `cti.v1`, as far as a page reads and writes them. Unknown operations and fields are ignored. */

export interface EventFrame {
  op: "event";
  seq: number;
  prev: number;
  topic: string;
  type: string;
  at: string;
  call: string | null;
  data: unknown;
}

export type Snapshot = Record<string, unknown>;

/** `now` is the server's clock; `pbx_up` says whether its link to Asterisk stands. */
export interface Welcome {
  op: "welcome";
  epoch: string;
  heartbeat: number;
  resumed: boolean;
  now?: string;
  pbx_up?: boolean;
}

/** The answer to a subscribe; without a snapshot everything that was missed follows as events. */
export interface Subscribed {
  seq: number;
  now?: string;
  pbx_up?: boolean;
  snapshot?: Snapshot;
}

export interface Frame {
  op: string;
  re?: string;
  seq?: number;
  code?: string;
  message?: string;
  topics?: string[];
  [more: string]: unknown;
}

export const SUBPROTOCOL = "cti.v1";

/** Close codes that mean more than "come back in a moment". */
export const CLOSED = { badToken: 4401, elsewhere: 4409 } as const;

/** A frame as received, or null for what no version of the protocol sends. */
export function parse(text: unknown): Frame | null {
  if (typeof text !== "string") return null;
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== "object" || frame === null || typeof (frame as Frame).op !== "string") return null;
    return frame as Frame;
  } catch {
    return null;
  }
}
