// The page's data, as `heaplens::out::page` writes it, and what the page makes of it. Types alone: nothing runs here.

/**
 * One column a property; a number in a column named after a list is an index into that list, -1 for none.
 *
 * Stacks are a tree: `stacks.parent` comes before its callees. A site is a stack that allocated; `cut` of its innermost
 * frames are the allocator's, `run` of its outermost ones a runtime's (told as the one frame `runtime`).
 *
 * @typedef {{
 *   version: 1,
 *   program: string,
 *   title: string,
 *   is_redacted: boolean,
 *   sample_types: SampleType[],
 *   strings: string[],
 *   functions: {name: number[], file: number[], crate: number[], owner: string, color: string},
 *   frames: {function: number[], line: number[], module: number[], inlined: string},
 *   stacks: {parent: number[], frame: number[]},
 *   sites: {stack: number[], cut: number[], run: number[], runtime: number[]},
 *   modules: ModuleData[],
 *   threads: string[],
 *   captures: CaptureData[],
 *   base: number,
 *   start: string,
 *   filters: string[],
 *   clock: string,
 *   leaks: LeaksData | null,
 *   warnings: string[],
 *   palette: {light: PaletteData, dark: PaletteData},
 *   sources: SourceData[],
 *   processes: ProcessData[],
 *   granularity: string
 * }} Index
 *
 * `owner` has a letter a function: a allocator, s standard library, r runtime, t third party, p the program's own, u not
 * known, since it has no name. `granularity` is what names stand for: function, line, file, address, crate or module.
 * `start` is what the page opens with, as the fragment of a link; empty if the page chooses. `filters` are the options
 * that left stacks out of all of it.
 * `color` has a base-36 digit a function, an index into `warm`.
 *
 * @typedef {"alloc_objects" | "alloc_space" | "inuse_objects" | "inuse_space"} SampleType
 *
 * @typedef {{path: string, build_id: string, state: string, advice: string}} ModuleData
 *
 * Times are Unix milliseconds, amounts bytes. `run` is the process it is of, counted from 0; -1 if it was left out of the
 * judgement, and `left_out` says why.
 * @typedef {{
 *   name: string, time: number | null, seconds: number, run: number, left_out: string, rate: number | null,
 *   total: number, low: number, high: number, objects: number, has_threads: boolean,
 *   allocated: number | null, active: number | null, resident: number | null, retained: number | null, rss: number | null,
 *   warnings: string[], process: number
 * }} CaptureData
 *
 * As far as it is known; `start` is in Unix milliseconds, texts are empty where nothing is known.
 * @typedef {{pid: number | null, start: number | null, host: string, exe: string}} ProcessData
 *
 * What `heaplens leaks --format json` prints (docs/json.md), and in each run `places` and `warmup_places`: where its
 * `captures` and `warmup` are in the index's captures, in the same order. Names would not tell: several can be the same.
 * @typedef {Record<string, any>} LeaksData
 *
 * Hex colours. `change` from -8 (shrank) to 8 (grew), `owner` in the order a s r t p; u has that of `merged`. `crates` has a list a lightness, each
 * of the same hues.
 * @typedef {{
 *   warm: string[], change: string[], owner: string[], crates: string[][], merged: string, matched: string, label: string
 * }} PaletteData
 *
 * Lines around those that allocate; `first` is the number of the first one.
 * @typedef {{file: number, first: number, lines: string[]}} SourceData
 */

/**
 * What sites held in a capture, unsampled; `thread` is there where threads are told apart.
 * @typedef {{
 *   count: number, site: Int32Array, thread: Int32Array | null, bytes: Float64Array, objects: Float64Array,
 *   alloc_bytes: Float64Array | null, alloc_objects: Float64Array | null
 * }} Values
 */

/**
 * Where the data comes from: the file itself or a server.
 * @typedef {{
 *   index: Index,
 *   values: (capture: number) => Promise<Values>,
 *   threads: (capture: number) => Promise<Values | null>
 * }} Home
 */

/**
 * All that a link can say. `a` and `b` are numbers of captures, `a` -1 for none: then `b` alone is shown.
 * @typedef {{
 *   view: "answer" | "flame" | "top" | "callers" | "suspects" | "threads" | "modules" | "source",
 *   a: number, b: number,
 *   sample: SampleType,
 *   part: "all" | "grown" | "shrunk",
 *   relative: boolean,
 *   shape: "icicle" | "flame", inverted: boolean, color: "name" | "owner" | "crate" | "change",
 *   zoom: string, search: string, regex: boolean, matchCase: boolean,
 *   allocator: boolean, runtime: boolean, byThread: boolean,
 *   focus: string, ignore: string, hide: string, showFrom: string,
 *   fn: string, callersZoom: string, calleesZoom: string,
 *   sort: string, filter: string
 * }} State
 */
export {};
