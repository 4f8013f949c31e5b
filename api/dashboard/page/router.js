// Addresses of the dashboard's pages: what one looks at, filters included, can be linked to.

import {base} from "./api.js";

// Relative to the page. Parameters that are empty are left out.
export function pathOf(page, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(
    ([, value]) => value !== "" && value !== null && value !== undefined)).toString();
  return (page === "" ? "./" : page) + (query === "" ? "" : `?${query}`);
}

export const pageOf = (location) => location.pathname.slice(base.pathname.length);

let show = () => {};
export function begin(showPage) {
  show = showPage;
  window.addEventListener("popstate", show);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey ||
        event.shiftKey || event.altKey || link.hash) return;
    if (!link.href.startsWith(base.href) || link.href.startsWith(new URL("assets/", base).href)) return;
    event.preventDefault();
    go(link.href);
  });
  show();
}

export function go(path) {
  history.pushState(null, "", new URL(path, base));
  show();
}

// The same page with other filters: no step back for each of them.
export function stay(path) {
  history.replaceState(null, "", new URL(path, base));
  show();
}
