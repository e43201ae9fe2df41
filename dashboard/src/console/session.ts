// The token that this tab works with, if it has one; people have a session's cookie instead, which no script can read.
// It comes by the link's fragment (and is taken out of it, so that it is in no history), else from this tab's memory.

const KEY = "token";

export function takeToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    history.replaceState(null, "", location.pathname);
    sessionStorage.setItem(KEY, given);
  }
  return sessionStorage.getItem(KEY) ?? "";
}

export function keepToken(token: string): void {
  if (token) sessionStorage.setItem(KEY, token);
  else sessionStorage.removeItem(KEY);
}
