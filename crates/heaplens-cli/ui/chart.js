// Memory over time, with the two marks that choose what is compared.

import { courseText, curvesOf, mostShown, nearestCapture, restartsOf, rising } from "./curves.js";
import { BYTE_STEPS, drawCaptures, timeAxis, timeRange } from "./axes.js";
import { button, html, svgHtml, visible } from "./dom.js";
import { chartHandles } from "./handles.js";
import { amount, scaleOf } from "./model.js";
import { rangeText } from "./rate.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./curves.js").Curve} Curve */
/** A chart of the library: see its documentation. @typedef {any} Plot */

/** On the answer it has a part of the window. */
const tallHeight = () => Math.round(Math.min(Math.max(220, innerHeight * 0.27), 420));
const LOW = 136;
/** With fewer captures there is no course to see. */
export const FEWEST_FOR_CHART = 3;

/** @param {App} app */
export function memoryChart(app) {
  const { index, clock, store } = app;
  const curves = curvesOf(index);
  const positions = rising(index.captures.map((_, i) => clock.position(i)));
  const restarts = restartsOf(index);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  /** @type {Set<string>} */
  const off = new Set();
  /** @type {Plot} */
  let plot = null;
  let height = tallHeight();
  /** The capture under the pointer, -1 for none. */
  let pointed = -1;
  let { a, b } = store.state;
  let waiting = 0;
  let isDragged = false;

  const box = html("div", { class: "plot" });
  const when = html("span", { class: "when" });
  const legend = html("div", { class: "legend", role: "group", "aria-label": "curves" });
  /** @type {Map<string, HTMLElement>} */
  const figures = new Map();
  for (const curve of curves) legend.append(legendItem(curve));
  // The answer is of the whole: from there, what the marks choose is a step away.
  const compare = button("Compare A and B", () => store.change({ view: "flame", zoom: "" }));
  const course = html("p", { class: "unseen" }, courseText(index, clock));
  const element = html(
    "section",
    { class: "chart", "aria-label": "memory over time" },
    html("div", { class: "charthead" }, html("h2", {}, "Memory over time"), compare, when, legend),
    course,
    box,
  );

  /** @param {Curve} curve */
  function legendItem(curve) {
    const line = svgHtml("line", {
      x1: 0,
      y1: 6,
      x2: 26,
      y2: 6,
      "stroke-width": 2,
      "stroke-dasharray": curve.dash.join(" "),
    });
    line.style.stroke = `var(${curve.color})`;
    const figure = html("span", { class: "figure" });
    figures.set(curve.key, figure);
    const item = html("button", {
      type: "button",
      "aria-pressed": "true",
      title: `${curve.hint}; click to hide or show`,
    });
    item.append(svgHtml("svg", { width: 26, height: 12, "aria-hidden": "true" }, line), ` ${curve.name} `, figure);
    item.addEventListener("click", () => {
      if (!off.delete(curve.key)) off.add(curve.key);
      item.setAttribute("aria-pressed", String(!off.has(curve.key)));
      plot?.destroy();
      plot = null;
      build();
    });
    return item;
  }

  const totalOf = (/** @type {number} */ capture) => amount(index.captures[capture].total, true);
  const css = (/** @type {string} */ name) => getComputedStyle(element).getPropertyValue(name).trim();

  function build() {
    const width = box.clientWidth;
    const uPlotClass = /** @type {any} */ (globalThis).uPlot;
    if (!uPlotClass || width < 50) return;
    const shown = curves.filter((curve) => !off.has(curve.key));
    const total = shown.find((curve) => curve.key === "total");
    const most = mostShown(shown, total ? index.captures : []);
    const data = [positions, ...shown.map((curve) => curve.values)];
    const gaps = (
      /** @type {Plot} */ u,
      /** @type {number} */ _s,
      /** @type {number} */ _i,
      /** @type {number} */ _j,
      /** @type {[number, number][]} */ known,
    ) => {
      for (const i of restarts)
        known.push([u.valToPos(positions[i - 1], "x", true), u.valToPos(positions[i], "x", true)]);
      return known.sort((x, y) => x[0] - y[0]);
    };
    const series = shown.map((curve) => ({
      label: curve.name,
      stroke: () => css(curve.color),
      width: curve.width,
      dash: curve.dash,
      gaps,
      points: { show: positions.length <= 40, size: 5 },
    }));
    /** @type {any[]} */
    const bands = [];
    if (total) {
      data.push(
        index.captures.map((c) => c.high),
        index.captures.map((c) => c.low),
      );
      for (const label of ["high", "low"])
        series.push(/** @type {any} */ ({ label, stroke: "transparent", width: 0, gaps, points: { show: false } }));
      bands.push({ series: [data.length - 2, data.length - 1], fill: () => css("--curve-band") });
    }
    const scale = scaleOf(most);
    const axis = {
      stroke: () => css("--muted"),
      font: `12px ${css("--text-font")}`,
      ticks: { show: false },
      grid: { stroke: () => css("--grid"), width: 1 },
    };
    plot = new uPlotClass(
      {
        width,
        height,
        padding: [18, 30, 0, 0],
        legend: { show: false },
        series: [{}, ...series],
        bands,
        scales: { x: { time: clock.isDate, range: () => timeRange(positions) }, y: { range: () => [0, most * 1.05] } },
        cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 7 } },
        axes: [
          { ...axis, size: clock.isDate ? 40 : 26, ...timeAxis(clock) },
          {
            ...axis,
            size: 72,
            incrs: BYTE_STEPS,
            space: 18,
            values: (/** @type {Plot} */ _u, /** @type {number[]} */ ticks) =>
              ticks.map((tick) => `${scale.write(tick)} ${scale.unit}`),
          },
        ],
        hooks: {
          // Where a capture stands is known once the chart is laid out, which may be after it is made.
          draw: [(/** @type {Plot} */ u) => drawCaptures(u, index, positions, restarts, css), () => handles?.draw(a, b)],
          setCursor: [point],
        },
      },
      data,
      box,
    );
    handles = chartHandles(plot.over, {
      count: positions.length,
      positions,
      place: (capture) => plot.valToPos(positions[capture], "x"),
      positionAt: (x) => plot.posToVal(x, "x"),
      text: (capture) => `dump ${capture + 1} of ${positions.length}, ${clock.long(capture)}, ${totalOf(capture)}`,
      onMove,
    });
    handles.draw(a, b);
    plot.over.addEventListener("pointerleave", () => {
      pointed = -1;
      tell();
    });
    tell();
  }

  /** @type {ReturnType<typeof chartHandles> | null} */
  let handles = null;

  /** @param {Plot} u */
  function point(u) {
    const left = u.cursor.left;
    pointed = typeof left === "number" && left >= 0 ? nearestCapture(positions, u.posToVal(left, "x")) : -1;
    tell();
  }

  /** Says the values of the capture under the pointer, or of B. */
  function tell() {
    const i = pointed >= 0 ? pointed : b;
    const capture = index.captures[i];
    if (!capture) return;
    const left = capture.left_out ? `; left out: ${capture.left_out}` : "";
    when.textContent = `${pointed >= 0 ? "" : "B: "}${clock.long(i)}${left}`;
    when.title = visible(capture.name);
    for (const curve of curves) {
      const value = curve.values[i];
      const figure = figures.get(curve.key);
      if (!figure) continue;
      figure.textContent = value === null ? "–" : amount(value, true);
      if (curve.key === "total") figure.title = rangeText(capture.low, capture.high, false);
    }
  }

  /** @param {"a" | "b"} which @param {number} capture @param {boolean} isFinal */
  function onMove(which, capture, isFinal) {
    if (which === "a") a = capture;
    else b = capture;
    handles?.draw(a, b);
    tell();
    clearTimeout(waiting);
    // While a mark is dragged what is shown follows, but not at the cost of a request a pixel.
    // All of a drag is one step to come back from.
    const change = () => {
      store.change({ [which]: capture }, isDragged ? "replace" : "push");
      isDragged = !isFinal;
    };
    if (isFinal) change();
    else waiting = setTimeout(change, 60);
  }

  const measure = () => {
    if (!plot) build();
    else if (box.clientWidth > 0) plot.setSize({ width: box.clientWidth, height });
    handles?.draw(a, b);
  };
  // With the next picture: what changes sizes while they are told of makes the browser complain.
  new ResizeObserver(() => requestAnimationFrame(measure)).observe(box);
  dark.addEventListener("change", () => plot?.redraw());

  return {
    element,
    /** @param {State} state */
    show(state) {
      ({ a, b } = state);
      const wanted = state.view === "answer" ? tallHeight() : LOW;
      element.classList.toggle("low", wanted === LOW);
      compare.hidden = wanted === LOW;
      compare.textContent = a < 0 ? "Show B" : "Compare A and B";
      if (wanted !== height) {
        height = wanted;
        plot?.setSize({ width: box.clientWidth, height });
      }
      handles?.draw(a, b);
      tell();
    },
  };
}
