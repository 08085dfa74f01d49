// Files to save.

/** @typedef {import("./app.js").ExportItem} ExportItem @typedef {import("./app.js").App} App */

/** A name that any file system takes. @param {string} program @param {string} view @param {string} extension */
export function fileName(program, view, extension) {
  const base = (program || "heaplens").split("/").pop() ?? "";
  const plain =
    base
      .replace(/[^A-Za-z0-9._-]+/g, "_")
      .replace(/^[._]+/, "")
      .slice(0, 60) || "heaplens";
  return `${plain}-${view}.${extension}`;
}

/** Makes a file and hands it to the browser. @param {App} app @param {ExportItem} item */
export async function saveFile(app, item) {
  try {
    const part = await item.make();
    const url = URL.createObjectURL(part instanceof Blob ? part : new Blob([part], { type: item.type }));
    const link = document.createElement("a");
    link.href = url;
    link.download = fileName(app.index.program, app.store.state.view, item.extension);
    link.click();
    // The browser has the file by then.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    app.announce(`saved ${link.download}`);
  } catch (why) {
    app.announce(`not saved: ${why instanceof Error ? why.message : why}`);
  }
}
