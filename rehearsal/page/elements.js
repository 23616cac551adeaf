// Block Kit's elements. A `scope` is what they sit in (a message, a modal, the Home tab): its name, the context,
// the level of its headings, the values so far in Slack's shape (values[block_id][action_id]), and act(action) and
// options(asked), which give promises.
import { confirmed } from "./confirm.js";
import { freshId, h, icon } from "./dom.js";
import { plainString, textNodes } from "./mrkdwn.js";
import { picker } from "./picker.js";

// Element type: the field of its value in Slack's state, the field of its initial value.
const FIELDS = {
  plain_text_input: ["value", "initial_value"],
  email_text_input: ["value", "initial_value"],
  url_text_input: ["value", "initial_value"],
  number_input: ["value", "initial_value"],
  static_select: ["selected_option", "initial_option"],
  external_select: ["selected_option", "initial_option"],
  radio_buttons: ["selected_option", "initial_option"],
  multi_static_select: ["selected_options", "initial_options"],
  multi_external_select: ["selected_options", "initial_options"],
  checkboxes: ["selected_options", "initial_options"],
  users_select: ["selected_user", "initial_user"],
  multi_users_select: ["selected_users", "initial_users"],
  conversations_select: ["selected_conversation", "initial_conversation"],
  multi_conversations_select: ["selected_conversations", "initial_conversations"],
  channels_select: ["selected_channel", "initial_channel"],
  multi_channels_select: ["selected_channels", "initial_channels"],
  timepicker: ["selected_time", "initial_time"],
  datepicker: ["selected_date", "initial_date"],
};

const isMany = (element) => FIELDS[element.type][0].endsWith("s");

// A part is one element in its place: it knows its value, and what to do when it changes.
class Part {
  constructor(element, block, scope, { labelId, controlId, describedBy, fallbackLabel, dispatches }) {
    Object.assign(this, { element, block, scope, labelId, describedBy, dispatches });
    this.controlId = controlId ?? freshId("control");
    this.label = element.accessibility_label ?? fallbackLabel ?? plainString(element.placeholder?.text) ?? element.type;
    if (!FIELDS[element.type]) return;
    [this.field, this.initial] = FIELDS[element.type];
    const inBlock = (scope.values[block.block_id] ??= {});
    inBlock[element.action_id] ??= this.wrapped(element[this.initial] ?? (isMany(element) ? [] : null));
  }

  wrapped(value) {
    return { type: this.element.type, [this.field]: value };
  }

  get value() {
    return this.scope.values[this.block.block_id][this.element.action_id][this.field];
  }

  set value(value) {
    this.scope.values[this.block.block_id][this.element.action_id] = this.wrapped(value);
  }

  focusName(more = "") {
    return [this.scope.name, this.block.block_id, this.element.action_id, more].join("/");
  }

  // `waiting` is the node that shows that the bot has not replied yet.
  async act(more, waiting, confirm = this.element.confirm) {
    if (waiting.getAttribute("aria-busy") === "true") return;
    if (confirm && !(await confirmed(confirm, this.scope.context))) return;
    waiting.setAttribute("aria-busy", "true");
    const { type, action_id } = this.element;
    await this.scope.act({ type, action_id, block_id: this.block.block_id, ...more });
    waiting.removeAttribute("aria-busy");
  }

  changeTo(value, waiting) {
    this.value = value;
    if (this.dispatches) this.act({ [this.field]: value }, waiting);
  }

  get named() {
    return {
      id: this.controlId,
      "aria-labelledby": this.labelId,
      "aria-label": this.labelId ? null : this.label,
      "aria-describedby": this.describedBy,
      "data-focus": this.focusName(),
      autofocus: this.element.focus_on_load,
    };
  }
}

