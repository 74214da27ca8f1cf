/** The phone in the page, as the rest of it sees it: switched on and off here, remembered for this browser. */

import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from "vue";

import { request } from "@/lib/api";
import type { Link } from "@/lib/stream/client";
import { softphoneOn } from "@/lib/preferences";
import type { Agent } from "@/lib/shapes";
import { Softphone, type PhoneCall, type PhoneState } from "@/lib/softphone/phone";

/** States that nobody but a person can mend; the page says so in words. */
export const TROUBLES = ["elsewhere", "other_tab", "microphone", "insecure", "none", "refused"] as const satisfies readonly PhoneState[];
export type Trouble = (typeof TROUBLES)[number];

export interface Phone {
  state: ShallowRef<PhoneState>;
  current: ShallowRef<PhoneCall | null>;
  trouble: ComputedRef<Trouble | null>;
  /** The device to sign in with; null while it is not registered. */
  device: ShallowRef<string | null>;
  toggle(): void;
  answer(): void;
}

type Command = (name: string, args?: Record<string, unknown>, as?: string) => Promise<boolean>;

export function openSoftphone(token: string, own: ComputedRef<Agent | null>, command: Command, link: ShallowRef<Link>): Phone {
  const state = shallowRef<PhoneState>("off");
  const current = shallowRef<PhoneCall | null>(null);
  const device = shallowRef<string | null>(null);
  /** The page's phone by name, also while it is not there; and whether the agent is to leave it when the work is done. */
  let known: string | null = null;
  let leaving = false;
  const phone = new Softphone(token, {
    state(now, name) {
      state.value = now;
      device.value = now === "ready" ? name : null;
      known = name ?? known;
    },
    call: (call) => (current.value = call),
  });

  /** Say again what I have declared, from this phone. */
  const move = (to: string): void => {
    const agent = own.value;
    if (!agent || agent.status === "logged_out") return;
    const reason = agent.status === "not_ready" && agent.reason ? { reason: agent.reason } : {};
    void command("agent.status", { status: agent.status, ...reason, device: to }, "status.device");
  };

  /** Back to another phone of mine that is there; without one calls find nobody, and the page says so. */
  const moveAway = async (from: string): Promise<void> => {
    const { items } = await request<{ items: Array<{ name: string; reachable: boolean; agent_no: string | null }> }>("/devices?limit=200", token);
    const other = items.find((one) => one.reachable && one.name !== from && one.agent_no === own.value?.agent_no);
    if (other) move(other.name);
  };

  watch([device, () => own.value?.work, () => own.value?.status, () => own.value?.device.name], ([to, work, status, at]) => {
    if (work !== "idle" || status === "logged_out") return;
    if (to !== null && at !== to) move(to);
    if (to === null && leaving && known !== null && at === known) moveAway(known).catch(() => null);
    leaving = false;
  });

  watch(() => own.value?.device, (now, before) => {
    if (now && before && now.name === device.value && before.reachable && !now.reachable) phone.refresh();
  });

  // Another page of this agent has the desk now: its phone rings there, where the cards are.
  watch(link, (now, before) => {
    if (now.state === "elsewhere") phone.retire();
    else if (now.state === "live" && before.state !== "live" && state.value === "off" && softphoneOn.value) void phone.start();
    if (now.state === "waiting" && before.state === "live") phone.drop();
  });

  const asks = (event: BeforeUnloadEvent): void => {
    if (phone.talking) event.preventDefault(); // or a reload would hang up on a customer
  };
  const gone = (): void => phone.stop();
  const offline = (): void => phone.drop();
  window.addEventListener("beforeunload", asks);
  window.addEventListener("offline", offline);
  window.addEventListener("pagehide", gone);
  onScopeDispose(() => {
    window.removeEventListener("beforeunload", asks);
    window.removeEventListener("offline", offline);
    window.removeEventListener("pagehide", gone);
    phone.retire();
  });

  return {
    state,
    current,
    device,
    trouble: computed(() => TROUBLES.find((one) => one === state.value) ?? null),
    toggle() {
      const on = ["starting", "ready", "lost"].includes(state.value);
      softphoneOn.value = !on;
      if (!on) return void phone.start();
      phone.retire();
      leaving = true;
      const agent = own.value;
      if (agent?.work !== "idle" || agent.status === "logged_out" || known === null || agent.device.name !== known) return;
      leaving = false;
      moveAway(known).catch(() => null);
    },
    answer: () => void phone.answer(),
  };
}
