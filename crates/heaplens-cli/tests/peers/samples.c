/* Allocates on two threads and frees some of it, while jemalloc logs its samples one by one.
 * Usage: samples LOG RECENT DUMP */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jemalloc's, which is preloaded. */
int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));

#define NOINLINE __attribute__((noinline))

static void *volatile kept[2000];

/* One size at each stack, so that what a dump sums is what its samples say one by one. */
static NOINLINE void keep(int from, int count, size_t size) {
    for (int i = from; i < from + count; i++) {
        kept[i] = malloc(size);
        memset(kept[i], 1, size);
    }
}

static NOINLINE void churn(int count, size_t size) {
    for (int i = 0; i < count; i++) {
        kept[1999] = malloc(size);
        memset(kept[1999], 1, size);
        free(kept[1999]);
    }
}

static void *work(void *none) {
    pthread_setname_np(pthread_self(), "worker");
    keep(1000, 400, 1000);
    churn(200, 3000);
    return none;
}

static void print(void *file, const char *text) { fputs(text, file); }

static void must(const char *name, void *value, size_t size) {
    int error = mallctl(name, NULL, NULL, value, size);
    if (error) {
        fprintf(stderr, "%s: %d\n", name, error);
        exit(1);
    }
}

int main(int count, char **names) {
    if (count != 4 || !mallctl) return 2;
    ssize_t unlimited = -1;
    must("experimental.prof_recent.alloc_max", &unlimited, sizeof unlimited);
    must("prof.log_start", &names[1], sizeof names[1]);
    keep(0, 300, 5000);
    churn(100, 20000);
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
    for (int i = 0; i < 150; i++) free(kept[i]);
    must("prof.log_stop", NULL, 0);
    FILE *recent = fopen(names[2], "w");
    /* The dumps are compared, so nothing may come in between. */
    void *arguments[] = {(void *)print, recent};
    static char buffer[65536];
    setvbuf(recent, buffer, _IOFBF, sizeof buffer);
    must("prof.dump", &names[3], sizeof names[3]);
    must("experimental.prof_recent.alloc_dump", arguments, sizeof arguments);
    fclose(recent);
    return 0;
}
