// Makes and fills elements. Whatever comes from the API becomes a text node.

// el("td", {class: "number"}, "12", el("b", {}, "x")): attributes that are null or false are left out,
// true is the empty value; those that begin with `on` are listeners.
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined).map(
    (child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return element;
}

export const part = (within, name) => within.querySelector(`[data-part="${name}"]`);
export const panel = (within, name) => within.querySelector(`[data-panel="${name}"]`);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function template(id) {
  return document.getElementById(id).content.cloneNode(true);
}

// Has `parent` show one child for each item, in this order. A child whose key stays is kept where it
// is and only replaced if it looks different, so that focus and selection are not lost.
export function showItems(parent, items, key, make) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const fresh = make(item);
    fresh.dataset.key = key(item);
    const kept = old.get(fresh.dataset.key);
    old.delete(fresh.dataset.key);
    if (kept && kept.isEqualNode(fresh)) {
      if (kept === place) place = place.nextElementSibling;
      else parent.insertBefore(kept, place);
      continue;
    }
    const had_focus = kept && kept.contains(document.activeElement);
    const at = had_focus ? focusable(kept).indexOf(document.activeElement) : -1;
    if (kept === place && place) place = place.nextElementSibling;
    if (kept) kept.replaceWith(fresh);
    parent.insertBefore(fresh, place);
    if (at >= 0) focusable(fresh)[at]?.focus({preventScroll: true});
  }
  for (const gone of old.values()) gone.remove();
}

const focusable = (element) => [...element.querySelectorAll("a, button, input, summary")];
