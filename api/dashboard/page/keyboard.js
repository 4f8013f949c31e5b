// Keys that do something by themselves; all are off while one types, or a dialog is open.

function isTyping(target) {
  return target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]") !== null;
}

function moveRow(step) {
  const rows = [...document.querySelectorAll("#main tbody tr")].filter((row) => row.querySelector("a"));
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
  rows[next].querySelector("a").focus();
}

export function watchKeys({togglePause, showHelp}) {
  const acts = {
    "/": () => document.getElementById("find-id").focus(),
    "j": () => moveRow(1),
    "k": () => moveRow(-1),
    "x": () => document.activeElement.closest?.("tr")?.querySelector("input[type=checkbox]")?.click(),
    "p": togglePause,
    "?": showHelp,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) ||
        document.querySelector("dialog[open]")) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
