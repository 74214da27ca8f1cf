/** Words that are put together from several fields. */

import { i18n, wordFor } from "@/i18n";
import type { Agent } from "@/lib/shapes";

/** Why something was not done; nothing where nothing was refused. */
export function refusalWord(code: string | null): string {
  const { t, te } = i18n.global;
  if (code === null) return "";
  return te(`error.${code}`) ? t(`error.${code}`) : t("error.other", { code });
}

/** What waits until the call is over, or nothing. */
export function pendingWord(agent: Agent): string {
  const { t } = i18n.global;
  if (agent.pending_status === null) return "";
  if (agent.pending_status === "ready") return t("face.ready");
  if (agent.pending_status === "logged_out") return t("own.logout");
  return agent.pending_reason ? wordFor("reason", agent.pending_reason) : t("face.busy");
}

/** Why somebody takes no calls, where the state itself does not say it already. */
export function reasonWord(agent: Agent): string {
  if (agent.work !== "idle" || agent.status !== "not_ready" || !agent.reason || agent.reason === "busy" || agent.reason === "break") return "";
  return agent.reason === "away" ? "" : wordFor("reason", agent.reason);
}
