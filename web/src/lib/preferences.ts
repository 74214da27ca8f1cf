/** What a person chose for this browser: language and light or dark. Nothing here is secret or leaves the machine. */

import { ref, watchEffect } from "vue";

export type Language = "zh-CN" | "en";
export type Theme = "auto" | "light" | "dark";

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage can be switched off; the page works without a memory
  }
};

const write = (key: string, value: string): void => {
  try {
    localStorage.setItem(key, value);
  } catch {
    /* as above */
  }
};

export const language = ref<Language>(read("cti.language") === "en" ? "en" : "zh-CN");
export const theme = ref<Theme>((["light", "dark"] as const).find((one) => one === read("cti.theme")) ?? "auto");

/** The phone in the page is wanted in this browser. */
export const softphoneOn = ref(read("cti.softphone") === "on");

/** Callers are told of on the desktop, too. */
export const alertsOn = ref(read("cti.alerts") === "on");

const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
const dark = ref(systemDark.matches);
systemDark.addEventListener("change", (event) => (dark.value = event.matches));

/** Whether the page is dark right now, whoever decided it. */
export const isDark = (): boolean => (theme.value === "auto" ? dark.value : theme.value === "dark");

export function keepPreferences(): void {
  watchEffect(() => {
    write("cti.language", language.value);
    document.documentElement.lang = language.value;
  });
  watchEffect(() => write("cti.softphone", softphoneOn.value ? "on" : "off"));
  watchEffect(() => write("cti.alerts", alertsOn.value ? "on" : "off"));
  watchEffect(() => {
    write("cti.theme", theme.value);
    document.documentElement.dataset["theme"] = isDark() ? "dark" : "light";
  });
}
