/** What the screen calls an agent's state: derived from status, work and phone, never stored (design: two axes). */

import { ms } from "@/lib/clock";
import type { Agent } from "@/lib/shapes";

export type Face =
  | "logged_out"
  | "ready"
  | "busy"
  | "break"
  | "away"
  | "offered"
  | "ringing"
  | "talking"
  | "held"
  | "consulting"
  | "supervising"
  | "acw"
  | "unreachable";

export function faceOf(agent: Agent): Face {
  if (agent.work !== "idle") return agent.work;
  if (agent.status === "logged_out") return "logged_out";
  if (agent.status === "ready") return agent.device.reachable ? "ready" : "unreachable";
  if (agent.reason === "break") return "break";
  return agent.reason === "away" || agent.reason === "connection_lost" ? "away" : "busy";
}

/** Since when that face is worn, in server time: an idle agent's time starts again after each call. */
export function faceSince(agent: Agent): number | null {
  const work = ms(agent.work_since);
  const status = ms(agent.status_since);
  if (agent.work !== "idle") return work;
  return work === null || status === null ? (status ?? work) : Math.max(work, status);
}

/** Whether somebody could dial or take a call of their own accord now; after-call work waits for that. */
export function mayBegin(agent: Agent): boolean {
  return agent.status !== "logged_out" && (agent.work === "idle" || agent.work === "acw");
}

/** Why the server itself took somebody out of the distribution; they get no calls until they say so. */
export type Paused = "no_answer" | "unreachable" | "connection_lost";

export function pausedBy(agent: Agent): Paused | null {
  if (agent.status !== "not_ready" || agent.work !== "idle") return null;
  return (["no_answer", "unreachable", "connection_lost"] as const).find((reason) => reason === agent.reason) ?? null;
}

/** Red: a person must act. A call was missed, or the phone of somebody on duty is gone. */
export function needsSomebody(agent: Agent): boolean {
  if (agent.work !== "idle" || agent.status === "logged_out") return false;
  const paused = pausedBy(agent);
  return (agent.status === "ready" && !agent.device.reachable) || paused === "no_answer" || paused === "unreachable";
}
