// Memory over time, with the two marks that choose what is compared.

import { captureNotes, coursesOf } from "./courses.js";
import { courseText, curvesOf, FAINT, mostShown, nearestCapture, rising, valueNear } from "./curves.js";
import { BYTE_STEPS, drawCaptures, tickTexts, timeAxis, timeRange } from "./axes.js";
import { button, html, visible } from "./dom.js";
import { chartHandles } from "./handles.js";
import { leftOutMarks } from "./leftout.js";
import { curveLegend } from "./legend.js";
import { amount, scaleOf } from "./model.js";
import { counted, rangeText } from "./rate.js";
import { shownCaptures } from "./span.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./curves.js").Curve} Curve */
/** A chart of the library: see its documentation. @typedef {any} Plot */

/** On the answer it has a part of the window. */
const tallHeight = () => Math.round(Math.min(Math.max(220, innerHeight * 0.27), 420));
const LOW = 136;
/** Points that stand closer, in pixels, hide their curve. */
const CLOSEST_POINTS = 30;
/** Dumps of processes beside each other are made at nearly one time: this part of what is shown. */
const NEAR = 0.02;
/** With fewer captures there is no course to see. */
export const FEWEST_FOR_CHART = 3;

/** @param {App} app */
export function memoryChart(app) {
  const { index, clock, store } = app;
  const found = coursesOf(index);
  const left = index.captures.flatMap(({ run, left_out }, i) => (run < 0 && left_out ? [i] : []));
  /** The course that is looked at: that of B. */
  let lead = -1;
  /** @type {Curve[]} */
  let curves = [];
  const positions = rising(index.captures.map((_, i) => clock.position(i)));
  const last = positions.length - 1;
  /** First and last capture to show. @type {[number, number]} */
  let shownPart = [0, last];
  let isWhole = false;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  /** Null while the chart has no room, as the two below. @type {Plot} */
  let plot = null;
  /** @type {ReturnType<typeof chartHandles> | null} */
  let handles = null;
  /** @type {ReturnType<typeof leftOutMarks> | null} */
  let marks = null;
  let height = tallHeight();
  /** The capture under the pointer, -1 for none. */
  let pointed = -1;
  /** The one whose mark is pointed at or has the focus, -1 for none: no move of the chart's own takes it away. */
  let asked = -1;
  let { a, b } = store.state;
  let waiting = 0;
  let isDragged = false;
  let isHeld = false;

  const box = html("div", { class: "plot" });
  const when = html("span", { class: "when" });
  const legend = curveLegend(() => {
    drop();
    build();
  });
  const far = button("", () => {
    isWhole = !isWhole;
    follow();
  });
  // The answer is of the whole: from there, what the marks choose is a step away.
  const compare = button("Compare A and B", () => store.change({ view: "flame", zoom: "" }));
  const course = html("p", { class: "unseen" }, courseText(index, clock));
  const element = html(
    "section",
    { class: "chart", "aria-label": "memory over time" },
    html("div", { class: "charthead" }, html("h2", {}, "Memory over time"), compare, far, when, legend.element),
    course,
    box,
  );

  /** The curves and the part of the time that A and B ask for. @returns {boolean} whether they are others */
  function choose() {
    const wanted = found.of[b] >= 0 ? found.of[b] : Math.max(lead, 0);
    const isOther = wanted !== lead;
    if (isOther) curves = curvesOf(index, found, wanted);
    lead = wanted;
    const { run } = index.captures[b];
    const members = (found.courses[lead]?.captures ?? []).filter((i) => run < 0 || index.captures[i].run === run);
    const near = shownCaptures(positions, [...members, b, ...(a >= 0 ? [a] : [])]);
    const outside = positions.length - (near[1] - near[0] + 1);
    far.hidden = outside === 0;
    far.textContent = isWhole ? "Only the time looked at" : `Show ${counted(outside, "dump")} of other times`;
    const [from, to] = isWhole ? [0, last] : near;
    const isMoved = from !== shownPart[0] || to !== shownPart[1];
    shownPart = [from, to];
    if (isOther || isMoved) {
      const keys = new Set();
      const isSeen = (/** @type {Curve} */ { values }) =>
        values.some((value, i) => i >= from && i <= to && typeof value === "number");
      const told = curves.filter((curve) => isSeen(curve) && !keys.has(curve.key) && keys.add(curve.key));
      legend.list(told);
    }
    return isOther || isMoved;
  }

  /** Draws anew if A and B ask for something else than is drawn; where there is no room, once there is. */
  function follow() {
    // A mark that is dragged stays.
    if (!isHeld && (choose() || !plot)) {
      const held = ["a", "b"].find((which) => box.querySelector(`.mark.${which}`) === document.activeElement);
      drop();
      build();
      /** @type {HTMLElement | null} */ (held ? box.querySelector(`.mark.${held}`) : null)?.focus();
    }
    handles?.draw(a, b);
    tell();
  }

  /** Takes away what is drawn, with all that stands on it. */
  function drop() {
    plot?.destroy();
    plot = handles = marks = null;
    asked = -1;
  }

  const totalOf = (/** @type {number} */ capture) => amount(index.captures[capture].total, true);
  const css = (/** @type {string} */ name) => getComputedStyle(element).getPropertyValue(name).trim();

  function build() {
    const width = box.clientWidth;
    const uPlotClass = /** @type {any} */ (globalThis).uPlot;
    if (!uPlotClass || width < 50) return;
    // The one that is looked at is drawn over the others.
    const shown = curves.filter((curve) => legend.isOn(curve)).sort((x, y) => Number(y.isFaint) - Number(x.isFaint));
    const total = shown.find((curve) => curve.key === "total");
    const { restarts = [] } = found.courses[lead] ?? {};
    const edges = (/** @type {"low" | "high"} */ side) =>
      index.captures.map((capture, i) => (typeof total?.values[i] === "number" ? capture[side] : total?.values[i]));
    const band = total ? [edges("high"), edges("low")] : [];
    const most = mostShown([...shown.map(({ values }) => values), ...band], shownPart);
    const data = [positions, ...shown.map((curve) => curve.values), ...band];
    const gapsOf =
      (/** @type {import("./courses.js").Course | undefined} */ course) =>
      (
        /** @type {Plot} */ u,
        /** @type {number} */ _s,
        /** @type {number} */ _i,
        /** @type {number} */ _j,
        /** @type {[number, number][]} */ known,
      ) => {
        for (const { before, capture } of course?.restarts ?? [])
          known.push([u.valToPos(positions[before], "x", true), u.valToPos(positions[capture], "x", true)]);
        return known.sort((x, y) => x[0] - y[0]);
      };
    const count = shownPart[1] - shownPart[0] + 1;
    const hasRoomForPoints = (/** @type {Plot} */ u) => u.bbox.width / devicePixelRatio / count >= CLOSEST_POINTS;
    const series = shown.map((curve) => ({
      label: curve.name,
      stroke: () => css(curve.color),
      width: curve.width,
      alpha: curve.isFaint ? FAINT : 1,
      dash: curve.dash,
      gaps: gapsOf(found.courses[curve.course]),
      points: { show: hasRoomForPoints, size: 5 },
    }));
    /** @type {any[]} */
    const bands = [];
    if (total) {
      const gaps = gapsOf(found.courses[lead]);
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
        scales: { x: { time: clock.isDate, range: () => timeRange(shownPart.map((i) => positions[i])) }, y: { range: () => [0, most * 1.05] } },
        cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 7 } },
        axes: [
          { ...axis, size: clock.isDate ? 40 : 26, ...timeAxis(clock) },
          {
            ...axis,
            size: 72,
            incrs: BYTE_STEPS,
            space: 18,
            values: (/** @type {Plot} */ _u, /** @type {number[]} */ ticks) =>
              tickTexts(ticks.map(scale.write)).map((text) => `${text} ${scale.unit}`),
          },
        ],
        hooks: {
          // Where a capture stands is known once the chart is laid out, which may be after it is made.
          draw: [
            (/** @type {Plot} */ u) => drawCaptures(u, index, { positions, count, restarts, css }),
            () => handles?.draw(a, b),
            () => marks?.draw(),
          ],
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
      text: (capture) =>
        [`dump ${capture + 1} of ${positions.length}`, clock.long(capture), totalOf(capture)]
          .concat(captureNotes(index, capture))
          .join(", "),
      onMove,
    });
    handles.draw(a, b);
    marks = leftOutMarks(plot.over, left, {
      place: (capture) => plot.valToPos(positions[capture], "x"),
      text: (capture) => [clock.long(capture), ...captureNotes(index, capture)].join("; "),
      onPoint(capture) {
        asked = capture;
        tell();
      },
    });
    marks.draw();
    plot.over.addEventListener("pointerleave", () => {
      pointed = -1;
      tell();
    });
    tell();
  }

  /** @param {Plot} u */
  function point(u) {
    const left = u.cursor.left;
    pointed = typeof left === "number" && left >= 0 ? nearestCapture(positions, u.posToVal(left, "x")) : -1;
    tell();
  }

  /** Says the values of the capture under the pointer, or of B. */
  function tell() {
    const at = asked >= 0 ? asked : pointed;
    const i = at >= 0 ? at : b;
    const capture = index.captures[i];
    if (!capture) return;
    // Why it was left out is told at its mark: here it would move the chart away from under the pointer.
    when.textContent = `${at >= 0 ? "" : "B: "}${[clock.long(i), ...captureNotes(index, i, true)].join("; ")}`;
    when.title = [visible(capture.name), visible(capture.left_out)].filter(Boolean).join(": ");
    const [from, to] = shownPart;
    const isNear = (/** @type {number} */ other) =>
      Math.abs(positions[other] - positions[i]) <= NEAR * (positions[to] - positions[from]);
    for (const curve of curves) {
      const value = valueNear(curve.values, i, isNear);
      const hint = curve.key === "total" ? rangeText(capture.low, capture.high, false) : undefined;
      if (curve.key !== "others") legend.tell(curve, value === null ? "–" : amount(value, true), hint);
    }
  }

  /** @param {"a" | "b"} which @param {number} capture @param {boolean} isFinal */
  function onMove(which, capture, isFinal) {
    isHeld = !isFinal;
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
    if (isFinal) {
      change();
      follow();
    } else waiting = setTimeout(change, 60);
  }

  const measure = () => {
    if (!plot) {
      choose();
      build();
    } else if (box.clientWidth > 0) plot.setSize({ width: box.clientWidth, height });
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
      follow();
    },
  };
}
