// The messages of a channel: one list item each, changed in place, with the day where it changes.
import { figure, patchBlocks, textOnly } from "./blocks.js";
import { clock, dayTitle, whole } from "./dates.js";
import { h, icon, patch } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";

const COLOURS = 8;
const RUN_OF_ONE_AUTHOR = 300;

export const nameOf = (from, context) => context.people.get(from.id)?.real_name ?? from.name;

export function avatar(person) {
  if (person.is_bot) return h("span", { class: "avatar app", "aria-hidden": "true" }, icon("pulse"));
  const initials = (person.real_name ?? person.name).split(/[\s._-]+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();
  const colour = [...person.id].reduce((sum, character) => sum + character.charCodeAt(0), 0) % COLOURS;
  return h("span", { class: `avatar colour-${colour}`, "aria-hidden": "true" }, initials);
}

export const momentOf = (message) => new Date(Number(message.ts) * 1000);

const timeNode = (moment) => h("time", { datetime: moment.toISOString(), title: whole(moment) }, clock(moment));

export const spoken = (message, context) => {
  const text = h("div", {}, mrkdwn(message.text ?? "", context)).textContent;
  return `${message.private ? "Only visible to you. " : ""}${nameOf(message.from, context)}: ${text}`;
};

function download(file) {
  return h("p", { class: "download" }, h("a", { href: file.url, download: file.download }, icon("file"), file.title || file.download));
}

class MessageView {
  constructor(message, channel, desk) {
    this.body = h("div", { class: "blocks" });
    this.files = h("div", { class: "files" });
    this.head = h("div", { class: "message-head" });
    this.node = h(
      "li",
      { class: "message", "data-ts": message.ts },
      avatar(desk.context.people.get(message.from.id) ?? message.from),
      h("div", { class: "message-main" }, this.head, this.body, this.files),
    );
    this.node.view = this;
    this.scope = {
      name: `${channel.id}/${message.ts}`,
      heading: "h3",
      values: {},
      get context() {
        return desk.context;
      },
      act: (action) =>
        desk.act({ channel: channel.id, message_ts: message.ts, state: this.scope.values, ...action }),
      options: (asked) => desk.options({ channel: channel.id, message_ts: message.ts, ...asked }),
    };
  }

  show({ message, follows }) {
    this.node.classList.toggle("private", message.private === true);
    this.node.classList.toggle("follows", follows);
    this.head.replaceChildren(
      ...[
        message.private ? h("p", { class: "private-mark" }, icon("eye"), "Only visible to you") : null,
        h("span", { class: "author" }, nameOf(message.from, this.scope.context)),
        message.from.is_bot ? h("span", { class: "badge" }, "App") : null,
        timeNode(momentOf(message)),
        message.edited ? h("span", { class: "edited" }, "(edited)") : null,
      ].filter(Boolean),
    );
    if (message.blocks?.length) patchBlocks(this.body, message.blocks, this.scope);
    else this.body.replaceChildren(textOnly(message.text ?? "", this.scope));
    patch(this.files, message.files ?? [], (file) => file.id, JSON.stringify, (file) => (file.download ? download(file) : figure(file.url, file.alt, file.title)));
    return this.node;
  }
}

function entriesOf(messages, now) {
  const entries = [];
  let before;
  for (const message of messages) {
    const moment = momentOf(message);
    const newDay = !before || momentOf(before).toDateString() !== moment.toDateString();
    if (newDay) entries.push({ key: `day ${moment.toDateString()}`, day: dayTitle(moment, now), moment });
    const follows =
      !newDay &&
      !message.private &&
      !before.private &&
      before.from.id === message.from.id &&
      message.ts - before.ts < RUN_OF_ONE_AUTHOR;
    entries.push({ key: `${message.ts} ${message.private === true}`, message, follows });
    before = message;
  }
  return entries;
}

const dayNode = (entry) => h("li", { class: "day" }, h("h2", {}, h("time", { datetime: entry.moment.toISOString() }, entry.day)));

export function showMessages(list, channel, desk) {
  patch(
    list,
    entriesOf(channel.messages, desk.context.now),
    (entry) => `${channel.id} ${entry.key}`,
    (entry) => JSON.stringify(entry),
    (entry, known) =>
      entry.message ? (known?.view ?? new MessageView(entry.message, channel, desk)).show(entry) : dayNode(entry),
  );
}
