// Names that need care: templates, operators, lambdas; some inlined, some not.
#define NOINLINE __attribute__((noinline))
static volatile int sink;

namespace store {

inline int half(int n) { return n / 2 + sink; }

template <typename T> struct Index {
    T last = T();
    NOINLINE Index& operator<<(T value) {
        last = value + half(value);
        sink = last;
        return *this;
    }
    NOINLINE T operator()(T a, T b) const { return a + b + sink; }
    NOINLINE operator bool() const { return last > sink; }
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
    Index<int> a, b;
    a << n << half(n);
    int sum = each([&a](int i) { return a(i, half(i)); }, n);
    return sum + (a < b) + (a ? 1 : 0) + Outer::Inner().scaled(n);
}

}  // namespace store

int main(int argc, char**) { return store::run(argc) == 12345; }
