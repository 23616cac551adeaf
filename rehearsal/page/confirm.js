// The question before a button that has `confirm`.
import { freshId, h } from "./dom.js";
import { plainString, textNodes } from "./mrkdwn.js";

export function confirmed(confirm, context) {
  const titleId = freshId("title");
  const textId = freshId("text");
  const style = confirm.style === "danger" ? "danger" : "primary";
  const dialog = h(
    "dialog",
    { class: "modal small", role: "alertdialog", "aria-labelledby": titleId, "aria-describedby": textId },
    h(
      "form",
      { method: "dialog" },
      h("div", { class: "modal-head" }, h("h2", { id: titleId }, plainString(confirm.title.text))),
      h("div", { id: textId, class: "modal-body text" }, textNodes(confirm.text, context)),
      h(
        "div",
        { class: "modal-foot" },
        h("button", { class: "button", value: "no" }, plainString(confirm.deny?.text ?? "Cancel")),
        h("button", { class: `button ${style}`, value: "yes", autofocus: true }, plainString(confirm.confirm.text)),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
