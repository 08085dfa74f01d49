// Mouse, pen and finger on the graph: hover, click, drag, wheel, menu.

/** @typedef {import("./graphview.js").GraphView} GraphView */

/** So far a pointer moves before it drags, in pixels. */
const DRAG_START = 5;

/** @param {GraphView} view */
export function listenToPointer(view) {
  const { scroll, space, tip } = view;
  /**
   * Where the pointer went down, and what was shown then.
   * @type {{x: number, y: number, left: number, top: number, id: number, isDrag: boolean} | null}
   */
  let down = null;
  let hovered = -1;

  const unhover = () => {
    hovered = -1;
    view.hover.hidden = true;
    if (tip.isOfPointer) tip.hide();
  };

  const hoverAt = (/** @type {PointerEvent} */ event) => {
    const block = view.blockAt(event.clientX, event.clientY);
    if (block < 0) return unhover();
    view.placeOutline(view.hover, block);
    if (block !== hovered || tip.element.hidden)
      tip.show(view.boxLines(block), event.clientX, event.clientY, "pointer");
    else tip.move(event.clientX, event.clientY);
    hovered = block;
  };

  const drag = (/** @type {PointerEvent} */ event) => {
    if (!down) return;
    const [dx, dy] = [event.clientX - down.x, event.clientY - down.y];
    if (!down.isDrag && Math.hypot(dx, dy) < DRAG_START) return;
    if (!down.isDrag) {
      down.isDrag = true;
      space.setPointerCapture(down.id);
      scroll.classList.add("dragging");
      unhover();
    }
    view.enlarge(view.lens.scale, down.left - dx);
    scroll.scrollTop = down.top - dy;
  };

  space.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    down = {
      x: event.clientX,
      y: event.clientY,
      left: view.lens.left,
      top: scroll.scrollTop,
      id: event.pointerId,
      isDrag: false,
    };
  });
  space.addEventListener("pointermove", (event) => {
    if (down && event.buttons & 1) drag(event);
    else if (event.pointerType !== "touch") hoverAt(event);
  });
  const release = () => {
    scroll.classList.remove("dragging");
    // The click that ends a drag comes after this.
    setTimeout(() => (down = null));
  };
  space.addEventListener("pointerup", release);
  space.addEventListener("pointercancel", release);
  space.addEventListener("pointerleave", unhover);
  scroll.addEventListener("scroll", unhover, { passive: true });
  space.addEventListener("click", (event) => {
    if (down?.isDrag) return;
    const block = view.blockAt(event.clientX, event.clientY);
    if (block >= 0) view.activate(block);
  });
  space.addEventListener("contextmenu", (event) => {
    const block = view.blockAt(event.clientX, event.clientY);
    if (block < 0) return;
    event.preventDefault();
    scroll.focus({ preventScroll: true });
    view.openMenu(block, event.clientX, event.clientY);
  });
  scroll.addEventListener("wheel", (event) => wheel(view, event, unhover), { passive: false });
}

/** @param {GraphView} view @param {WheelEvent} event @param {() => void} unhover */
function wheel(view, event, unhover) {
  const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
  const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
  const x = event.clientX - view.space.getBoundingClientRect().left;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    unhover();
    // A pinch comes as many small steps, a wheel as few large ones.
    return view.enlargeBy(2 ** (-Math.max(Math.min(dy, 60), -60) / 100), x);
  }
  const sideways = event.shiftKey && dx === 0 ? dy : Math.abs(dx) > Math.abs(dy) ? dx : 0;
  if (sideways === 0 || view.lens.scale === 1) return;
  event.preventDefault();
  unhover();
  view.enlarge(view.lens.scale, view.lens.left + sideways);
}
