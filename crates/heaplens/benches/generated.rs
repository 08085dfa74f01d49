//! A dump such as a busy server writes: many stacks of 20 to 80 frames that share their callers, from 4,000
//! return addresses, one or two threads each.

use std::io::Write;

/// The dump's text and the raw sums that reading it must find.
pub(crate) struct Generated {
    pub(crate) text: Vec<u8>,
    pub(crate) stacks: usize,
    pub(crate) frames: usize,
    pub(crate) objects: u64,
    pub(crate) bytes: u64,
}

/// About `size` bytes; always the same for the same size.
pub(crate) fn dump(size: usize) -> Generated {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut body = Vec::with_capacity(size + (1 << 16));
    let (mut stacks, mut frames, mut objects, mut bytes) = (0, 0, 0u64, 0u64);
    let mut pool: Vec<Vec<u64>> = Vec::new();
    let mut of_thread = [(0u64, 0u64); 8];
    while body.len() < size {
        // Outermost first: most of an earlier stack, then its own way.
        let depth = 20 + random.below(60) as usize;
        let earlier = pool.get(random.below(64) as usize).map_or(&[][..], Vec::as_slice);
        let shared = earlier.len().min(depth) * (50 + random.below(50) as usize) / 100;
        let mut stack = earlier[..shared].to_vec();
        stack.extend((shared..depth).map(|_| match random.below(5) {
            0 => 0x7f3a_1c00_0000 + random.below(500) * 16,
            _ => 0x55d0_a000_1000 + random.below(3500) * 64,
        }));
        body.push(b'@');
        for address in stack.iter().rev() {
            write!(body, " {address:#x}").unwrap();
        }
        match pool.len() {
            0..64 => pool.push(stack),
            _ => pool[random.below(64) as usize] = stack,
        }
        let lines: Vec<(usize, u64, u64)> = (0..1 + random.below(2) as usize)
            .map(|i| {
                let objects = 1 + random.below(9);
                (random.below(4) as usize * 2 + i, objects, objects << (4 + random.below(16)))
            })
            .collect();
        let (n, s) = lines.iter().fold((0, 0), |(n, s), line| (n + line.1, s + line.2));
        writeln!(body, "\n  t*: {n}: {s} [0: 0]").unwrap();
        for (thread, n, s) in lines {
            writeln!(body, "  t{thread}: {n}: {s} [0: 0]").unwrap();
            of_thread[thread] = (of_thread[thread].0 + n, of_thread[thread].1 + s);
        }
        (stacks, frames, objects, bytes) = (stacks + 1, frames + depth, objects + n, bytes + s);
    }
    let mut text = Vec::with_capacity(body.len() + 4096);
    writeln!(text, "heap_v2/524288\n  t*: {objects}: {bytes} [0: 0]").unwrap();
    for (thread, (n, s)) in of_thread.iter().enumerate() {
        writeln!(text, "  t{thread}: {n}: {s} [0: 0] worker-{thread}").unwrap();
    }
    text.extend_from_slice(&body);
    text.extend_from_slice(
        b"\nMAPPED_LIBRARIES:\n\
          55d0a0000000-55d0a0800000 r-xp 00000000 08:01 42                         /opt/server\n\
          7f3a1c000000-7f3a1c200000 r-xp 00000000 08:01 43                         /lib/libc.so.6\n\
          7ffc00000000-7ffc00002000 rw-p 00000000 00:00 0                          [stack]\n",
    );
    Generated { text, stacks, frames, objects, bytes }
}

/// xorshift64*: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}
