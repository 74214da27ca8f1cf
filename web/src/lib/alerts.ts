/** Callers told of on the desktop, for somebody who looks at another window: wanted or not, and whether the browser does it. */

import { computed, ref } from "vue";

import { alertsOn } from "./preferences";

/** `blocked`: the browser was told not to; `insecure`: it does not for a page without HTTPS; `none`: it cannot. */
export type Alerts = "off" | "on" | "blocked" | "insecure" | "none";

const can = (): boolean => "Notification" in window;
/** A browser of a phone has the permission to give, and cannot show one from a page. */
const cannot = ref(!can());
const permission = ref<NotificationPermission>(can() ? Notification.permission : "denied");

export const alerts = computed<Alerts>(() => {
  if (!alertsOn.value) return "off";
  if (!window.isSecureContext) return "insecure";
  if (cannot.value) return "none";
  if (permission.value === "granted") return "on";
  return permission.value === "denied" ? "blocked" : "off";
});

/** Only ever from a button: browsers refuse a page that asks unasked, for good. */
export async function toggleAlerts(): Promise<void> {
  const before = alerts.value;
  alertsOn.value = before !== "on";
  if (can() && window.isSecureContext) permission.value = await Notification.requestPermission();
  if (before !== "off" && alerts.value === before) alertsOn.value = false; // nothing has changed: it is not wanted
}

export interface Alert {
  key: string;
  title: string;
  body: string;
}

/** Shows one; what comes back takes it away. A press on it brings the page to the front. */
export function raise(alert: Alert): () => void {
  if (alerts.value !== "on") return () => undefined;
  let shown: Notification;
  try {
    shown = new Notification(alert.title, { body: alert.body, tag: alert.key, lang: document.documentElement.lang, requireInteraction: true });
  } catch {
    cannot.value = true;
    return () => undefined;
  }
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
  shown.onerror = () => (permission.value = Notification.permission);
  return () => shown.close();
}
