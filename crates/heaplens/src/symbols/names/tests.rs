use super::caps::MAX_DEMANGLED;
use super::*;
use proptest::prelude::*;

fn readable(mangled: &str) -> String {
    Demangler::default().name(mangled).to_owned()
}

fn as_binutils(mangled: &str) -> String {
    Demangler::new(Spelling::Binutils).name(mangled).to_owned()
}

#[test]
fn demangles_rust_and_cpp() {
    let mut names = Demangler::default();
    for (mangled, name) in [
        ("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"),
        ("_ZN3app4leak17h0123456789abcdefE.llvm.123456", "app::leak"),
        ("_RNvC6_123foo3bar", "123foo::bar"),
        ("_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"),
        ("_RNvCs5QKde7ScR4H_7___rustc12___rust_alloc", "__rustc::__rust_alloc"),
        (
            "_RNvXs_NtC5alloc3vecINtB4_3VecNtC3app1AENtNtC4core5clone5Clone5clone",
            "<alloc::vec::Vec<app::A> as core::clone::Clone>::clone",
        ),
        ("_ZN5store5indexEi", "store::index(int)"),
        ("_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<int, std::allocator<int> >::push_back(int&&)"),
        ("_Z1fILj4ELl5EEvv", "void f<4u, 5l>()"),
        ("_ZN1AIiJEE1fEv", "A<int>::f()"),
        ("_ZThn8_N1A1fEv", "non-virtual thunk to A::f()"),
        ("_ZTv0_n24_N1A1fEv", "virtual thunk to A::f()"),
        ("_ZTch0_h16_N1A1fEv", "covariant return thunk to A::f()"),
        ("_ZTh_N1A1fEv", "_ZTh_N1A1fEv"),
        ("_Znwm", "operator new(unsigned long)"),
        ("_ZN12_GLOBAL__N_15tableE", "(anonymous namespace)::table"),
        ("_ZN1A17hE", "_ZN1A17hE"),
        ("_ZN1A17h0123456789abcdegE", "A::h0123456789abcdeg"),
        ("_GLOBAL__sub_I__Z1fv", "_GLOBAL__sub_I__Z1fv"),
        ("___ZN3foo3barEv_block_invoke", "invocation function for block in foo::bar()"),
        ("__ZN3app4leak17h0123456789abcdefE", "app::leak"),
        ("malloc", "malloc"),
        ("Zebra", "Zebra"),
        ("_Zzz", "_Zzz"),
        ("_Regular", "_Regular"),
        ("", ""),
    ] {
        assert_eq!(names.name(mangled), name);
        assert_eq!(names.name(mangled), name, "second time");
    }
}

#[test]
fn closures_and_shims_are_the_same_in_both_manglings() {
    for (legacy, v0, name) in [
        (
            "_ZN3app3run28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE",
            "_RNCNvC3app3run0",
            "app::run::{closure}",
        ),
        (
            "_ZN3app3run28_$u7b$$u7b$closure$u7d$$u7d$28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE",
            "_RNCNCNvC3app3run00",
            "app::run::{closure}::{closure}",
        ),
        (
            "_ZN3app1f32_$u7b$$u7b$vtable.shim$u7d$$u7d$17h0123456789abcdefE",
            "_RNSNvC3app1f6vtable",
            "app::f::{shim:vtable}",
        ),
    ] {
        assert_eq!(readable(legacy), name);
        assert_eq!(readable(v0), name);
    }
    assert_eq!(readable("_RNCNvC3app3runs_0"), "app::run::{closure#1}");
    assert_eq!(readable("_ZZ4mainENKUlvE_clEv"), "main::{lambda()#1}::operator()() const");
}

#[test]
fn other_languages_pass_unharmed() {
    for name in [
        "$s4main3fooyyF",
        "_$s4main3fooyyF",
        "$S4main3fooyyF",
        "_$S4main3fooyyF",
        "_T04main3fooyyF",
        "_TtC4main3Foo",
        "java.lang.String.hashCode",
        "Ljava/util/HashMap;::<init>",
        "java.lang.Object.<init>",
        "main.(*T).f",
        "main.(*T).cold",
        "type..eq.main.T",
        "main.Map[go.shape.int,go.shape.string]",
        "runtime.main.func1",
        "camlStdlib__List__map_123",
        "camlStdlib$List.map_123",
        "caml_alloc_string",
        "_D4main3fooFZv",
        "-[NSString length]",
        "RNvC3app3run",
        "ZN3app3runE",
        "日本語",
    ] {
        for spelling in [Spelling::Readable, Spelling::Hashes, Spelling::Binutils] {
            assert_eq!(Demangler::new(spelling).name(name), name);
        }
    }
}

