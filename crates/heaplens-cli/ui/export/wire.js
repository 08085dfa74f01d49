// Protocol buffers, as far as profile.proto needs them.

/** A message that is written field by field. */
export class WireMessage {
  constructor() {
    this.bytes = new Uint8Array(64);
    this.length = 0;
  }

  /**
   * A field with a number; 0 is left out, as readers take it for granted.
   * @param {number} field @param {number} value
   */
  number(field, value) {
    if (value === 0) return;
    this.varint(field * 8);
    this.varint(value);
  }

  /** @param {number} field @param {boolean} value */
  flag(field, value) {
    this.number(field, value ? 1 : 0);
  }

  /** A list of numbers. @param {number} field @param {ArrayLike<number>} values */
  numbers(field, values) {
    const list = new WireMessage();
    for (let i = 0; i < values.length; i++) list.varint(values[i]);
    this.message(field, list);
  }

  /** @param {number} field @param {WireMessage} message */
  message(field, message) {
    this.data(field, message.done());
  }

  /** @param {number} field @param {string} text */
  text(field, text) {
    this.data(field, new TextEncoder().encode(text));
  }

  /** @param {number} field @param {Uint8Array} data */
  data(field, data) {
    this.varint(field * 8 + 2);
    this.varint(data.length);
    this.reserve(data.length);
    this.bytes.set(data, this.length);
    this.length += data.length;
  }

  /** All fields of another message. @param {WireMessage} message */
  append(message) {
    this.reserve(message.length);
    this.bytes.set(message.done(), this.length);
    this.length += message.length;
  }

  /** A whole number, exact up to 2^53; negative ones are in two's complement. @param {number} value */
  varint(value) {
    this.reserve(10);
    if (value < 0) {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest >= 128n; rest >>= 7n) this.bytes[this.length++] = Number(rest & 127n) | 128;
      this.bytes[this.length++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[this.length++] = (rest % 128) | 128;
    this.bytes[this.length++] = rest;
  }

  /** @param {number} more */
  reserve(more) {
    if (this.length + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  done() {
    return this.bytes.subarray(0, this.length);
  }
}

/** Numbers of texts, in order of first use, `""` being 0. */
export class WireStrings {
  constructor() {
    this.texts = [""];
    /** @type {Map<string, number>} */
    this.known = new Map([["", 0]]);
  }

  /** @param {string} text */
  id(text) {
    let id = this.known.get(text);
    if (id === undefined) {
      id = this.texts.push(text) - 1;
      this.known.set(text, id);
    }
    return id;
  }
}
