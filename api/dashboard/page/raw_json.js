// JSON as the bytes that it is: a parsed number has lost digits, and a payload is to be seen as it was
// sent.

const blanks = " \t\r\n";

function endOfString(text, at) {
  for (++at; text[at] !== '"'; ++at) if (text[at] === "\\") ++at;
  return at + 1;
}

function endOfValue(text, at) {
  if (text[at] === '"') return endOfString(text, at);
  let depth = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') { at = endOfString(text, at); continue; }
    if (character === "{" || character === "[") ++depth;
    if (character === "}" || character === "]") { if (depth === 0) return at; --depth; }
    if (character === "," && depth === 0) return at;
    ++at;
    if (depth === 0 && (character === "}" || character === "]")) return at;
  }
  return at;
}

// The text of each member of the object that `text`, which is well formed, is.
export function members(text) {
  const found = new Map();
  let at = text.indexOf("{") + 1;
  for (;;) {
    while (blanks.includes(text[at]) || text[at] === ",") ++at;
    if (text[at] !== '"') return found;
    const end = endOfString(text, at);
    const name = JSON.parse(text.slice(at, end));
    at = text.indexOf(":", end) + 1;
    while (blanks.includes(text[at])) ++at;
    const next = endOfValue(text, at);
    found.set(name, text.slice(at, next).trimEnd());
    at = next;
  }
}

// The same with a line for each member and element.
export function indented(text) {
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (let at = 0; at < text.length;) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      out += text.slice(at, end);
      at = end;
      continue;
    }
    ++at;
    if (blanks.includes(character)) continue;
    if (character === "{" || character === "[") {
      while (blanks.includes(text[at])) ++at;
      if (text[at] === "}" || text[at] === "]") { out += character + text[at]; ++at; continue; }
      ++depth;
      out += character + line();
    } else if (character === "}" || character === "]") {
      --depth;
      out += line() + character;
    } else if (character === ",") out += character + line();
    else if (character === ":") out += ": ";
    else out += character;
  }
  return out;
}
