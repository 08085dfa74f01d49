// Fields of the state that are one of a few values, and what these are called.

import { SAMPLES } from "./summary.js";

/** @typedef {import("./types.js").State} State @typedef {import("./types.js").Index} Index */
/** @typedef {{value: string, text: string}} Choice */

/**
 * What a field can be here: only what makes a difference is offered.
 * @param {Index} index @param {State} state @param {"sample" | "part" | "color" | "shape"} field @returns {Choice[]}
 */
export function choicesOf(index, state, field) {
  const isDiff = state.a >= 0;
  if (field === "sample") return index.sample_types.map((value) => ({ value, text: SAMPLES[value] ?? value }));
  if (field === "part") {
    return [
      { value: "all", text: "all changes" },
      { value: "grown", text: "grown alone" },
      { value: "shrunk", text: "shrunk alone" },
    ];
  }
  if (field === "shape")
    return [
      { value: "icicle", text: "icicle" },
      { value: "flame", text: "flame" },
    ];
  const change = isDiff ? [{ value: "change", text: "colour: change" }] : [];
  return [
    ...change,
    { value: "name", text: "colour: name" },
    { value: "owner", text: "colour: owner" },
    { value: "crate", text: "colour: crate" },
  ];
}

/** The value of a field as it is shown. @param {State} state @param {"sample" | "part" | "color" | "shape"} field */
export function shownChoice(state, field) {
  return field === "color" && state.a < 0 && state.color === "change" ? "name" : state[field];
}

/**
 * The value after the present one.
 * @param {Index} index @param {State} state @param {"sample" | "part" | "color" | "shape"} field @returns {Choice}
 */
export function nextChoice(index, state, field) {
  const choices = choicesOf(index, state, field);
  const at = choices.findIndex(({ value }) => value === shownChoice(state, field));
  return choices[(at + 1) % choices.length];
}
