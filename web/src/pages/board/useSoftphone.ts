/** The phone in the page, as the rest of it sees it: switched on and off here, remembered for this browser. */

import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from "vue";

import { request } from "@/lib/api";
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

export function openSoftphone(token: string, own: ComputedRef<Agent | null>, command: Command): Phone {
  const state = shallowRef<PhoneState>("off");
  const current = shallowRef<PhoneCall | null>(null);
  const device = shallowRef<string | null>(null);
  const phone = new Softphone(token, {
    state(now, name) {
      state.value = now;
      device.value = now === "ready" ? name : null;
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
    if (to !== null && work === "idle" && status !== "logged_out" && at !== to) move(to);
  });

  const leaving = (event: BeforeUnloadEvent): void => {
    if (phone.talking) event.preventDefault(); // or a reload would hang up on a customer
  };
  const gone = (): void => phone.stop();
  window.addEventListener("beforeunload", leaving);
  window.addEventListener("pagehide", gone);
  onScopeDispose(() => {
    window.removeEventListener("beforeunload", leaving);
    window.removeEventListener("pagehide", gone);
    phone.stop();
  });

  if (softphoneOn.value) void phone.start();
  return {
    state,
    current,
    device,
    trouble: computed(() => TROUBLES.find((one) => one === state.value) ?? null),
    toggle() {
      const on = ["starting", "ready", "lost"].includes(state.value);
      softphoneOn.value = !on;
      if (!on) return void phone.start();
      const from = own.value?.work === "idle" && own.value.device.name === device.value ? device.value : null;
      phone.stop();
      if (from !== null) moveAway(from).catch(() => null);
    },
    answer: () => void phone.answer(),
  };
}
