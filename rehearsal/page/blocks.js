// Block Kit's blocks as DOM nodes. `patchBlocks` changes only what has changed.
import { freshId, h, keepingFocus, patch } from "./dom.js";
import { elementNode, isGroup } from "./elements.js";
import { markdown } from "./markdown.js";
import { channelLink, dateNode, emojiNode, link, mention, mrkdwn, plain, plainString, textNodes } from "./mrkdwn.js";

const sameOrigin = (url) => new URL(url, location.href).origin === location.origin || url.startsWith("data:image/");

function imageUrl(block) {
  if (block.image_url) return block.image_url;
  return block.slack_file?.id ? `/rehearsal/files/${block.slack_file.id}.png` : block.slack_file?.url;
}

// Nothing leaves this computer, so an image from elsewhere is only named.
function imageNode(url, alt, title, className) {
  if (!url || !sameOrigin(url)) return h("span", { class: "unknown" }, `Not loaded in the rehearsal: ${alt ?? ""}`);
  return h("img", { src: url, alt: alt ?? "", title: title ?? alt, class: className });
}

export function figure(url, alt, title) {
  const image = imageNode(url, alt, title, "picture");
  return h(
    "figure",
    {},
    title ? h("figcaption", {}, title) : null,
    image.tagName === "IMG" ? h("a", { href: url, target: "_blank", rel: "noopener" }, image) : image,
  );
}

function header(block, scope) {
  return h(scope.heading, { class: "header" }, plain(block.text.text, block.text.emoji !== false));
}

function section(block, scope) {
  const { text, fields, accessory } = block;
  const textId = freshId("text");
  const body = h("div", { class: "section-text" });
  if (text) body.append(h("div", { id: textId, class: "text" }, textNodes(text, scope.context)));
  if (fields) body.append(h("div", { class: "fields" }, fields.map((one) => h("div", { class: "text" }, textNodes(one, scope.context)))));
  if (!accessory) return body;
  const side =
    accessory.type === "image"
      ? imageNode(imageUrl(accessory), accessory.alt_text, null, "thumbnail")
      : elementNode(accessory, block, scope, { labelId: text && accessory.type !== "button" ? textId : undefined });
  return h("div", { class: "section" }, body, h("div", { class: "accessory" }, side));
}

function contextLine(block, scope) {
  return h(
    "div",
    { class: "context" },
    block.elements.map((one) =>
      one.type === "image"
        ? imageNode(imageUrl(one), one.alt_text, null, "tiny")
        : h("div", { class: "text" }, textNodes(one, scope.context)),
    ),
  );
}

const actions = (block, scope) =>
  h("div", { class: "actions" }, block.elements.map((element) => elementNode(element, block, scope)));

function input(block, scope) {
  const labelId = freshId("label");
  const controlId = freshId("control");
  const hintId = freshId("hint");
  const errorId = freshId("error");
  const labelText = plainString(block.label.text);
  const control = elementNode(block.element, block, scope, {
    labelId,
    controlId,
    describedBy: `${hintId} ${errorId}`,
    fallbackLabel: labelText,
    dispatches: block.dispatch_action === true,
  });
  const name = [labelText, block.optional ? h("span", { class: "optional" }, " (optional)") : null];
  return h(
    "div",
    { class: "input" },
    isGroup(block.element) ? h("div", { id: labelId, class: "label" }, name) : h("label", { id: labelId, class: "label", for: controlId }, name),
    control,
    h("p", { id: hintId, class: "hint" }, block.hint ? plain(block.hint.text) : null),
    h("p", { id: errorId, class: "error", "data-error": true }),
  );
}

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code" };

const RICH = {
  text: (one) => one.text,
  link: (one) => link(one.url, one.text ?? one.url),
  emoji: (one) => emojiNode(one.name),
  user: (one, context) => mention(one.user_id, context),
  channel: (one, context) => channelLink(one.channel_id, undefined, context),
  broadcast: (one) => h("span", { class: "mention" }, `@${one.range}`),
  date: (one, context) => dateNode(one.timestamp, one.format, one.url, one.fallback ?? "", context),
};

function richInline(one, context) {
  const content = RICH[one.type] ? RICH[one.type](one, context) : `[${one.type}]`;
  return Object.entries(STYLES).reduce((node, [style, tag]) => (one.style?.[style] ? h(tag, {}, node) : node), content);
}

const richLine = (part, context) => part.elements.map((one) => richInline(one, context));

function richPart(part, context) {
  if (part.type === "rich_text_list") {
    const items = part.elements.map((item) => h("li", {}, richLine(item, context)));
    return h(part.style === "ordered" ? "ol" : "ul", { class: `indent-${part.indent ?? 0}` }, items);
  }
  const tag = { rich_text_preformatted: "pre", rich_text_quote: "blockquote" }[part.type] ?? "div";
  return h(tag, { class: "text" }, richLine(part, context));
}

const richText = (block, scope) => h("div", { class: "rich" }, block.elements.map((part) => richPart(part, scope.context)));

function cell(one, tag, column, scope) {
  const content = one.type === "rich_text" ? richText(one, scope) : String(one.text ?? one.value ?? "");
  const align = column?.align ?? (one.type === "raw_number" ? "right" : "left");
  return h(tag, { class: `align-${align}${column?.is_wrapped ? " wrapped" : ""}`, scope: tag === "th" ? "col" : null }, content);
}

function table(block, scope) {
  const row = (cells, tag) => h("tr", {}, cells.map((one, n) => cell(one, tag, block.column_settings?.[n], scope)));
  const [first, ...rest] = block.rows;
  return h(
    "div",
    { class: "table", role: "region", tabindex: "0", "aria-label": "Table" },
    h("table", {}, h("thead", {}, row(first, "th")), h("tbody", {}, rest.map((cells) => row(cells, "td")))),
  );
}

const BLOCKS = {
  header,
  section,
  context: contextLine,
  divider: () => h("hr"),
  actions,
  image: (block) => figure(imageUrl(block), block.alt_text, block.title && plainString(block.title.text)),
  input,
  rich_text: richText,
  table,
  markdown: (block) => h("div", { class: "rich" }, markdown(block.text)),
};

function blockNode(block, scope) {
  const make = BLOCKS[block.type];
  const content = make ? make(block, scope) : h("p", { class: "unknown" }, `A block of type “${block.type}” that this page cannot show.`);
  return h("div", { class: `block block-${block.type}`, "data-block": block.block_id }, content);
}

// In a modal, what was filled in survives a change of its block, as in Slack; elsewhere the bot's new values win.
export function patchBlocks(container, blocks, scope) {
  const entries = blocks.map((block, n) => ({ block, key: block.block_id ?? `${n}` }));
  keepingFocus(() =>
    patch(
      container,
      entries,
      (entry) => entry.key,
      (entry) => JSON.stringify(entry.block),
      (entry, known) => {
        if (known && !scope.keepsInput) delete scope.values[entry.block.block_id];
        return blockNode(entry.block, scope);
      },
    ),
  );
}

export const textOnly = (text, scope) => h("div", { class: "text" }, mrkdwn(text, scope.context));
