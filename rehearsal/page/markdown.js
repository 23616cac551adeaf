// The common part of Markdown, for `markdown` blocks: headings, lists, quotes, fences, rules and inline marks.
import { h } from "./dom.js";
import { emojiNode, link } from "./mrkdwn.js";

const INLINE = [
  [/`([^`]+)`/y, (found) => h("code", {}, found[1])],
  [/\[([^\]]+)\]\(([^()\s]+)\)/y, (found) => link(found[2], inline(found[1]))],
  [/\*\*(\S(?:.*?\S)?)\*\*/y, (found) => h("strong", {}, inline(found[1]))],
  [/~~(\S(?:.*?\S)?)~~/y, (found) => h("s", {}, inline(found[1]))],
  [/[*_](\S(?:.*?\S)?)[*_](?!\w)/y, (found) => h("em", {}, inline(found[1]))],
  [/:([a-z0-9_+'-]+):/y, (found) => emojiNode(found[1])],
];

function inline(text) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const found = INLINE.map(([pattern, make]) => {
      pattern.lastIndex = at;
      const hit = pattern.exec(text);
      return hit && { node: make(hit), length: hit[0].length };
    }).find(Boolean);
    if (found) {
      if (plain) nodes.push(plain);
      plain = "";
      nodes.push(found.node);
    } else plain += text[at];
    at += found ? found.length : 1;
  }
  return plain ? [...nodes, plain] : nodes;
}

const BULLET = /^\s*[-*+] +/;
const NUMBER = /^\s*\d+[.)] +/;
const QUOTE = /^> ?/;

const KINDS = [
  [/^(#{1,6}) +(.*)$/, (line) => h("p", { class: "markdown-heading" }, h("strong", {}, inline(line.replace(/^#+ +/, ""))))],
  [/^(-{3,}|\*{3,})\s*$/, () => h("hr")],
];

function run(lines, from, pattern) {
  let end = from;
  while (end < lines.length && pattern.test(lines[end])) end += 1;
  return lines.slice(from, end).map((line) => line.replace(pattern, ""));
}

function group(lines, at) {
  for (const [pattern, tag] of [[BULLET, "ul"], [NUMBER, "ol"]]) {
    const items = run(lines, at, pattern);
    if (items.length) return { node: h(tag, {}, items.map((item) => h("li", {}, inline(item)))), end: at + items.length };
  }
  const quoted = run(lines, at, QUOTE);
  if (quoted.length) return { node: h("blockquote", {}, markdown(quoted.join("\n"))), end: at + quoted.length };
  const kind = KINDS.find(([pattern]) => pattern.test(lines[at]));
  return { node: kind ? kind[1](lines[at]) : h("p", {}, inline(lines[at])), end: at + 1 };
}

export function markdown(text) {
  return text.split(/```\w*\n([\s\S]*?)\n```\n?/).flatMap((part, n) => {
    if (n % 2) return [h("pre", {}, h("code", {}, part))];
    const lines = part.split("\n").filter((line) => line.trim());
    const nodes = [];
    for (let at = 0; at < lines.length; ) {
      const made = group(lines, at);
      nodes.push(made.node);
      at = made.end;
    }
    return nodes;
  });
}
