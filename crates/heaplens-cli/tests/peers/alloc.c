/* Allocates along many stacks, on two named threads, and frees some of it between two dumps.
 * Usage: alloc FIRST-DUMP; the last dump is jemalloc's own at exit (prof_final). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jemalloc's, which is preloaded. */
int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));

#define NOINLINE __attribute__((noinline))
/* A call that is the last of its function must not become a jump, which would leave the function out of stacks. */
#define HERE __asm__ volatile("" ::: "memory")

static void *volatile kept;

struct block {
    struct block *next;
};

static NOINLINE void keep(struct block **list, size_t size) {
    struct block *block = malloc(size);
    memset(block, 1, size);
    block->next = *list;
    *list = block;
    HERE;
}

static NOINLINE void drop(struct block **list) {
    while (*list) {
        struct block *next = (*list)->next;
        free(*list);
        *list = next;
    }
}

/* Sizes that differ by four orders of magnitude at one place: what prof_unbias is about. */
static NOINLINE void keep_mixed(struct block **list) {
    for (int i = 0; i < 4000; i++) keep(list, i % 40 == 0 ? 65536 : 16);
    HERE;
}

static NOINLINE void keep_large(struct block **list) {
    for (int i = 0; i < 20; i++) keep(list, 200000);
    HERE;
}

static NOINLINE void keep_zeroed(void) {
    for (int i = 0; i < 300; i++) kept = calloc(3, 1000);
    HERE;
}

static NOINLINE void grow(void) {
    char *text = NULL;
    for (size_t size = 100; size < 4000000; size *= 2) kept = text = realloc(text, size);
    HERE;
}

/* A stack of its own for each depth. */
static NOINLINE void nest(struct block **list, int depth) {
    for (int i = 0; i < 50; i++) keep(list, 1000 + 100 * (size_t)depth);
    if (depth > 0) nest(list, depth - 1);
    HERE;
}

static void *work(void *name) {
    struct block *list = NULL;
    if (mallctl) mallctl("thread.prof.name", NULL, NULL, &name, sizeof name);
    keep_mixed(&list);
    nest(&list, 12);
    kept = list;
    return NULL;
}

int main(int argc, char **argv) {
    struct block *gone = NULL, *stays = NULL;
    const char *first = argc > 1 ? argv[1] : NULL;
    pthread_t thread;
    keep_mixed(&gone);
    nest(&stays, 6);
    if (pthread_create(&thread, NULL, work, "writer one") || pthread_join(thread, NULL)) return 1;
    if (!mallctl || !first || mallctl("prof.dump", NULL, NULL, &first, sizeof first)) {
        fprintf(stderr, "alloc: no dump; is jemalloc preloaded, with profiling on?\n");
        return 1;
    }
    drop(&gone);
    keep_large(&stays);
    keep_zeroed();
    grow();
    if (pthread_create(&thread, NULL, work, "writer/two: 7") || pthread_join(thread, NULL)) return 1;
    return 0;
}
