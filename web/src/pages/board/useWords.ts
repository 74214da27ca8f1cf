/** The tenant's own words for reasons and dispositions: asked for once a page, when somebody first needs them. */

import { shallowRef, type ShallowRef } from "vue";

import { request } from "@/lib/api";
import { language } from "@/lib/preferences";
import type { Disposition, Reason } from "@/lib/shapes";

const asked = new Map<string, ShallowRef<unknown[]>>();

/** Empty until it is there; asked again by whoever comes next when that failed. */
function listed<T>(path: string, token: string): ShallowRef<T[]> {
  const key = `${path} ${token}`;
  const known = asked.get(key) as ShallowRef<T[]> | undefined;
  if (known) return known;
  const found = shallowRef<T[]>([]);
  asked.set(key, found);
  request<{ items: T[] }>(path, token).then(
    ({ items }) => (found.value = items),
    () => asked.delete(key),
  );
  return found;
}

export const useReasons = (token: string): ShallowRef<Reason[]> => listed<Reason>("/reasons?limit=200", token);

export const useDispositions = (token: string, queue: string): ShallowRef<Disposition[]> =>
  listed<Disposition>(`/dispositions?limit=200&queue=${encodeURIComponent(queue)}`, token);

/** What it is called in the language of the page; one stands in for the other. */
export function titleOf(one: { code: string; title: string; title_en: string }): string {
  return (language.value === "en" ? one.title_en || one.title : one.title || one.title_en) || one.code;
}