#[test]
fn copies_are_named_as_their_function() {
    for (mangled, people, binutils) in [
        ("_ZN3app4leak17h0123456789abcdefE.cold", "app::leak", "app::leak"),
        ("_RNvC3app4leak.llvm.1234", "app::leak", "app::leak"),
        ("_ZN1A1fEi.part.0", "A::f(int)", "A::f(int) [clone .part.0]"),
        ("_ZN1A1fEi.constprop.1.isra.0", "A::f(int)", "A::f(int) [clone .constprop.1] [clone .isra.0]"),
        ("prof_alloc_prep.isra.0", "prof_alloc_prep", "prof_alloc_prep.isra.0"),
        ("_ZN1A1fEi@@V_1.2", "A::f(int)", "A::f(int)@@V_1.2"),
        ("_ZN1A1fEi.cold@V1", "A::f(int)", "A::f(int) [clone .cold]@V1"),
        ("_ZN3app4leak17h0123456789abcdefE@V1", "app::leak", "app::leak@V1"),
        ("memcpy@GLIBC_2.2.5", "memcpy@GLIBC_2.2.5", "memcpy@GLIBC_2.2.5"),
    ] {
        assert_eq!(readable(mangled), people);
        assert_eq!(as_binutils(mangled), binutils);
    }
}

#[test]
fn no_name_is_empty() {
    for mangled in ["_ZNE", "_ZN17h0123456789abcdefE", "_ZN17h0123456789abcdefE@V1"] {
        for name in [readable(mangled), as_binutils(mangled)] {
            assert!(!name.is_empty() && !name.starts_with('@'), "{mangled}: {name}");
        }
    }
}

#[test]
fn hashes_are_shown_on_demand() {
    for (mangled, name) in [
        ("_ZN3app4leak17h0123456789abcdefE.llvm.123456", "app::leak::h0123456789abcdef"),
        ("_RNvCskwGfYPst2Cb_3foo16example_function", "foo[ef17931c9e9b4641]::example_function"),
        ("_ZN5store5indexEi", "store::index(int)"),
    ] {
        assert_eq!(Demangler::new(Spelling::Hashes).name(mangled), name);
    }
}

/// Rust's v0 says in the name where a reference leads nowhere; the mangled name says as much.
#[test]
fn damaged_references_leave_the_name_mangled() {
    let name = "_RNCNvXs_NtC5alloc3vecINtB4_3VecNtC3app1AENtNtC4core5clone5Clone5clone0C3app";
    assert_eq!(readable(name), name);
}

/// `A<int, int>`, and 24 times the template of the type before, twice: 2^24 words from 200 letters.
fn growing(levels: u32) -> String {
    let mut mangled = String::from("_Z1fI1AIiiE");
    for level in 1..=levels {
        let before = std::char::from_digit(level, 36).unwrap().to_ascii_uppercase();
        write!(mangled, "S0_IS{before}_S{before}_E").unwrap();
    }
    mangled + "EvT_"
}

/// In v0: tuples of tuples by reference, twice as wide at each level.
fn growing_v0(levels: usize) -> String {
    let mut mangled = String::from("INvC1a1fT");
    let mut last = mangled.len();
    mangled.push('u');
    for _ in 0..levels {
        let to = base62(last);
        last = mangled.len();
        write!(mangled, "TB{to}B{to}E").unwrap();
    }
    format!("_R{mangled}EE")
}

fn base62(number: usize) -> String {
    let digits = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut number = number - 1;
    let mut text = vec![b'_'];
    loop {
        text.insert(0, digits[number % 62]);
        number /= 62;
        if number == 0 {
            return String::from_utf8(text).unwrap();
        }
    }
}

