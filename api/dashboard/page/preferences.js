// What is chosen in this browser and stays: theme and time zone. `onChange` is called after each change.

const listeners = new Set();

function read(name, choices) {
  try {
    const value = localStorage.getItem(`orders.${name}`);
    return choices.includes(value) ? value : choices[0];
  } catch { return choices[0]; } // storage is not allowed: nothing stays
}

const themes = ["auto", "light", "dark"];
const zones = ["local", "utc"];
let theme = read("theme", themes);
let zone = read("zone", zones);

function keep(name, value) {
  try { localStorage.setItem(`orders.${name}`, value); } catch { /* as above */ }
  for (const listener of listeners) listener();
}

export const preferences = {
  theme: () => theme,
  zone: () => zone,
  nextTheme() {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    keep("theme", theme);
  },
  nextZone() {
    zone = zones[(zones.indexOf(zone) + 1) % zones.length];
    keep("zone", zone);
  },
  onChange: (listener) => { listeners.add(listener); return () => listeners.delete(listener); },
};
