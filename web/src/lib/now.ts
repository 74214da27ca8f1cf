/** One beat a second for everything that ticks, in server time. */

import { shallowRef, type ShallowRef } from "vue";

import { makeClock } from "./clock";

export const clock = makeClock();

/** Server time as of the last beat; a component that reads it is drawn again each second. */
export const now: ShallowRef<number> = shallowRef(clock.now());

export function beat(): void {
  now.value = clock.now();
}
