#include <stdlib.h>
static void *keep[64];
static inline __attribute__((always_inline)) void *innermost(int n) {
    void *p = malloc(n);
    keep[n & 63] = p;
    return p;
}
static inline __attribute__((always_inline)) void *middle(int n) {
    void *p = innermost(n + 1);
    keep[(n + 1) & 63] = 0;
    return p;
}
__attribute__((noinline)) void *exported_outer(int n) {
    void *p = middle(n * 2);
    keep[0] = p;
    return p;
}
static __attribute__((noinline)) void *hidden(int n) {
    void *p = exported_outer(n);
    keep[1] = p;
    return p;
}
int main(int argc, char **argv) {
    (void)argv;
    return hidden(argc) == 0;
}
