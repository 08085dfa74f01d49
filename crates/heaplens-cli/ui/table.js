// A table of any length: only the rows in sight are elements. Sorted by its heads, filtered by its box, read by keys.

import { html, shortened, visible } from "./dom.js";
import { grouped } from "./model.js";
import { filtered, nextOrder, ordered, parseOrder, rowWindow } from "./order.js";

/** @template T @typedef {import("./order.js").Column<T>} Column */

/**
 * `order` is that of the rows as they come. In tall rows the name has a line of its own. `onState` is told of a new
 * order or filter, and nothing is changed until `update` says so. `onMenu` gets a point of the window.
 * @template T
 * @typedef {{
 *   label: string, isTall?: boolean, columns: Column<T>[], order: string, filterText: (row: T) => string,
 *   nothing: string,
 *   onState: (change: {sort: string} | {filter: string}, how: "push" | "replace") => void,
 *   onOpen?: (row: T) => void, onMenu?: (row: T, x: number, y: number) => void
 * }} TableOptions
 */

/** Longer texts are cut in a cell; the whole of it is in the title and in the files. */
const LONGEST_CELL = 300;
const LONGEST_HINT = 2000;
const ROW_HEIGHT = 28;
const TALL_ROW = 50;
const NARROW = 640;

let tables = 0;

