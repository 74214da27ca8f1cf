/** The words of the pages. The server sends stable codes; what they are called is decided here. */

import { watch } from "vue";
import { createI18n } from "vue-i18n";

import { language } from "@/lib/preferences";

import en from "./en.json";
import zh from "./zh-CN.json";

export const i18n = createI18n({
  legacy: false,
  locale: language.value as string,
  fallbackLocale: "zh-CN",
  messages: { "zh-CN": zh, en },
});

watch(language, (chosen) => (i18n.global.locale.value = chosen));

/** The word for a server's code in this part of the catalogue, or the code itself when it is new to us. */
export function wordFor(part: string, code: string): string {
  const key = `${part}.${code}`;
  return i18n.global.te(key) || i18n.global.te(key, "zh-CN") ? i18n.global.t(key) : code;
}
