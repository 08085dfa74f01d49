// Names that need care: templates, operators, lambdas, packs, concepts; some inlined, some not.
#include <memory>
#include <string>
#include <utility>
#include <vector>
#define NOINLINE __attribute__((noinline))
static volatile int sink;

namespace store {

inline int half(int n) { return n / 2 + sink; }

template <typename T> struct Index {
    T last = T();
    NOINLINE Index() { sink = half(sink); }
    template <typename U> NOINLINE Index(int n, const U& u) : last(n) { sink = half(n) + u; }
    NOINLINE Index& operator<<(T value) {
        last = value + half(value);
        sink = last;
        return *this;
    }
    NOINLINE T operator()(T a, T b) const { return a + b + sink; }
    NOINLINE operator bool() const { return last > sink; }
    template <typename U> NOINLINE operator U*() const { return sink ? reinterpret_cast<U*>(sink) : nullptr; }
};

template <typename T> NOINLINE bool operator<(const Index<T>& a, const Index<T>& b) {
    sink = half(a.last);
    return a.last < b.last;
}

template <typename F> NOINLINE int each(const F& f, int n) {
    int sum = 0;
    for (int i = 0; i < n; i++) sum += f(i);
    return sum;
}

template <typename... T> NOINLINE int count(const T&... all) { return sizeof...(T) + (half(all) + ... + 0); }
template <typename... T> NOINLINE auto added(T... all) -> decltype((... + all)) { return (... + all) + sink; }
template <typename T> NOINLINE auto held(const T& of) -> decltype(of.size()) { return of.size() + sink; }
template <typename T, int N> NOINLINE int row(T (&of)[N]) { return half(of[0]) + N; }
NOINLINE int apply(int (*f)(int), int (Index<int>::*g)(int, int) const, const Index<int>& index) {
    return f(sink) + (index.*g)(sink, 1);
}

#ifdef __cpp_concepts
template <typename T> concept Number = requires(T t) { t + t; };
template <Number T> NOINLINE T twice(T t) { return t + t + sink; }
template <typename T> requires(sizeof(T) > 1) NOINLINE int wide(T t) { return half(t); }
NOINLINE int any(Number auto n) { return half(n); }
#endif

struct Shape {
    NOINLINE explicit Shape(int n) : edges(n, half(n)) {}
    NOINLINE virtual ~Shape() { sink = edges.size(); }
    std::vector<int> edges;
};

NOINLINE int shapes(int n) {
    std::vector<std::shared_ptr<Shape>> all;
    std::vector<std::pair<std::string, int>> names;
    for (int i = 0; i < n; i++) {
        all.push_back(std::make_shared<Shape>(i));
        names.emplace_back("shape", i);
    }
    std::swap(all.front(), all.back());
    auto generic = [&](auto i, auto... more) { return all[i]->edges.size() + count(more...); };
    auto of_template = [](auto t, std::vector<int> v) { return t + v.size(); };
    return generic(0) + generic(0L, n) + of_template(n, all[0]->edges) + held(names);
}

struct Outer {
    struct Inner {
        int scaled(int n) const;
    };
};

// Lambdas that are not inlined: their debug information has no more than `operator()`.
NOINLINE int Outer::Inner::scaled(int n) const {
    auto twice = [n](int i) NOINLINE { return half(i) * 2 + n; };
    auto any = [](auto i) NOINLINE { return half(static_cast<int>(i)) + 1; };
    return twice(n) + any(n) + any(n * 1.0);
}

NOINLINE int run(int n) {
    Index<int> a, b, c(n, 2.0), d(n, 'x');
    a << n << half(n);
    int sum = each([&a](int i) { return a(i, half(i)); }, n);
    int numbers[] = {n, n};
    long* place = c;
    sum += count() + count(n) + count(n, 2L) + added(n, 3.0) + row(numbers) + apply(half, &Index<int>::operator(), d);
#ifdef __cpp_concepts
    sum += twice(n) + wide(n) + any(2L);
#endif
    return sum + Outer::Inner().scaled(n) + (place ? 1 : 0) + (a < b) + (a ? 1 : 0) + (n > 0 ? shapes(n) : 0);
}

}  // namespace store

int main(int argc, char**) { return store::run(argc) == 12345; }
