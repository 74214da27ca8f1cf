/** From when on a number asks for a person. Calm rooms have no red. */

/** A caller has waited longer than anybody should. */
export const WAIT_ALARM_MS = 120_000;
/** Callers listed in a tile before the rest becomes a number. */
export const CALLERS_SHOWN = 6;
/** Contacts listed on a card. */
export const CONTACTS_SHOWN = 5;