#[test]
fn bombs_stay_as_they_are() {
    for (bomb, small, large) in
        [(growing as fn(u32) -> String, 9, 24), (|levels| growing_v0(levels as usize), 9, 40)]
    {
        let length = |levels| readable(&bomb(levels)).len();
        assert!(length(small) > 2 * length(small - 2), "{} {}", length(small), length(small - 2));
        assert_eq!(readable(&bomb(large)), bomb(large));
    }

    let deep = format!("_Z1f{}i", "P".repeat(10_000));
    assert_eq!(readable(&deep), deep);
    let deep = format!("_RNvMC1a{}u1f", "R".repeat(10_000));
    assert_eq!(readable(&deep), deep);
    for long in [
        format!("_ZN{}{}E", 1 << 20, "a".repeat(1 << 20)),
        format!("_RNvC1a{}{}", 1 << 20, "a".repeat(1 << 20)),
    ] {
        assert_eq!(readable(&long), long);
        assert!(raw(&long).len() < 70 << 10);
        assert_eq!(raw(&raw(&long)), raw(&long));
    }
    let wide = "é".repeat(MAX_NAME);
    assert!(raw(&wide).ends_with("é…"));
}

/// Each counts for what a name of its length may take at most. All together they use up what a file's names may cost.
#[test]
fn names_that_may_cost_time_are_given_up() {
    let mut names = Demangler::default();
    for number in 10..50 {
        let mangled = format!("_RINvC1a3f{number}T{}EE", "u".repeat(14_000));
        assert_eq!(names.name(&mangled), mangled);
    }
    assert!(!names.patience.is_left());
    assert_eq!(names.name("_ZN5store5indexEi"), "store::index(int)", "honest names still have their turn");
    assert_eq!(names.name("_RNvC3foo3bar"), "foo::bar");
}

/// One repeated part is long, and each reference to its owner goes through it anew.
#[test]
fn references_that_reread_a_long_name_are_given_up() {
    let mut mangled = String::from("INvC1a1fT");
    let reread = base62(mangled.len());
    write!(mangled, "MIC1a{}Eu", "u".repeat(14_000)).unwrap();
    let mut again = base62(mangled.len());
    write!(mangled, "T{}E", format!("B{reread}").repeat(100)).unwrap();
    for _ in 0..2 {
        let next = base62(mangled.len());
        write!(mangled, "T{}E", format!("B{again}").repeat(100)).unwrap();
        again = next;
    }
    let mangled = format!("_R{mangled}EE");
    assert!(mangled.len() < MAX_MANGLED);
    assert_eq!(readable(&mangled), mangled);
}

/// What mangled names are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let cpp = "(_Z|__Z|___Z)((N|K|I|E|S[tabsiod_0-9]_?|T_|J|X|L|P|R|F|M|D[ptTv]|C[1-3]|D[0-2]|U[lt]|s[rpZ]|c[vl]|[a-z]|[0-9]{1,2}[a-z]{0,3}|_){0,60})";
    let v0 = "(_R|__R)((N[vtCS]|C|I|E|M|X|Y|B[0-9a-z]?_|T|R|A|F|D|G_|K[a-z]|p|[a-z]|[0-9]{1,2}_?[a-z]{0,3}|s_|u[0-9]{1,2}[a-z_]{0,4}){0,60})";
    let suffix = r"(\.(cold|part|llvm|constprop)(\.[0-9]{1,3})?){0,2}";
    let legacy = r"_ZN([1-9](_\$(LT|GT|u7b|u20)\$)?[a-z.${]{0,9}){1,6}(17h[0-9a-f]{16})?E";
    let written = |pattern: &str| proptest::string::string_regex(pattern).unwrap();
    let with_suffix =
        |strategy| (strategy, written(suffix)).prop_map(|(name, suffix): (String, String)| name + &suffix);
    prop_oneof![
        with_suffix(written(cpp)),
        with_suffix(written(v0)),
        with_suffix(written(legacy)),
        with_suffix(written("[a-z:{}#0.]{0,20}")),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn every_name_gives_one_that_stays(mangled in pieces()) {
        for spelling in [Spelling::Readable, Spelling::Hashes] {
            let name = Demangler::new(spelling).name(&mangled).to_owned();
            prop_assert!(name.len() <= MAX_DEMANGLED.max(mangled.len()));
            let again = Demangler::new(spelling).name(&name).to_owned();
            prop_assert_eq!(&again, &name);
            prop_assert_eq!(name.is_empty(), mangled.is_empty());
        }
        as_binutils(&mangled);
    }
}

#[test]
fn what_was_forgotten_is_named_again() {
    let mut demangler = Demangler::default();
    let name = demangler.name("_ZN1a5innerEv").to_owned();
    assert_eq!((name.as_str(), demangler.remembered()), ("a::inner()", 1));
    demangler.forget();
    assert_eq!(demangler.remembered(), 0);
    assert_eq!(demangler.name("_ZN1a5innerEv"), name);
}
