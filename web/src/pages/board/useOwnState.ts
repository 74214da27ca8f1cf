/** Changing my own state, from the buttons and from the keyboard alike. */

import { computed, type ComputedRef } from "vue";

import type { Agent, Status } from "@/lib/shapes";

import type { Face } from "./face";
import { useDesk } from "./useBoard";

export interface Choice {
  id: "ready" | "busy" | "break" | "logout";
  face: Face & ("ready" | "busy" | "break" | "logged_out");
  status: Status;
  reason?: string;
  key: string;
}

export const CHOICES: readonly Choice[] = [
  { id: "ready", face: "ready", status: "ready", key: "1" },
  { id: "busy", face: "busy", status: "not_ready", reason: "busy", key: "2" },
  { id: "break", face: "break", status: "not_ready", reason: "break", key: "3" },
  { id: "logout", face: "logged_out", status: "logged_out", key: "4" },
];

/** The key that finishes after-call work, beside those of the choices. */
export const FINISH_KEY = "5";

/** Which button is down: what I declared, whatever my work is right now. */
export function chosen(agent: Agent): Choice["id"] {
  if (agent.status === "ready") return "ready";
  if (agent.status === "logged_out") return "logout";
  return agent.reason === "break" ? "break" : "busy";
}

/** More time for after-call work, each time it is asked for. */
export const EXTEND_SECONDS = 30;

export interface OwnState {
  choose(choice: Choice): void;
  /** Not ready, for a reason of the tenant's own. */
  away(reason: string): void;
  finish(): void;
  extend(): void;
  pending: Set<string>;
  live: ComputedRef<boolean>;
}

export function useOwnState(): OwnState {
  const { command, pending, link, phone, own } = useDesk();
  /** With the phone in the page, unless a call is on: that phone stays what it is until its end. */
  const device = (): Record<string, string> => {
    const resting = own.value?.work === "idle" || own.value?.work === "acw";
    return phone.device.value !== null && resting ? { device: phone.device.value } : {};
  };
  const declare = (status: Status, reason: string | undefined, as: string): void =>
    void command("agent.status", { status, ...(reason === undefined ? {} : { reason }), ...(status === "logged_out" ? {} : device()) }, as);
  return {
    choose: ({ id, status, reason }) => declare(status, reason, `status.${id}`),
    away: (reason) => declare("not_ready", reason, "status.reason"),
    finish: () => void command("agent.finish_acw"),
    extend: () => void command("agent.extend_acw", { seconds: EXTEND_SECONDS }),
    pending,
    live: computed(() => link.value.state === "live"),
  };
}
