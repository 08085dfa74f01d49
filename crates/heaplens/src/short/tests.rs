use super::*;
use crate::input::{Limits, read};
use crate::profile::{Meta, SampleType};
use crate::view::{Top, Tree};
use proptest::prelude::*;

#[test]
fn rust_names() {
    for (full, short) in [
        ("<alloc::vec::Vec<alloc::string::String>>::push", "<alloc::vec::Vec<…>>::push"),
        ("alloc::vec::Vec<T,A>::push", "alloc::vec::Vec<…>::push"),
        ("Vec<alloc::string::String>::push", "Vec<…>::push"),
        ("app::read::<u8, &[u8]>", "app::read::<…>"),
        ("push<u8, alloc::alloc::Global>", "push<…>"),
        (
            "<alloc::vec::Vec<app::A> as core::iter::traits::collect::Extend<app::A>>::extend::<app::Iter<u8>>",
            "<alloc::vec::Vec<…> as core::iter::traits::collect::Extend>::extend::<…>",
        ),
        ("<<a::B<u8> as c::D<u8>>::E as f::G>::h", "<<a::B<…> as c::D>::E as f::G>::h"),
        ("<&mut app::A<fn(u8) -> Vec<u8>> as app::T>::f", "<&mut app::A<…> as app::T>::f"),
        ("<fn(&A<u8>) -> B<u8> as T<(A, B)>>::f", "<fn(…) -> B<…> as T>::f"),
        ("<(A<u8>, B<u8>) as T>::f", "<(A<…>, B<…>) as T>::f"),
        ("<[T] as alloc::slice::Join<S>>::join", "<[T] as alloc::slice::Join>::join"),
        ("<dyn core::any::Any>::is::<u8>", "<dyn core::any::Any>::is::<…>"),
        ("<[u8; 32] as T>::f", "<[u8; 32] as T>::f"),
        (
            "core::fmt::impls::<impl core::fmt::Debug for &T<u8>>::fmt",
            "core::fmt::impls::<impl core::fmt::Debug for &T<…>>::fmt",
        ),
        ("alloc::slice::<impl [T]>::to_vec", "alloc::slice::<impl [T]>::to_vec"),
        ("a::<impl c::From<A<u8>> for B<u8>>::from", "a::<impl c::From for B<…>>::from"),
        ("app::run::<u8>::{closure#1}::<u8>", "app::run::<…>::{closure#1}::<…>"),
        ("app::run::{{closure}}", "app::run::{closure}"),
        ("{closure_env#0}<app::A<u8>>", "{closure_env}<…>"),
        (
            "core::ops::function::FnOnce::call_once{{vtable.shim}}",
            "core::ops::function::FnOnce::call_once::{shim:vtable}",
        ),
        ("app::Wide<'<', '>'>::f", "app::Wide<…>::f"),
        ("core::ptr::drop_in_place<[alloc::vec::Vec<u8>; 2]>", "core::ptr::drop_in_place<…>"),
        ("main", "main"),
        ("", ""),
    ] {
        assert_eq!(name(full), short);
        assert_eq!(name(short), short, "again");
    }
}

#[test]
fn cpp_names() {
    for (full, short) in [
        ("store::index(int)", "store::index(…)"),
        ("store::index()", "store::index()"),
        ("store::Index::size() const", "store::Index::size() const"),
        ("store::Index::at(int) const &", "store::Index::at(…) const &"),
        (
            "void std::vector<int, std::allocator<int> >::emplace_back<int>(int&&)",
            "std::vector<…>::emplace_back<…>(…)",
        ),
        ("std::enable_if<(4u)<(8u), int>::type f<4u>(char (&) [4u])", "f<…>(…)"),
        ("unsigned long f<int>(int)", "f<…>(…)"),
        ("f(int)::{lambda(int)#1}::operator()(int) const", "f(…)::{lambda(…)#1}::operator()(…) const"),
        ("f()::<lambda(int)>", "f()::<lambda(…)>"),
        ("(anonymous namespace)::f(int)", "(anonymous namespace)::f(…)"),
        ("void (anonymous namespace)::f<int>(int)", "(anonymous namespace)::f<…>(…)"),
        ("operator new(unsigned long)", "operator new(…)"),
        ("operator new[](unsigned long)", "operator new[](…)"),
        ("A::operator<(A const&) const", "A::operator<(…) const"),
        ("bool operator< <int>(A<int> const&, A<int> const&)", "operator< <…>(…)"),
        ("std::ostream& operator<< <char>(std::ostream&, A<char>)", "operator<< <…>(…)"),
        ("A<int>::operator->() const", "A<…>::operator->() const"),
        ("A<int>::operator->*(int)", "A<…>::operator->*(…)"),
        ("A<int>::operator()()", "A<…>::operator()()"),
        ("A<int>::operator()<char>(char)", "A<…>::operator()<…>(…)"),
        ("A::operator[](int)", "A::operator[](…)"),
        ("A::operator<=>(A const&)", "A::operator<=>(…)"),
        ("A::operator>>=(int)", "A::operator>>=(…)"),
        ("A::operator std::vector<int>() const", "A::operator std::vector<…>() const"),
        ("A::operator unsigned long() const", "A::operator unsigned long() const"),
        ("f<&(A::operator<(A const&))>(int)", "f<…>(…)"),
        ("virtual thunk to A<int>::f(int)", "virtual thunk to A<…>::f(…)"),
        ("guard variable for f(int)::x", "guard variable for f(…)::x"),
        ("A::f[abi:cxx11](int)", "A::f[abi:cxx11](…)"),
        ("f(int) [clone .cold]", "f(…) [clone .cold]"),
        ("void (*f<int>(int))(char)", "void (*f<…>(…))(char)"),
        ("{vtable(std::foo)}", "{vtable(std::foo)}"),
        ("int imalloc", "int imalloc"),
        ("operator_x::f(int)", "operator_x::f(…)"),
    ] {
        assert_eq!(name(full), short);
        assert_eq!(name(short), short, "again");
    }
}

