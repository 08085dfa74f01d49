// What the parts of the page have in common. Types alone: nothing runs here.

/**
 * @typedef {{
 *   home: import("./types.js").Home, index: import("./types.js").Index, clock: import("./times.js").Clock,
 *   store: import("./state.js").Store, work: import("./work.js").Work,
 *   announce: (text: string) => void,
 *   matched: (text: string, isProblem: boolean) => void
 * }} App
 *
 * A file to save, made when it is asked for.
 * @typedef {{label: string, extension: string, type: string, make: () => Promise<BlobPart>}} ExportItem
 *
 * A view: `show` brings it to the state, and is called only while it is shown. `changed` is null the first time.
 * @typedef {{
 *   element: HTMLElement,
 *   show: (state: import("./types.js").State, changed: Set<keyof import("./types.js").State> | null) => void,
 *   exports: () => ExportItem[],
 *   focus: () => void
 * }} Page
 */
export {};
