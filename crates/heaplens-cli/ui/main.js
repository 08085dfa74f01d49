// Finds the data, builds the page, and keeps what is shown as the URL says.

import { answerPage } from "./answer.js";
import { callersPage } from "./callers.js";
import { FEWEST_FOR_CHART, memoryChart } from "./chart.js";
import { embeddedHome, gunzip, serverHome } from "./decode.js";
import { html } from "./dom.js";
import { flamePage } from "./flamepage.js";
import { pageHead } from "./frame.js";
import { helpDialog } from "./help.js";
import { listenToKeys } from "./keys.js";
import { closeMenu } from "./menu.js";
import { modulesPage } from "./modules.js";
import { sourcePage } from "./source.js";
import { stateStore } from "./state.js";
import { suspectsPage } from "./suspects.js";
import { threadsPage } from "./threads.js";
import { clockOf } from "./times.js";
import { toolbar } from "./toolbar.js";
import { topPage } from "./topview.js";
import { workOf } from "./work.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./types.js").State} State */

/** @type {Record<State["view"], (app: App) => Page>} */
const PAGES = {
  answer: answerPage,
  flame: flamePage,
  top: topPage,
  callers: callersPage,
  suspects: suspectsPage,
  threads: threadsPage,
  modules: modulesPage,
  source: sourcePage,
};

/** The data: in the file itself, else from the server that the page is from. */
async function findHome() {
  const data = document.querySelector("script#data")?.textContent?.trim();
  if (data) return embeddedHome(await gunzip(data));
  if (location.protocol === "file:")
    throw new Error("this file has no data in it; heaplens report writes one that has");
  return serverHome(".", (url) => fetch(url));
}

/** What the browser lacks, in words; empty if it has all. */
function lacking() {
  if (typeof DecompressionStream === "undefined")
    return "This browser cannot unpack the data (it lacks DecompressionStream). Any browser of 2023 or later can.";
  if (!Array.prototype.findLastIndex)
    return "This browser is too old for this page. Any browser of 2023 or later will do.";
  return "";
}

/** @param {import("./types.js").Home} home */
function build(home) {
  const { index } = home;
  if (index.captures.length === 0) throw new Error("there is no dump in it");
  const live = html("div", { class: "unseen", role: "status", "aria-live": "polite" });
  /** @type {App} */
  const app = {
    home,
    index,
    clock: clockOf(index),
    store: stateStore(index),
    work: workOf(home),
    announce: (text) => {
      live.textContent = "";
      // The same text twice is said twice only if it has been away.
      requestAnimationFrame(() => live.append(html("span", {}, text)));
    },
    matched: (text, isProblem) => tools.matched(text, isProblem),
  };
  const { store } = app;
  /** @type {Map<State["view"], Page>} */
  const pages = new Map();
  const page = () => {
    const { view } = store.state;
    const known = pages.get(view);
    if (known) return known;
    const made = PAGES[view](app);
    pages.set(view, made);
    main.append(made.element);
    return made;
  };
  const main = html("main", { id: "main", tabindex: -1 });
  const tools = toolbar(app, () => page().exports());
  const head = pageHead(app, { exportMenu: () => tools.openExport(head.exportButton), help: () => help.toggle() });
  const help = helpDialog();
  const chart = index.captures.length >= FEWEST_FOR_CHART ? memoryChart(app) : null;
  const skip = html("a", { class: "skip", href: "#main" }, "to the content");
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  document.getElementById("boot")?.remove();
  document.body.append(skip, head.element, ...(chart ? [chart.element] : []), tools.element, main, live, help.dialog);
  document.title = `${index.title || "heap"} – heaplens`;

  /** @param {State} state @param {Set<keyof State> | null} changed */
  const show = (state, changed) => {
    const isNew = !changed || changed.has("view");
    if (isNew) closeMenu();
    const current = page();
    for (const one of pages.values()) one.element.hidden = one !== current;
    document.body.classList.toggle("fill", current.element.classList.contains("fill"));
    // The answer has its own place for the chart; elsewhere the chart says what is compared.
    if (chart && isNew) {
      const slot = current.element.querySelector(".chartslot");
      if (slot) slot.append(chart.element);
      else tools.element.before(chart.element);
      chart.element.hidden = state.view === "modules" || state.view === "suspects";
    }
    head.show(state);
    tools.show(state);
    chart?.show(state);
    current.show(state, isNew ? null : changed);
    if (changed && isNew) {
      scrollTo(0, 0);
      const focused = document.activeElement;
      if (!focused || focused === document.body || focused.closest("[hidden]")) main.focus();
    }
  };
  store.listen(show);
  listenToKeys({
    app,
    search: () => {
      if (tools.hasSearch()) {
        tools.focusSearch();
        return true;
      }
      const input = page().element.querySelector("input");
      input?.focus();
      return input !== null;
    },
    exportMenu: () => tools.openExport(head.exportButton),
    help: () => help.toggle(),
    escape: () => {
      if (closeMenu()) return;
      const { view, search, zoom, filter, callersZoom, calleesZoom } = store.state;
      if (tools.hasSearch() && search) store.change({ search: "" }, "replace");
      else if (filter) store.change({ filter: "" }, "replace");
      else if (view === "callers" && (callersZoom || calleesZoom)) store.change({ callersZoom: "", calleesZoom: "" });
      else if (zoom) store.change({ zoom: "" });
      else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    },
    focusView: () => page().focus(),
  });
  show(store.state, null);
}

/** Says in words why there is nothing to see. @param {string} text */
function fail(text) {
  const boot = document.getElementById("boot") ?? html("p", { class: "boot" });
  boot.classList.add("error");
  boot.setAttribute("role", "alert");
  boot.textContent = text;
  if (!boot.isConnected) document.body.prepend(boot);
}

const lack = lacking();
if (lack) {
  fail(lack);
} else {
  try {
    build(await findHome());
  } catch (why) {
    fail(`The profile could not be shown: ${why instanceof Error ? why.message : String(why)}`);
    console.error(why);
  }
}