#[test]
fn what_is_no_such_name_stays() {
    for full in [
        "java.lang.Object.<init>",
        "Ljava/util/HashMap;::<init>",
        "java.util.List.of(Ljava/lang/Object;)V",
        "main.(*T).f",
        "main.Map[go.shape.int]",
        "main.Foo.bar(x: Swift.Int) -> ()",
        "<module>",
        "<unknown>",
        "<lambda>",
        "a < b",
        "a > b",
        "a->b",
        "f(int",
        "f)int(",
        "Vec<u8",
        "(f]",
        "LazyCompile:~foo /path/x.js:1",
        "foo (bar.js:10)",
        "[runtime: tokio]",
        "libc.so.6+0x1f",
        "日本(語",
    ] {
        assert_eq!(name(full), full);
    }
    let deep = format!("{}a::b{}", "<".repeat(10_000), ">".repeat(10_000));
    assert_eq!(name(&deep), deep);
}

/// Two instances of one function are one row and one rectangle; the profile still knows both symbols.
#[test]
fn equal_names_merge_and_symbols_stay() {
    let text = "main;app::fill::<u8>;alloc::vec::Vec<u8>::push 3\nmain;app::fill::<u16>;alloc::vec::Vec<u16>::push 4\n";
    let full = read(text.as_bytes(), &Limits::default()).unwrap();
    let short = names(&full);
    short.check().unwrap();
    assert_eq!(short.total(), full.total());
    let stacks = short.net_stacks();
    assert_eq!(stacks.len(), 1);
    assert_eq!(stacks[0].0, ["main", "app::fill::<…>", "alloc::vec::Vec<…>::push"]);
    let top = Top::new(&short, SampleType::InuseSpace);
    let row = top.rows.iter().find(|row| row.name == "alloc::vec::Vec<…>::push").unwrap();
    assert_eq!(row.flat.after.trunc(), 7);
    let tree = Tree::new(&short, SampleType::InuseSpace);
    assert_eq!(tree.nodes.iter().filter(|node| node.place.name.ends_with("push")).count(), 1);

    let mut profile = Profile::new(Meta::default());
    for (readable, symbol) in [("f<u8>", "_f8"), ("f<u16>", "_f16")] {
        let function =
            Function { name: profile.intern(readable), system_name: profile.intern(symbol), file: None };
        let function = profile.add_function(function);
        let frame = profile.add_frame(Frame::named(function));
        let stack = profile.add_stack(None, frame);
        profile.add_sample(crate::profile::Sample {
            stack: Some(stack),
            thread: None,
            values: Default::default(),
        });
    }
    let short = names(&profile);
    let known: Vec<(String, String)> = short
        .samples()
        .iter()
        .flat_map(|sample| short.stack_from_leaf(sample.stack))
        .map(|(_, id)| short.function(short.frame(id).function.unwrap()))
        .map(|f| (short.string(f.name).to_owned(), short.string(f.system_name).to_owned()))
        .collect();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(known, [pair("f<…>", "_f8"), pair("f<…>", "_f16")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_short_name_stays(full in "((operator)?[-<>(){}\\[\\]',. &*a:]|::| as | for |impl |#0|…){0,24}|\\PC{0,20}") {
        let short = name(&full).into_owned();
        prop_assert!(short.chars().count() <= full.chars().count());
        let again = name(&short).into_owned();
        prop_assert_eq!(&again, &short);
    }
}