function button(part) {
  const { element } = part;
  const node = h(
    element.url ? "a" : "button",
    {
      ...(element.url ? { href: element.url, target: "_blank", rel: "noopener noreferrer" } : { type: "button" }),
      class: ["button", element.style ?? ""].join(" ").trim(),
      "aria-label": element.accessibility_label,
      "data-focus": part.focusName(),
      "data-action": element.action_id,
    },
    plainString(element.text.text),
  );
  node.addEventListener("click", () => part.act({ value: element.value, text: element.text }, node));
  return node;
}

const optionLabel = (option) => plainString(option.text.text);

function choices(element) {
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  return groups.flatMap((group) =>
    group.options.map((option) => ({
      key: option.value,
      label: optionLabel(option),
      note: option.description && plainString(option.description.text),
      group: group.label && plainString(group.label.text),
      raw: option,
    })),
  );
}

const userChoices = (context) =>
  [...context.people.values()].filter((one) => !one.is_bot).map((one) => ({ key: one.id, label: one.real_name ?? one.name, raw: one.id }));

function conversationKind(channel) {
  if (channel.is_im) return "im";
  return channel.is_private ? "private" : "public";
}

function channelChoices(element, context) {
  const wanted = element.type.includes("channels_select") ? ["public"] : (element.filter?.include ?? ["public", "private", "im"]);
  return [...context.channels.values()]
    .filter((channel) => !channel.archived && wanted.includes(conversationKind(channel)))
    .map((channel) => ({ key: channel.id, label: channel.is_im ? channel.name : `#${channel.name}`, raw: channel.id }));
}

function allChoices(part) {
  const { type } = part.element;
  if (type.includes("users_select")) return userChoices(part.scope.context);
  if (type.includes("conversations_select") || type.includes("channels_select")) {
    return channelChoices(part.element, part.scope.context);
  }
  return choices(part.element);
}

const keyOf = (raw) => raw?.value ?? raw;

function select(part) {
  const all = allChoices(part);
  const node = h("select", part.named, h("option", { value: "" }, plainString(part.element.placeholder?.text ?? "Choose")));
  const groups = new Map();
  for (const choice of all) {
    const option = h("option", { value: choice.key }, choice.label);
    if (choice.group && !groups.has(choice.group)) {
      groups.set(choice.group, h("optgroup", { label: choice.group }));
      node.append(groups.get(choice.group));
    }
    (groups.get(choice.group) ?? node).append(option);
  }
  node.value = keyOf(part.value) ?? "";
  node.addEventListener("change", () => part.changeTo(all.find((one) => one.key === node.value)?.raw ?? null, node));
  return node;
}

function pick(part) {
  const several = isMany(part.element);
  const external = part.element.type.includes("external");
  const all = external ? [] : allChoices(part);
  const asChoice = (raw) => all.find((one) => one.key === keyOf(raw)) ?? { key: keyOf(raw), label: raw.text ? optionLabel(raw) : raw, raw };
  const least = part.element.min_query_length ?? 0;
  const options = async (query) => {
    if (!external) return all.filter((one) => `${one.label} ${one.group ?? ""}`.toLowerCase().includes(query.toLowerCase()));
    if (query.length < least) return [];
    return choices(await part.scope.options({ block_id: part.block.block_id, action_id: part.element.action_id, query }));
  };
  const node = picker({
    id: part.controlId,
    label: part.label,
    labelledBy: part.labelId,
    describedBy: part.describedBy,
    placeholder: plainString(part.element.placeholder?.text ?? "Choose"),
    options,
    chosen: [part.value ?? []].flat().map(asChoice),
    several,
    max: part.element.max_selected_items,
    focusName: part.focusName(),
    onChange: (raws) => part.changeTo(several ? raws : (raws[0] ?? null), node),
  });
  return node;
}

