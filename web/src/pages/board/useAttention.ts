/** Somebody calls me while I look at another window: the title flashes, and the desktop tells of it where that is wanted. */

import { onScopeDispose, shallowRef, watch, watchEffect, type ComputedRef } from "vue";
import { useI18n } from "vue-i18n";

import { raise } from "@/lib/alerts";

import type { Pop } from "./model";

const FLASH_MS = 1_000;

export function useAttention(incoming: ComputedRef<Pop | undefined>): void {
  const { t } = useI18n();
  const lit = shallowRef(true);
  let flashing: ReturnType<typeof setInterval> | undefined;
  let lower = (): void => undefined;

  const calm = (): void => {
    clearInterval(flashing);
    lit.value = true;
    lower();
    lower = () => undefined;
  };

  watchEffect(() => {
    const caller = incoming.value?.caller;
    const star = incoming.value?.vip ? "★ " : "";
    document.title = caller && lit.value ? `☎ ${star}${caller.name || caller.number} · ${t("product")}` : t("product");
  });

  watch(
    () => incoming.value?.key,
    () => {
      calm();
      const pop = incoming.value;
      if (!pop || document.hasFocus()) return;
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (!still) flashing = setInterval(() => (lit.value = !lit.value), FLASH_MS);
      lower = raise({ key: pop.call, title: heading(pop), body: t("alerts.body", { number: `${pop.caller.number} ${pop.caller.place ?? ""}`.trim(), queue: pop.queueTitle || pop.queue }) });
    },
  );

  const heading = (pop: Pop): string => (pop.vip ? `${t("pop.vip")} · ` : "") + (pop.caller.name || t("pop.unknown"));

  window.addEventListener("focus", calm);
  window.addEventListener("pagehide", calm); // or a name would stay on the desktop of a page that is gone
  onScopeDispose(() => {
    window.removeEventListener("focus", calm);
    window.removeEventListener("pagehide", calm);
    calm();
  });
}
