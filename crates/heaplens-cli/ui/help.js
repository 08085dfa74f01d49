// The list of keys.

import { button, html } from "./dom.js";
import { KEYS } from "./keys.js";

/** A dialog with all keys. */
export function helpDialog() {
  const groups = [...new Set(KEYS.map(({ group }) => group))];
  const sections = groups.map((group) =>
    html(
      "section",
      {},
      html("h3", {}, group),
      html(
        "dl",
        {},
        ...KEYS.filter((key) => key.group === group).map(({ keys, text }) =>
          html(
            "div",
            {},
            html("dt", {}, ...keys.flatMap((key, i) => [i > 0 && " ", html("kbd", {}, key)])),
            html("dd", {}, text),
          ),
        ),
      ),
    ),
  );
  const dialog = /** @type {HTMLDialogElement} */ (html("dialog", { class: "help", "aria-labelledby": "helptitle" }));
  dialog.append(
    html(
      "header",
      {},
      html("h2", { id: "helptitle" }, "Keys"),
      button("close", () => dialog.close(), { class: "quiet" }),
    ),
    html("div", { class: "groups" }, ...sections),
  );
  // A click on what lies around it closes it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return {
    dialog,
    toggle() {
      if (dialog.open) dialog.close();
      else dialog.showModal();
    },
  };
}
