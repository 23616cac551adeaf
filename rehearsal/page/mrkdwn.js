// Slack's mrkdwn as DOM nodes. `context` has people and channels (Maps by id), me, now and goTo(channel id).
import { formatDate, whole } from "./dates.js";
import { h } from "./dom.js";
import { EMOJI } from "./emoji.js";

const TAGS = { "*": "strong", _: "em", "~": "s" };
const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
const isWord = (character) => character !== undefined && /[\p{L}\p{N}]/u.test(character);
const SAFE = /^(https?:|mailto:|tel:)/i;

export function link(url, label) {
  if (!SAFE.test(url)) return h("span", {}, label);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

export function mention(id, context) {
  const person = context.people.get(id);
  const mine = id === context.me.id;
  return h("span", { class: mine ? "mention mine" : "mention" }, `@${person?.real_name ?? person?.name ?? id}`);
}

export function channelLink(id, name, context) {
  const channel = context.channels.get(id);
  const label = `#${channel?.name ?? name ?? id}`;
  if (!channel) return h("span", { class: "mention" }, label);
  return h("button", { type: "button", class: "mention", onclick: () => context.goTo(id) }, label);
}

export function dateNode(seconds, format, url, fallback, context) {
  const moment = new Date(Number(seconds) * 1000);
  if (Number.isNaN(moment.getTime())) return fallback;
  const node = h(
    "time",
    { datetime: moment.toISOString(), title: whole(moment) },
    formatDate(moment, format, context.now),
  );
  return url ? link(url, node) : node;
}

export function emojiNode(name) {
  const known = EMOJI[name];
  return known ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, known) : `:${name}:`;
}

function special(inside, label, context) {
  const [what, ...rest] = inside.split("^");
  if (what === "date") return dateNode(rest[0], rest[1] ?? "", rest[2], unescape(label ?? inside), context);
  return h("span", { class: "mention" }, label ? unescape(label) : `@${what}`);
}

function angle(inside, context) {
  const cut = inside.indexOf("|");
  const target = cut < 0 ? inside : inside.slice(0, cut);
  const label = cut < 0 ? undefined : inside.slice(cut + 1);
  if (target[0] === "@") return mention(target.slice(1), context);
  if (target[0] === "#") return channelLink(target.slice(1), label, context);
  if (target[0] === "!") return special(target.slice(1), label, context);
  const url = unescape(target);
  return link(url, label ? unescape(label) : url.replace(/^mailto:/, ""));
}

// A mark opens after a non-word and before a non-space, and closes the other way round.
function styled(text, at) {
  const mark = text[at];
  if (!TAGS[mark] || isWord(text[at - 1]) || /\s|^$/.test(text[at + 1] ?? "") || text[at + 1] === mark) return null;
  for (let end = text.indexOf(mark, at + 2); end > 0; end = text.indexOf(mark, end + 1)) {
    if (!/\s/.test(text[end - 1]) && !isWord(text[end + 1]) && text[end + 1] !== mark) {
      return { tag: TAGS[mark], inside: text.slice(at + 1, end), end: end + 1 };
    }
  }
  return null;
}

const PIECES = [
  [/`([^`\n]+)`/y, (found) => h("code", {}, unescape(found[1]))],
  [/<([^<>\n]+)>/y, (found, context) => angle(found[1], context)],
  [/:([a-z0-9_+'-]+):/y, (found) => emojiNode(found[1])],
  [/https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)"']/y, (found) => link(unescape(found[0]), unescape(found[0]))],
];

function piece(text, at, context) {
  for (const [pattern, make] of PIECES) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return { node: make(found, context), end: at + found[0].length };
  }
  const style = styled(text, at);
  return style && { node: h(style.tag, {}, inline(style.inside, context)), end: style.end };
}

export function inline(text, context) {
  const nodes = [];
  let plainFrom = 0;
  for (let at = 0; at < text.length; ) {
    const found = /[`<:h*_~]/.test(text[at]) ? piece(text, at, context) : null;
    if (!found) {
      at += 1;
      continue;
    }
    if (at > plainFrom) nodes.push(unescape(text.slice(plainFrom, at)));
    nodes.push(found.node);
    at = plainFrom = found.end;
  }
  if (plainFrom < text.length) nodes.push(unescape(text.slice(plainFrom)));
  return nodes;
}

const withBreaks = (lines, make) => lines.flatMap((line, n) => (n ? [h("br"), ...make(line)] : make(line)));

const QUOTE = /^(?:>|&gt;) ?/;

function paragraphs(text, context) {
  const nodes = [];
  const lines = text.split("\n");
  for (let n = 0; n < lines.length; ) {
    const quoted = QUOTE.test(lines[n]);
    let end = n + 1;
    while (end < lines.length && QUOTE.test(lines[end]) === quoted) end += 1;
    const group = lines.slice(n, end).map((line) => (quoted ? line.replace(QUOTE, "") : line));
    const content = withBreaks(group, (line) => inline(line, context));
    nodes.push(...(quoted ? [h("blockquote", {}, content)] : content));
    n = end;
  }
  return nodes;
}

export function mrkdwn(text, context) {
  return text.split(/```\n?([\s\S]+?)\n?```\n?/).flatMap((part, n) => {
    if (n % 2) return [h("pre", {}, h("code", {}, unescape(part)))];
    return part ? paragraphs(part, context) : [];
  });
}

export function plain(text, emoji = true) {
  const inLine = (line) =>
    emoji ? line.split(/:([a-z0-9_+'-]+):/).map((part, n) => (n % 2 ? emojiNode(part) : unescape(part))) : [unescape(line)];
  return withBreaks(text.split("\n"), inLine);
}

export const plainString = (text) => unescape(text ?? "").replace(/:([a-z0-9_+'-]+):/g, (all, name) => EMOJI[name] ?? all);

export const textNodes = (object, context) =>
  object.type === "mrkdwn" ? mrkdwn(object.text, context) : plain(object.text, object.emoji !== false);
