/* The profiled program of the README's examples: names and lines, no work. The dumps beside it name places in it.
   Made with `sh make.sh`.
   Line numbers are set by #line. */
#define NAMED(symbol) __asm__(symbol) __attribute__((noinline, used))
#define call(f) f(); __asm__ volatile("nop")

void allocate(void) NAMED("_rjem_malloc");
void grow(void) NAMED("_ZN5alloc7raw_vec19RawVec$LT$T$C$A$GT$8grow_one17h0123456789abcdefE");
void push(void) NAMED("_ZN5alloc3vec16Vec$LT$T$C$A$GT$4push17h0123456789abcdefE");
void remember(void) NAMED("_ZN4tsdb11label_index10LabelIndex8remember17h0123456789abcdefE");
void freeze(void) NAMED("_ZN4tsdb8memtable8Memtable6freeze17h0123456789abcdefE");
void insert(void) NAMED("_ZN4tsdb11query_cache10QueryCache6insert17h0123456789abcdefE");
void query(void) NAMED("_ZN4tsdb6routes5query17h0123456789abcdefE");
void write_route(void) NAMED("_ZN4tsdb6routes5write17h0123456789abcdefE");
void serve(void) NAMED("_ZN4tsdb4main17h0123456789abcdefE");

#line 1 "src/jemalloc.c"
void allocate(void) { __asm__ volatile("nop"); }
#line 340 "/rustc/0000/library/alloc/src/raw_vec/mod.rs"
void grow(void) { call(allocate); }
#line 2500 "/rustc/0000/library/alloc/src/vec/mod.rs"
void push(void) { call(grow); }
#line 85 "src/label_index.rs"
void remember(void) { call(push); }
#line 52 "src/memtable.rs"
void freeze(void) { call(push); }
#line 119 "src/query_cache.rs"
void insert(void) { call(allocate); }
#line 71 "src/routes.rs"
void query(void) { call(insert); }
#line 30 "src/routes.rs"
void write_route(void) {
  call(remember);
  call(freeze);
}
#line 12 "src/main.rs"
void serve(void) {
  call(write_route);
  call(query);
}
void _start(void) __attribute__((used));
void _start(void) { serve(); }
