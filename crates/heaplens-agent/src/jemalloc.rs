//! The macro that makes jemalloc the allocator.

/// Makes jemalloc the program's global allocator; with a string, compiles in a configuration. Once a program, in the
/// binary's own crate.
///
/// ```
/// heaplens_agent::jemalloc!("prof:true,prof_active:false,lg_prof_sample:19");
/// # fn main() {}
/// ```
///
/// `jemalloc!()` compiles in nothing: profiling is then off unless the environment asks for it (`MALLOC_CONF=prof:true`),
/// since it takes a few percent of time and memory and cannot be decided for every user. With
/// `prof:true,prof_active:false` it is ready to be switched on over HTTP at next to no cost. The environment overrides
/// what is compiled in, option by option.
///
/// The string stands under both names that a jemalloc may read, `malloc_conf` and `_rjem_malloc_conf`: which one it is
/// depends on the platform and on features that another crate may set, and the other is inert. A crate with
/// `#![forbid(unsafe_code)]` cannot use this form, because exporting a symbol counts as unsafe.
#[macro_export]
macro_rules! jemalloc {
    () => {
        #[global_allocator]
        static HEAPLENS_JEMALLOC: $crate::__private::Jemalloc = $crate::__private::Jemalloc;
    };
    ($configuration:expr $(,)?) => {
        $crate::jemalloc!();

        const _: () = {
            const TEXT: &[u8] = ::core::concat!($configuration, "\0").as_bytes();
            // A reference to an array is one word, a C `const char *`; a slice would be two.
            const BYTES: &[u8; TEXT.len()] = match TEXT.first_chunk() {
                ::core::option::Option::Some(bytes) => bytes,
                ::core::option::Option::None => ::core::unreachable!(),
            };

            #[used]
            #[allow(unsafe_code)]
            #[unsafe(export_name = "malloc_conf")]
            static UNPREFIXED: &[u8; TEXT.len()] = BYTES;

            #[used]
            #[allow(unsafe_code)]
            #[unsafe(export_name = "_rjem_malloc_conf")]
            static PREFIXED: &[u8; TEXT.len()] = BYTES;
        };
    };
}
