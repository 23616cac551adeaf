// Builds an element. Strings only ever become text nodes, so what people typed can never become markup.
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let counter = 0;
export const freshId = (stem) => `${stem}-${(counter += 1)}`;

const SHAPES = {
  pulse: ["M2 12h5l2.5-7 5 14L17 12h5"],
  file: ["M6 3h8l4 4v14H6zM14 3v4h4"],
  hash: ["M9 4 7 20M17 4l-2 16M4 9h17M3 15h17"],
  lock: ["M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
  home: ["M4 11.5 12 5l8 6.5M6 10v9h12v-9"],
  chat: ["M4 5h16v11H10l-4 4v-4H4z"],
  eye: ["M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6z", "M12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z"],
  menu: ["M4 7h16M4 12h16M4 17h16"],
  close: ["M6 6l12 12M18 6 6 18"],
  crowd: ["M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19c0-3.3 2.7-5 6-5s6 1.7 6 5", "M16 5.5a3 3 0 0 1 0 5.5M17.5 14.3c2.1.6 3.5 2.2 3.5 4.7"],
  down: ["M12 5v13M6 12.5l6 6 6-6"],
  next: ["M5 5l8 7-8 7zM18 5v14"],
  moon: ["M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"],
  send: ["M4 12 20 4l-5 16-3.5-6.5z"],
  more: ["M6 12h.01M12 12h.01M18 12h.01"],
  sliders: ["M4 7h9M17 7h3M4 17h3M11 17h9", "M15 5a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM9 15a2 2 0 1 1 0 4 2 2 0 0 1 0-4z"],
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const shape of SHAPES[name]) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}

// Runs `change` and, if it replaced the element that had the focus, focuses its successor of the same name.
export function keepingFocus(change) {
  const before = document.activeElement;
  const name = before?.dataset?.focus;
  const selection = name && typeof before.selectionStart === "number" ? [before.selectionStart, before.selectionEnd] : null;
  change();
  if (!name || document.activeElement === before) return;
  const after = document.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  if (!after) return;
  after.focus({ preventScroll: true });
  if (selection && typeof after.selectionStart === "number") after.setSelectionRange(...selection);
}

// Makes `parent` hold one node for each entry, in order. A node is kept while its entry's signature stays the same;
// `make(entry, old)` may return the old node, changed.
export function patch(parent, entries, keyOf, signatureOf, make) {
  const old = new Map([...parent.children].map((node) => [node.patchKey, node]));
  let place = parent.firstElementChild;
  for (const entry of entries) {
    const key = keyOf(entry);
    const signature = signatureOf(entry);
    const known = old.get(key);
    old.delete(key);
    const node = known && known.patchSignature === signature ? known : make(entry, known);
    node.patchKey = key;
    node.patchSignature = signature;
    if (known && known !== node) {
      if (place === known) place = node;
      known.replaceWith(node);
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
}
