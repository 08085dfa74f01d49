// The fixture's functions in a program that runs until it is ended.
#define main fixture_main
#include "inlines.c"
#undef main
#include <unistd.h>
int main(int argc, char **argv) {
    int ran = fixture_main(argc, argv);
    if (write(1, "x", 1) != 1) return ran;
    for (;;) pause();
}