/** @template T @param {TableOptions<T>} options */
export function dataTable(options) {
  const id = `table${++tables}`;
  let { columns } = options;
  /** @type {T[]} */
  let all = [];
  /** @type {T[]} */
  let rows = [];
  /** @type {WeakMap<object, string>} */
  const texts = new WeakMap();
  let order = options.order;
  let filter = "";
  let active = -1;
  let isNarrow = false;
  let waiting = 0;

  const input = /** @type {HTMLInputElement} */ (
    html("input", {
      type: "search",
      placeholder: "filter",
      "aria-label": `filter ${options.label}`,
      spellcheck: "false",
      autocomplete: "off",
      class: "filter",
      "data-key": "f",
    })
  );
  const count = html("span", { class: "muted count", role: "status" });
  const head = html("div", { class: "row head", role: "row", "aria-rowindex": 1 });
  const body = html("div", { class: "rows", role: "rowgroup" });
  const space = html("div", { class: "space", role: "presentation" }, body);
  const nothing = html("p", { class: "muted nothing", hidden: "" });
  const grid = html(
    "div",
    { class: "grid", id, role: "grid", tabindex: 0, "aria-label": options.label },
    html("div", { role: "rowgroup", class: "heads" }, head),
    space,
  );
  const bar = html("div", { class: "tablebar" }, input, count);
  const element = html("div", { class: options.isTall ? "table tall" : "table" }, bar, grid, nothing);

  const rowHeight = () => (isNarrow || options.isTall ? TALL_ROW : ROW_HEIGHT);
  const shownColumns = () => columns.filter((column) => !isNarrow || !column.wide);

  const textOf = (/** @type {T} */ row) => {
    let text = texts.get(/** @type {object} */ (row));
    if (text === undefined) texts.set(/** @type {object} */ (row), (text = options.filterText(row).toLowerCase()));
    return text;
  };

  const drawHead = () => {
    const { key, isDown } = parseOrder(order);
    head.replaceChildren(
      ...shownColumns().map((column, i) => {
        const isBy = column.key === key;
        const cell = html("div", {
          class: `cell ${column.kind}`,
          role: "columnheader",
          "aria-colindex": i + 1,
          title: column.hint ?? null,
          "aria-sort": column.sort ? (isBy ? (isDown ? "descending" : "ascending") : "none") : null,
        });
        if (!column.sort) {
          cell.append(column.title);
          return cell;
        }
        const button = html(
          "button",
          { type: "button" },
          column.title,
          html("span", { "aria-hidden": "true" }, isBy ? (isDown ? " ↓" : " ↑") : ""),
        );
        button.addEventListener("click", () => options.onState({ sort: nextOrder(order, column) }, "push"));
        cell.append(button);
        return cell;
      }),
    );
    grid.style.setProperty(
      "--columns",
      shownColumns()
        .filter((column) => !options.isTall || column.kind !== "name")
        .map((column) => column.width)
        .join(" "),
    );
    grid.style.setProperty("--figures", String(shownColumns().filter((column) => column.kind !== "name").length));
    grid.setAttribute("aria-colcount", String(shownColumns().length));
  };

  /** @param {T} row @param {Column<T>} column @param {number} at */
  const drawCell = (row, column, at) => {
    const text = column.text(row);
    const cell = html("div", { class: `cell ${column.kind}`, role: "gridcell", "aria-colindex": at + 1 });
    if (text.length > 24) cell.title = visible(text.slice(0, LONGEST_HINT));
    const part = column.part?.(row) ?? 0;
    if (part > 0) {
      const bar = html("span", { class: "bar", "aria-hidden": "true" });
      bar.style.width = `${Math.min(part, 1) * 100}%`;
      cell.append(bar);
    }
    if (column.cell)
      cell.append(...column.cell(row).filter((child) => child !== null && child !== false && child !== undefined));
    else cell.append(html("span", {}, shortened(text, LONGEST_CELL)));
    return cell;
  };

  const draw = () => {
    const height = rowHeight();
    const { first, end } = rowWindow(rows.length, height, grid.scrollTop, grid.clientHeight || 800);
    space.style.height = `${rows.length * height}px`;
    body.style.transform = `translateY(${first * height}px)`;
    const drawn = [];
    for (let i = first; i < end; i++) {
      const row = html("div", {
        class: `row${i === active ? " active" : ""}`,
        role: "row",
        id: `${id}r${i}`,
        "aria-rowindex": i + 2,
        "data-row": i,
        "aria-selected": i === active ? "true" : "false",
      });
      row.append(...shownColumns().map((column, at) => drawCell(rows[i], column, at)));
      drawn.push(row);
    }
    body.replaceChildren(...drawn);
    if (active >= first && active < end) grid.setAttribute("aria-activedescendant", `${id}r${active}`);
    else grid.removeAttribute("aria-activedescendant");
  };

  const compute = () => {
    const current = rows[active];
    rows = ordered(filtered(all, textOf, filter), columns, order);
    // The row that keys have reached stays so, wherever it goes.
    active = current === undefined ? -1 : rows.indexOf(current);
    grid.setAttribute("aria-rowcount", String(rows.length + 1));
    const many = `${grouped(all.length)} row${all.length === 1 ? "" : "s"}`;
    count.textContent = rows.length === all.length ? many : `${grouped(rows.length)} of ${many}`;
    nothing.hidden = rows.length > 0;
    // Where there is nothing there is nothing to filter or sort.
    bar.hidden = grid.hidden = all.length === 0;
    nothing.textContent = all.length > 0 ? "No row matches the filter." : options.nothing;
    drawHead();
    draw();
  };

  /** @param {number} row */
  const activate = (row) => {
    active = Math.max(Math.min(row, rows.length - 1), 0);
    const height = rowHeight();
    const room = grid.clientHeight - head.offsetHeight;
    const top = active * height;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + height > grid.scrollTop + room) grid.scrollTop = top + height - room;
    draw();
  };

  /** @param {EventTarget | null} target */
  const rowAt = (target) => {
    const row = target instanceof Element ? target.closest("[data-row]") : null;
    return row ? Number(row.getAttribute("data-row")) : -1;
  };

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.target !== grid || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(Math.floor(grid.clientHeight / rowHeight()) - 2, 1);
    /** @type {Record<string, number>} */
    const moves = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.length - 1,
    };
    if (event.key in moves && rows.length > 0) activate(moves[event.key]);
    else if (event.key === "Enter" && rows[active]) options.onOpen?.(rows[active]);
    else if (
      (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) &&
      rows[active] &&
      options.onMenu
    ) {
      const box = body.querySelector(".active")?.getBoundingClientRect() ?? grid.getBoundingClientRect();
      options.onMenu(rows[active], box.left + 40, box.bottom);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  grid.addEventListener("keydown", onKey);
  grid.addEventListener("scroll", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(draw);
  });
  body.addEventListener("click", (event) => {
    const row = rowAt(event.target);
    if (row < 0) return;
    activate(row);
    if (event.target instanceof Element && event.target.closest(".open")) options.onOpen?.(rows[row]);
  });
  body.addEventListener("dblclick", (event) => {
    const row = rowAt(event.target);
    if (row >= 0) options.onOpen?.(rows[row]);
  });
  body.addEventListener("contextmenu", (event) => {
    const row = rowAt(event.target);
    if (row < 0 || !options.onMenu) return;
    event.preventDefault();
    activate(row);
    options.onMenu(rows[row], event.clientX, event.clientY);
  });
  input.addEventListener("input", () => options.onState({ filter: input.value }, "replace"));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    grid.focus();
    if (active < 0) activate(0);
  });
  const measure = () => {
    isNarrow = element.clientWidth < NARROW;
    element.classList.toggle("narrow", isNarrow);
    drawHead();
    draw();
  };
  // With the next picture: what changes sizes while they are told of makes the browser complain.
  new ResizeObserver(() => requestAnimationFrame(measure)).observe(element);

  return {
    element,
    bar,
    /**
     * An empty `sort` is the rows' own order.
     * @param {{rows?: T[], columns?: Column<T>[], sort: string, filter: string}} next
     */
    update(next) {
      if (next.rows) all = next.rows;
      if (next.columns) columns = next.columns;
      const known = columns.some((column) => column.sort && column.key === parseOrder(next.sort).key);
      order = known ? next.sort : options.order;
      filter = next.filter;
      if (input.value !== filter) input.value = filter;
      compute();
    },
    /** Rows as they are shown, all of them. */
    shown: () => rows,
    focus: () => grid.focus(),
    /** The row that keys have reached, null for none. */
    current: () => rows[active] ?? null,
  };
}
