// Numbers for pairs of numbers: a map of small integers, faster than `Map` where there are many.

const FREE = -1;

/** A table from pairs (a ≥ 0, b ≥ 0) to numbers ≥ 0. */
export class PairTable {
  /** @param {number} expected how many pairs */
  constructor(expected = 16) {
    this.count = 0;
    const size = 2 ** Math.ceil(Math.log2(Math.max(expected, 8) * 2));
    this.mask = size - 1;
    this.first = new Int32Array(size);
    this.second = new Int32Array(size);
    this.numbers = new Int32Array(size).fill(FREE);
  }

  /** The number of a pair, -1 if it has none. @param {number} a @param {number} b */
  find(a, b) {
    return this.numbers[this.#slot(a, b)];
  }

  /**
   * The number of a pair, or `fresh`, which is then its number.
   * @param {number} a @param {number} b @param {number} fresh
   */
  at(a, b, fresh) {
    const slot = this.#slot(a, b);
    if (this.numbers[slot] !== FREE) return this.numbers[slot];
    this.first[slot] = a;
    this.second[slot] = b;
    this.numbers[slot] = fresh;
    this.count++;
    if (this.count * 2 > this.numbers.length) this.#grow();
    return fresh;
  }

  /** @param {number} a @param {number} b */
  #slot(a, b) {
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash ^= hash >>> 13;
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      if (this.numbers[slot] === FREE || (this.first[slot] === a && this.second[slot] === b)) return slot;
    }
  }

  #grow() {
    const { first, second, numbers } = this;
    const size = numbers.length * 2;
    this.mask = size - 1;
    this.first = new Int32Array(size);
    this.second = new Int32Array(size);
    this.numbers = new Int32Array(size).fill(FREE);
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] === FREE) continue;
      const slot = this.#slot(first[i], second[i]);
      this.first[slot] = first[i];
      this.second[slot] = second[i];
      this.numbers[slot] = numbers[i];
    }
  }
}
