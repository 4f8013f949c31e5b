// Asks the API, with the token of this tab if it has one. The token is never in an address.

// This module lies two folders below the page, and the page one below the API, whatever the path that
// a proxy puts in front.
export const base = new URL("../../", import.meta.url);
const root = new URL("../", base);
export const addressOf = (path) => new URL(path, root);

const tokenName = "orders.token";
let token = null;
try { token = sessionStorage.getItem(tokenName); } catch { /* kept in memory alone */ }

export const session = {
  hasToken: () => token !== null,
  set(value) {
    token = value;
    try {
      if (value === null) sessionStorage.removeItem(tokenName);
      else sessionStorage.setItem(tokenName, value);
    } catch { /* as above */ }
  },
};

// What went wrong, in words for people. `status` is 0 if there was no answer; `isOld()` says
// whether it was about another token than that of now.
export class Failure extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.detail ?? (status === 0 ? "The API does not answer." : `The API answered ${status}.`));
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
    this.isOld = () => false;
  }
}

// The answer's text. Throws Failure, also if the answer takes longer than `limit` milliseconds.
async function exchange(method, path, body, limit = 15000) {
  const headers = {};
  const sent = token;
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let text;
  try {
    response = await fetch(addressOf(path), {
      method, headers, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(limit),
      body: body === undefined ? undefined : JSON.stringify(body)});
    text = await response.text();
  } catch { throw new Failure(0, null, null); }
  if (response.ok) return text;
  let problem = null;
  try { problem = JSON.parse(text); } catch { /* a proxy's page */ }
  if (response.status === 401) {
    problem = {detail: sent === null ? "A token is needed." : "The token is not valid."};
  } else if (response.status === 403) {
    problem = {detail: "The token may not do this."};
  }
  const failure = new Failure(response.status, problem, Number(response.headers.get("Retry-After")) || null);
  failure.isOld = () => sent !== token;
  throw failure;
}

const longest = 10 * 60 * 1000; // 100,000 orders may be acted on

export const getText = (path) => exchange("GET", path);
export const get = async (path) => JSON.parse(await exchange("GET", path));
export const post = async (path, body) => JSON.parse(await exchange("POST", path, body, longest));
export const patch = async (path, body) => JSON.parse(await exchange("PATCH", path, body));
