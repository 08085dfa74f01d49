//! As shapes.c, with what Rust has: traits, generics, closures, containers.

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::hint::black_box;

unsafe extern "C" {
    fn mallctl(name: *const c_char, old: *mut c_void, old_len: *mut usize, new: *mut c_void, new_len: usize) -> c_int;
}

trait Keep {
    fn keep(&mut self, size: usize);
}

#[derive(Default)]
struct Table {
    blocks: Vec<Vec<u8>>,
    names: HashMap<usize, String>,
}

impl Keep for Table {
    #[inline(never)]
    fn keep(&mut self, size: usize) {
        self.blocks.push(vec![1; size]);
        black_box(self);
    }
}

impl Table {
    #[inline(never)]
    fn name(&mut self, key: usize) {
        self.names.insert(key, "x".repeat(300));
        black_box(self);
    }
}

#[inline(never)]
fn fill<T: Keep>(table: &mut T, size: usize) {
    for _ in 0..1500 {
        table.keep(size);
    }
    black_box(table);
}

#[inline(never)]
fn nest(table: &mut Table, depth: usize) {
    // Not unrolled: each call would be a stack of its own, and jeprof takes its time for each.
    for i in 0..black_box(50) {
        table.name(depth * 50 + i);
    }
    if depth > 0 {
        nest(table, depth - 1);
    }
    black_box(table);
}

#[inline(never)]
fn each(f: impl Fn(usize) -> Box<[u64]>) -> Vec<Box<[u64]>> {
    (1..60).map(f).collect()
}

#[inline(never)]
fn work() {
    let mut table = Table::default();
    fill(&mut table, 700);
    nest(&mut table, 8);
    std::mem::forget(table);
    std::mem::forget(each(|n| vec![0u64; n * 100].into_boxed_slice()));
}

#[inline(never)]
fn dump(path: &str) {
    let path = CString::new(path).unwrap();
    let mut text = path.as_ptr();
    let new = (&raw mut text).cast();
    // SAFETY: jemalloc's own interface: it reads one pointer to a path.
    let result = unsafe { mallctl(c"prof.dump".as_ptr(), std::ptr::null_mut(), std::ptr::null_mut(), new, 8) };
    assert_eq!(result, 0);
}

#[inline(never)]
fn run(first: &str, last: &str) {
    let mut gone = Table::default();
    let mut stays = Table::default();
    fill(&mut gone, 3000);
    nest(&mut stays, 4);
    std::thread::spawn(work).join().unwrap();
    dump(first);
    drop(gone);
    fill(&mut stays, 900);
    std::thread::Builder::new().name("writer two".into()).spawn(work).unwrap().join().unwrap();
    dump(last);
    black_box(&stays);
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    run(&args[1], &args[2]);
}
