/** What can be done with the call I am in, from the buttons and from the keyboard alike. */

import { computed, type ComputedRef } from "vue";

import { wordFor } from "@/i18n";

import type { Pop, Talk } from "./model";
import { talkOf } from "./talks";
import { useDesk } from "./useBoard";

export interface TalkCommands {
  pop: ComputedRef<Pop | null>;
  talk: ComputedRef<Talk>;
  /** It rings at the phone in this page, or where the server may press the key. */
  rings: ComputedRef<boolean>;
  held: ComputedRef<boolean>;
  answer(): void;
  hangUp(): void;
  toggleHold(): void;
  toggleMute(): void;
  ask(name: string, args?: Record<string, unknown>): void;
  busy(name: string): boolean;
}

/** Without a card it is the one call I have. */
export function useTalk(card?: () => Pop): TalkCommands {
  const { board, command, pending, own, phone, link } = useDesk();
  const pop = computed(() => card?.() ?? [...board.pops.values()].find((one) => one.ended === null) ?? null);
  const talk = computed(() => talkOf(board, pop.value?.call ?? ""));
  const held = computed(() => pop.value?.stage === "held");
  const rings = computed(() => phone.current.value?.state === "ringing");

  const ask = (name: string, args: Record<string, unknown> = {}): void => {
    const call = pop.value?.call;
    if (call) void command(name, { call, ...args }, `${name}.${call}`);
  };
  return {
    pop,
    talk,
    held,
    rings,
    ask,
    answer: () => (rings.value ? phone.answer() : ask("call.answer")),
    hangUp: () => ask("call.hangup"),
    toggleHold() {
      if (own.value?.work !== "consulting") ask(held.value ? "call.retrieve" : "call.hold");
    },
    toggleMute: () => ask(talk.value.muted ? "call.unmute" : "call.mute"),
    busy: (name) => link.value.state !== "live" || pending.has(`${name}.${pop.value?.call}`),
  };
}

/** Whom or what a command was about, in words: `agent:1002` is a colleague, `number:` what follows. */
export function targetWord(to: string, names: Map<string, { name: string }>): string {
  const [kind, ...rest] = to.split(":");
  const value = rest.join(":");
  if (kind === "agent") return `${names.get(value)?.name ?? ""} ${value}`.trim();
  return value || wordFor("target", to);
}
