// Allocates through templates, containers and operators, so that dumps have C++ names.
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace store {

template <typename Key, typename Value> struct Index {
    std::map<Key, std::vector<Value>> rows;
    __attribute__((noinline)) void insert(const Key& key, Value value) { rows[key].push_back(std::move(value)); }
};

struct Point {
    std::string label;
    double value;
};

__attribute__((noinline)) void fill(Index<std::string, Point>& index, int from, int to) {
    for (int i = from; i < to; i++) index.insert("series-" + std::to_string(i % 50), {std::string(100 + i % 300, 'x'), 1.0 * i});
}

}  // namespace store

template <typename F> __attribute__((noinline)) void each(int count, const F& f) {
    for (int i = 0; i < count; i++) f(i);
}

int main() {
    auto index = std::make_unique<store::Index<std::string, store::Point>>();
    std::vector<std::unique_ptr<int[]>> blocks;
    each(400, [&](int i) { blocks.push_back(std::make_unique<int[]>(64 + i)); });
    store::fill(*index, 0, 4000);
    store::Index<std::string, store::Point> other;
    std::thread thread([&] { store::fill(other, 0, 2000); });
    thread.join();
    // All of it is live at the end, when the dump is made.
    std::exit(0);
}
