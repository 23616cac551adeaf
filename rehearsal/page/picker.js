// A box to type in and a list to choose from, for choices of several and for options that the bot looks up.
import { freshId, h, icon } from "./dom.js";

// `options(query)` gives a promise of [{key, label, note, group, raw}]; `onChange` gets the chosen ones.
export function picker({ id, label, labelledBy, describedBy, placeholder, options, chosen, several, max, focusName, onChange }) {
  const listId = freshId("list");
  const state = { chosen: [...chosen], shown: [], active: -1, asked: 0 };

  const input = h("input", {
    id,
    type: "text",
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-label": labelledBy ? null : label,
    "aria-labelledby": labelledBy,
    "aria-describedby": describedBy,
    placeholder: placeholder ?? "Choose",
    "data-focus": focusName,
  });
  const list = h("ul", {
    id: listId,
    class: "options",
    role: "listbox",
    "aria-label": `Options for ${label}`,
    "aria-multiselectable": several ? "true" : null,
    hidden: true,
  });
  const chips = h("ul", { class: "chips", "aria-label": `Chosen for ${label}` });
  const root = h("div", { class: "picker" }, several ? chips : null, input, list);

  const isChosen = (option) => state.chosen.some((one) => one.key === option.key);
  const close = () => {
    list.hidden = true;
    state.active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    if (!several) input.value = state.chosen[0]?.label ?? "";
  };

  function drawChips() {
    chips.replaceChildren(
      ...state.chosen.map((option) =>
        h(
          "li",
          { class: "chip" },
          option.label,
          h("button", { type: "button", "aria-label": `Remove ${option.label}`, onclick: () => remove(option) }, icon("close")),
        ),
      ),
    );
    chips.hidden = state.chosen.length === 0;
  }

  function changed() {
    drawChips();
    onChange(state.chosen.map((option) => option.raw));
  }

  function remove(option) {
    state.chosen = state.chosen.filter((one) => one.key !== option.key);
    changed();
    input.focus();
    if (!list.hidden) drawList();
  }

  function choose(option) {
    if (isChosen(option) && several) return remove(option);
    if (several && max && state.chosen.length >= max) return undefined;
    state.chosen = several ? [...state.chosen, option] : [option];
    if (several) input.value = "";
    changed();
    return several ? open() : close();
  }

  function mark(index) {
    state.active = index;
    const nodes = list.querySelectorAll("[role=option]");
    nodes.forEach((node, n) => node.classList.toggle("active", n === index));
    const node = nodes[index];
    if (!node) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", node.id);
    return node.scrollIntoView({ block: "nearest" });
  }

  function optionNode(option) {
    return h(
      "li",
      {
        id: freshId("option"),
        role: "option",
        "aria-selected": String(isChosen(option)),
        // The list must not take the focus from the box before the click arrives.
        onmousedown: (event) => event.preventDefault(),
        onclick: () => choose(option),
      },
      h("span", {}, option.label),
      option.note ? h("small", {}, option.note) : null,
    );
  }

  function drawList() {
    const nodes = [];
    let group;
    for (const option of state.shown) {
      if (option.group && option.group !== group) nodes.push(h("li", { class: "group", role: "presentation" }, option.group));
      group = option.group;
      nodes.push(optionNode(option));
    }
    if (!nodes.length) nodes.push(h("li", { class: "group", role: "option", "aria-disabled": "true", "aria-selected": "false" }, "Nothing found"));
    list.replaceChildren(...nodes);
    mark(Math.min(state.active, state.shown.length - 1));
  }

  async function open() {
    const asked = (state.asked += 1);
    const query = !several && input.value === (state.chosen[0]?.label ?? "") ? "" : input.value.trim();
    const found = await options(query);
    if (asked !== state.asked || document.activeElement !== input) return;
    state.shown = found;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    drawList();
    list.scrollIntoView({ block: "nearest" });
  }

  const KEYS = {
    ArrowDown: () => (list.hidden ? open() : mark(Math.min(state.active + 1, state.shown.length - 1))),
    ArrowUp: () => mark(Math.max(state.active - 1, 0)),
    Enter: () => state.shown[state.active] && choose(state.shown[state.active]),
    Escape: close,
  };

  input.addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && several && !input.value && state.chosen.length) remove(state.chosen.at(-1));
    if (!KEYS[event.key] || (list.hidden && event.key !== "ArrowDown")) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key]();
  });
  input.addEventListener("input", () => {
    state.active = 0;
    open();
  });
  input.addEventListener("click", open);
  input.addEventListener("blur", close);

  drawChips();
  if (!several) input.value = state.chosen[0]?.label ?? "";
  return root;
}
