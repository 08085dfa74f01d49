// As shapes.c, with what C++ has: overloads, templates, methods, containers, lambdas.
#include <cstddef>
#include <map>
#include <string>
#include <thread>
#include <vector>

extern "C" int mallctl(const char *, void *, size_t *, void *, size_t);

#define NOINLINE __attribute__((noinline))
#define HERE __asm__ volatile("" ::: "memory")

static void *volatile kept;

namespace store {

struct Block {
    Block *next;
    char rest[1000];
};

template <typename T, std::size_t count> NOINLINE T *make() {
    T *list = new T[count];
    HERE;
    return list;
}

class Table {
    std::vector<Block *> blocks;
    std::map<int, std::string> names;

  public:
    NOINLINE void insert(int key) {
        blocks.push_back(new Block());
        names[key] = std::string(300, 'x');
        HERE;
    }
    NOINLINE void insert(const std::string &text) {
        names[-static_cast<int>(names.size()) - 1] = text + text;
        HERE;
    }
    NOINLINE void clear() const {
        for (Block *block : blocks)
            delete block;
        HERE;
    }
};

} // namespace store

NOINLINE void fill(store::Table &table) {
    int key = 0;
    while (key < 1500) {
        table.insert(key);
        key++;
    }
    HERE;
}

NOINLINE void fill(store::Table &table, const std::string &text) {
    int count = 0;
    while (count < 1000) {
        table.insert(text);
        count++;
    }
    HERE;
}

NOINLINE void work() {
    store::Table *table = new store::Table();
    fill(*table);
    kept = store::make<double, 200000>();
    kept = store::make<store::Block, 700>();
    kept = table;
}

NOINLINE int run(const char *first, const char *last) {
    store::Table *gone = new store::Table();
    store::Table *stays = new store::Table();
    fill(*gone);
    fill(*stays, std::string(200, 'y'));
    std::thread(work).join();
    mallctl("prof.dump", nullptr, nullptr, &first, sizeof first);
    gone->clear();
    fill(*stays);
    kept = store::make<char, 900000>();
    std::thread(work).join();
    int result = mallctl("prof.dump", nullptr, nullptr, &last, sizeof last);
    kept = stays;
    return result;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    return run(argv[1], argv[2]);
}
