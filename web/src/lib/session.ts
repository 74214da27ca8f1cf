/** Who is signed in on this tab. The token lives in sessionStorage: it survives a reload and ends with the tab. */

import { request } from "./api";

export interface Me {
  token: string;
  username: string;
  role: string;
  /** What this person may do, and how far it reaches: own, team or tenant. */
  permissions: Record<string, string>;
  /** The number this person takes calls under; null for people without a desk. */
  agentNo: string | null;
}

const KEY = "cti.token";

export function storedToken(): string | null {
  return sessionStorage.getItem(KEY);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/** Exchange a password for a token and keep it. */
export async function signIn(username: string, password: string): Promise<Me> {
  const form = new URLSearchParams({ grant_type: "password", username, password });
  const { access_token } = await request<{ access_token: string }>("/auth/token", null, { method: "POST", body: form });
  const me = await whoAmI(access_token);
  sessionStorage.setItem(KEY, access_token);
  return me;
}

/** Whom a token speaks for. */
export async function whoAmI(token: string): Promise<Me> {
  const { username, role, permissions, agent_no } = await request<Omit<Me, "token" | "agentNo"> & { agent_no: string | null }>("/users/me", token);
  return { token, username, role, permissions, agentNo: "own.desk" in permissions ? agent_no : null };
}

/** Whether this person may do that at all; how far it reaches is the server's to say. */
export function may(me: Me, permission: string): boolean {
  return permission in me.permissions;
}

/** Whether this person looks after others: sees more calls than their own. */
export function watches(me: Me): boolean {
  return "calls.see" in me.permissions && me.permissions["calls.see"] !== "own";
}
