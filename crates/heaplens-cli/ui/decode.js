// The page's data as it is written: a container of an index and of blocks, and where they come from.

/** @typedef {import("./types.js").Home} Home */

/** What base64 of gzip stands for. @param {string} base64 @returns {Promise<Uint8Array>} */
export async function gunzip(base64) {
  throw new Error(`to be written: ${base64.length}`);
}

/** The home of a file that has all in it. @param {Uint8Array} bytes the container @returns {Home} */
export function embeddedHome(bytes) {
  throw new Error(`to be written: ${bytes.length}`);
}

/**
 * The home that asks a server: `data`, `values/N` and `threads/N` below `base`.
 * @param {string} base @param {(url: string) => Promise<Response>} get `fetch`
 * @returns {Promise<Home>}
 */
export async function serverHome(base, get) {
  throw new Error(`to be written: ${base}${get}`);
}