function boxes(part) {
  const { element } = part;
  const several = isMany(element);
  const name = freshId("choice");
  const group = h("div", {
    class: "choices",
    role: several ? "group" : "radiogroup",
    "aria-labelledby": part.labelId,
    "aria-label": part.labelId ? null : part.label,
    "aria-describedby": part.describedBy,
  });
  const isOn = (option) => [part.value ?? []].flat().some((one) => one.value === option.value);
  const inputs = element.options.map((option) => {
    const input = h("input", {
      type: several ? "checkbox" : "radio",
      name,
      value: option.value,
      "data-focus": part.focusName(option.value),
    });
    input.checked = isOn(option);
    group.append(
      h(
        "label",
        { class: "choice" },
        input,
        h("span", {}, textNodes(option.text, part.scope.context), option.description ? h("small", {}, textNodes(option.description, part.scope.context)) : null),
      ),
    );
    return input;
  });
  group.addEventListener("change", () => {
    const on = element.options.filter((_, n) => inputs[n].checked);
    part.changeTo(several ? on : (on[0] ?? null), group);
  });
  return group;
}

const INPUT_TYPES = { number_input: "number", timepicker: "time", datepicker: "date", email_text_input: "email", url_text_input: "url" };

function field(part) {
  const { element } = part;
  const node = h(element.multiline ? "textarea" : "input", {
    ...part.named,
    type: element.multiline ? null : (INPUT_TYPES[element.type] ?? "text"),
    rows: element.multiline ? 4 : null,
    placeholder: element.placeholder && plainString(element.placeholder.text),
    minlength: element.min_length,
    maxlength: element.max_length,
    min: element.min_value,
    max: element.max_value,
    step: element.is_decimal_allowed ? "any" : null,
    autocomplete: "off",
  });
  node.value = part.value ?? "";
  const isText = element.type.endsWith("_input");
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  node.addEventListener("input", () => {
    part.value = node.value === "" ? null : node.value;
    if (part.dispatches && isText && on.includes("on_character_entered")) part.act({ value: part.value }, node);
  });
  node.addEventListener("change", () => {
    if (part.dispatches && !isText) part.act({ [part.field]: part.value }, node);
  });
  node.addEventListener("keydown", (event) => {
    if (!part.dispatches || !isText || event.key !== "Enter" || element.multiline || !on.includes("on_enter_pressed")) return;
    event.preventDefault();
    part.act({ value: part.value }, node);
  });
  return node;
}

function overflow(part) {
  const opener = h(
    "button",
    {
      type: "button",
      class: "button square",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": part.element.accessibility_label ?? "More",
      "data-focus": part.focusName(),
    },
    icon("more"),
  );
  const items = part.element.options.map((option) =>
    h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => choose(option) }, optionLabel(option)),
  );
  const menu = h("div", { class: "menu", role: "menu", hidden: true }, items);
  const root = h("div", { class: "overflow" }, opener, menu);

  const show = (open) => {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    (open ? items[0] : opener).focus();
  };
  const choose = (option) => {
    show(false);
    if (option.url) window.open(option.url, "_blank", "noopener");
    part.act({ selected_option: option }, opener);
  };
  const step = (by) => items.at((items.indexOf(document.activeElement) + by) % items.length).focus();
  const KEYS = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Escape: () => show(false) };

  opener.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key]();
  });
  root.addEventListener("focusout", (event) => {
    if (root.contains(event.relatedTarget)) return;
    menu.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  });
  return root;
}

const MAKERS = {
  button,
  overflow,
  static_select: select,
  users_select: select,
  channels_select: select,
  conversations_select: select,
  external_select: pick,
  multi_static_select: pick,
  multi_external_select: pick,
  multi_users_select: pick,
  multi_channels_select: pick,
  multi_conversations_select: pick,
  radio_buttons: boxes,
  checkboxes: boxes,
  plain_text_input: field,
  email_text_input: field,
  url_text_input: field,
  number_input: field,
  timepicker: field,
  datepicker: field,
};

export const isGroup = (element) => ["radio_buttons", "checkboxes"].includes(element.type);

export function elementNode(element, block, scope, options = {}) {
  const make = MAKERS[element.type];
  if (!make) return h("span", { class: "unknown" }, `An element of type “${element.type}” that this page cannot show.`);
  return make(new Part(element, block, scope, { dispatches: true, ...options }));
}
