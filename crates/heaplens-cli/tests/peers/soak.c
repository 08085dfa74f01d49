// Works in rounds, and keeps something of each if it is told to. Marks its rounds, or leaves that to jemalloc.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((weak)) int mallctl(const char *name, void *old, size_t *old_length, void *new, size_t new_length);

static void *kept[1 << 20];
static size_t count;

__attribute__((noinline)) void keep(size_t size) {
  void *piece = malloc(size);
  memset(piece, 1, size);
  kept[count++] = piece;
}

__attribute__((noinline)) void churn(size_t size) {
  char *piece = malloc(size);
  memset(piece, 1, size);
  __asm__ volatile("" : : "r"(piece) : "memory");
  free(piece);
}

__attribute__((noinline)) void work(int leaks) {
  for (int i = 0; i < 500; i++) {
    churn(100000 + 1000 * (i % 7));
    if (leaks && i % 10 == 0) keep(300);
  }
}

int main(int argc, char **argv) {
  int rounds = atoi(argv[1]), leaks = strcmp(argv[2], "leaks") == 0, marks = strcmp(argv[3], "marks") == 0;
  const char *directory = getenv("HEAPLENS_ROUND_DIR");
  for (int round = 1; round <= rounds; round++) {
    work(leaks);
    if (marks && directory) {
      char name[4096], *path = name;
      snprintf(name, sizeof name, "%s/round-%04d.heap", directory, round);
      if (mallctl("prof.dump", NULL, NULL, &path, sizeof path) != 0) return 1;
    }
  }
  return argc == 4 ? 0 : 2;
}
