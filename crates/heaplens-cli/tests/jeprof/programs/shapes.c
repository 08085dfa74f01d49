/* Allocates along many stacks, on two threads of which one has a name, and frees some of it between two dumps.
 * Usage: shapes FIRST-DUMP LAST-DUMP
 *
 * One statement a line, so that each place in the code is told by its line alone. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

int mallctl(const char *, void *, size_t *, void *, size_t);

#define NOINLINE __attribute__((noinline))
/* A call that is the last of its function must not become a jump, which would leave the function out of stacks. */
#define HERE __asm__ volatile("" ::: "memory")

static void *volatile kept;

struct block {
    struct block *next;
};

static inline __attribute__((always_inline)) struct block *block(size_t size) {
    struct block *block = malloc(size);
    memset(block, 1, size);
    return block;
}

static NOINLINE void keep(struct block **list, size_t size) {
    struct block *new = block(size);
    new->next = *list;
    *list = new;
    HERE;
}

static NOINLINE void drop(struct block **list) {
    while (*list) {
        struct block *next = (*list)->next;
        free(*list);
        *list = next;
    }
}

static NOINLINE void keep_mixed(struct block **list) {
    int i = 0;
    while (i < 2000) {
        keep(list, 24);
        keep(list, 3000);
        i++;
    }
    HERE;
}

static NOINLINE void keep_large(struct block **list) {
    int i = 0;
    while (i < 15) {
        keep(list, 200000);
        i++;
    }
    HERE;
}

static NOINLINE void keep_zeroed(void) {
    int i = 0;
    while (i < 300) {
        kept = calloc(3, 1000);
        i++;
    }
    HERE;
}

static NOINLINE void grow(void) {
    char *text = NULL;
    size_t size = 100;
    while (size < 3000000) {
        text = realloc(text, size);
        kept = text;
        size *= 2;
    }
    HERE;
}

static NOINLINE void nest(struct block **list, int depth) {
    int i = 0;
    while (i < 50) {
        keep(list, 1000 + 100 * (size_t)depth);
        i++;
    }
    if (depth > 0)
        nest(list, depth - 1);
    HERE;
}

static NOINLINE void *work(void *name) {
    struct block *list = NULL;
    if (name)
        mallctl("thread.prof.name", NULL, NULL, &name, sizeof name);
    keep_mixed(&list);
    nest(&list, 12);
    kept = list;
    return NULL;
}

static NOINLINE int run(const char *first, const char *last) {
    struct block *gone = NULL;
    struct block *stays = NULL;
    pthread_t thread;
    keep_mixed(&gone);
    nest(&stays, 6);
    pthread_create(&thread, NULL, work, "writer one");
    pthread_join(thread, NULL);
    mallctl("prof.dump", NULL, NULL, &first, sizeof first);
    drop(&gone);
    keep_large(&stays);
    keep_zeroed();
    grow();
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
    int result = mallctl("prof.dump", NULL, NULL, &last, sizeof last);
    kept = stays;
    return result;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    return run(argv[1], argv[2]);
}
