//! The only files that are read for a drawing: the modules that this process has loaded itself.
//!
//! A dump names its binaries, and a dump in a request is a stranger's. So a path of the dump is never opened: it is
//! compared with this process's own mappings, and the own path is opened. A dump of another process or run finds
//! its names all the same if it is of the same build.

use heaplens::maps::Maps;
use heaplens::profile::{Module, ModuleKind, SymbolState};
use heaplens::symbols::{Resolution, Resolve};
use heaplens::trailer::Trailer;

use super::apart;
use crate::{process, trailer};

/// A module of this process.
struct Own {
    path: String,
    build_id: Option<String>,
    /// Where its file is now; `None` if it is gone.
    file: Option<String>,
}

/// Hands on those modules that this process has loaded, and knows nothing of others.
pub(super) struct OwnModules<R> {
    own: Vec<Own>,
    files: R,
}

impl<R: Resolve> OwnModules<R> {
    /// With the modules of this moment; `files` reads them.
    pub(super) fn now(files: R) -> OwnModules<R> {
        let maps = std::fs::read("/proc/self/maps").unwrap_or_default();
        let build_ids = trailer::build_ids(&maps);
        OwnModules { own: own(&maps, &build_ids), files }
    }

    /// The own module that a dump's is: the same build wherever it lies, or the same path if the dump does not tell
    /// its build.
    fn find(&self, module: &Module) -> Result<&Own, SymbolState> {
        let build = |own: &&Own| own.build_id.is_some() && own.build_id == module.build_id;
        let path = |own: &&Own| own.path == module.path;
        if let Some(own) = self.own.iter().find(build) {
            return Ok(own);
        }
        match self.own.iter().find(path) {
            Some(own) => match (&own.build_id, &module.build_id) {
                (Some(loaded), Some(_)) => {
                    Err(SymbolState::Mismatched { found: own.path.clone(), found_build_id: loaded.clone() })
                }
                _ => Ok(own),
            },
            None => Err(SymbolState::Missing {
                why:
                    "this program has not loaded it and opens nothing else; use the program heaplens instead"
                        .to_owned(),
            }),
        }
    }
}

impl<R: Resolve> Resolve for OwnModules<R> {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        if module.kind != ModuleKind::File {
            return Resolution::unknown(SymbolState::Missing { why: "it is not a file".to_owned() });
        }
        let own = match self.find(module) {
            Ok(own) => own,
            Err(state) => return Resolution::unknown(state),
        };
        let Some(file) = &own.file else {
            let why = "the file was removed or replaced while the program ran".to_owned();
            return Resolution::unknown(SymbolState::Missing { why });
        };
        let trusted = Module { path: file.clone(), deleted: false, ..module.clone() };
        let resolution = self.files.resolve(&trusted, lookups);
        // The next module is not to come on top of what reading this one took.
        apart::give_back();
        resolution
    }
}

/// The modules that mappings show to hold code. Data that a program maps is not read.
fn own(maps: &[u8], build_ids: &[(String, Vec<u8>)]) -> Vec<Own> {
    let executable =
        process::executable().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    // The link to a file that is gone ends like the mapping line.
    let executable = executable.strip_suffix(" (deleted)").unwrap_or(&executable);
    if maps.is_empty() {
        let file = Some(executable.to_owned());
        return vec![Own { path: executable.to_owned(), build_id: None, file }];
    }
    // Read as a dump's are, so that equal means equal.
    let mut text = Vec::new();
    for (id, path) in build_ids {
        text.extend(format!("# build-id {id} ").bytes());
        text.extend(path);
        text.push(b'\n');
    }
    let (ids, _) = Trailer::parse(b"", &text);
    let code: Vec<&[u8]> = maps.split_inclusive(|&byte| byte == b'\n').filter(|line| is_code(line)).collect();
    let modules = Maps::parse(&code.concat());
    let files = modules.modules().iter().filter(|module| module.kind == ModuleKind::File);
    files
        .map(|module| Own {
            path: module.path.clone(),
            build_id: ids.build_id_of(&module.path).map(str::to_owned),
            file: match (module.deleted, module.path == executable) {
                (false, _) => Some(module.path.clone()),
                // An upgrade in place: the kernel still has the program that runs.
                (true, true) => Some("/proc/self/exe".to_owned()),
                (true, false) => None,
            },
        })
        .collect()
}

fn is_code(line: &[u8]) -> bool {
    line.split(|&byte| byte == b' ').nth(1).is_some_and(|permissions| permissions.get(2) == Some(&b'x'))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Remembers what it was asked to open.
    #[derive(Default)]
    struct Witness(Mutex<Vec<String>>);

    impl Resolve for Witness {
        fn resolve(&self, module: &Module, _: &[u64]) -> Resolution {
            self.0.lock().unwrap().push(module.path.clone());
            Resolution::default()
        }
    }

    fn with(own: Vec<Own>) -> OwnModules<Witness> {
        OwnModules { own, files: Witness::default() }
    }

    fn opened(modules: &OwnModules<Witness>, module: &Module) -> (Vec<String>, SymbolState) {
        let state = modules.resolve(module, &[]).state;
        (std::mem::take(&mut *modules.files.0.lock().unwrap()), state)
    }

    fn module(path: &str, build_id: Option<&str>) -> Module {
        Module { build_id: build_id.map(str::to_owned), ..Module::file(path) }
    }

    fn loaded(path: &str, build_id: Option<&str>, file: Option<&str>) -> Own {
        Own { path: path.into(), build_id: build_id.map(str::to_owned), file: file.map(str::to_owned) }
    }

    #[test]
    fn only_loaded_modules_are_opened_and_under_their_own_paths() {
        let modules = with(vec![
            loaded("/app", Some("aaaaaaaa"), Some("/app")),
            loaded("/lib.so", None, Some("/lib.so")),
            loaded("/old", Some("cccccccc"), None),
        ]);
        // The same build, the same path without a build, the same build elsewhere.
        for asked in
            [module("/app", Some("aaaaaaaa")), module("/app", None), module("/etc/passwd", Some("aaaaaaaa"))]
        {
            assert_eq!(opened(&modules, &asked).0, ["/app"], "{asked:?}");
        }
        assert_eq!(opened(&modules, &module("/lib.so", Some("bbbbbbbb"))).0, ["/lib.so"]);
        let other = opened(&modules, &module("/app", Some("bbbbbbbb")));
        assert_eq!(other.0, [""; 0]);
        assert!(matches!(other.1, SymbolState::Mismatched { .. }), "{other:?}");
        for path in ["/etc/passwd", "/app/../etc/passwd", "//app", "app", "", "/old"] {
            let (paths, state) = opened(&modules, &module(path, None));
            assert_eq!(paths, [""; 0], "{path}");
            assert!(matches!(state, SymbolState::Missing { .. }), "{path}");
        }
        let vdso = Module { kind: ModuleKind::Vdso, ..module("/app", None) };
        assert_eq!(opened(&modules, &vdso).0, [""; 0]);
    }

    #[test]
    fn mapped_code_counts_and_mapped_data_does_not() {
        let executable = std::env::current_exe().unwrap();
        let executable = executable.to_str().unwrap();
        let maps = format!(
            "1000-2000 r--p 00000000 fe:00 1 /data/file\n\
             2000-3000 r-xp 00000000 fe:00 2 {executable} (deleted)\n\
             3000-4000 r-xp 00000000 fe:00 3 /lib/gone.so (deleted)\n\
             4000-5000 r-xp 00000000 fe:00 4 /lib/a b\\012.so\n\
             5000-6000 r-xp 00000000 00:00 0 [vdso]\n"
        );
        let id = |path: &str| ("abcdef01".to_owned(), path.as_bytes().to_vec());
        let own = own(maps.as_bytes(), &[id("/lib/a b\\012.so"), id("/data/file")]);
        let seen: Vec<_> =
            own.iter().map(|own| (own.path.as_str(), own.build_id.as_deref(), own.file.as_deref())).collect();
        assert_eq!(
            seen,
            [
                (executable, None, Some("/proc/self/exe")),
                ("/lib/gone.so", None, None),
                ("/lib/a b\n.so", Some("abcdef01"), Some("/lib/a b\n.so")),
            ]
        );
    }

    /// Frees as much as a large unit and its names.
    struct Wasteful(Mutex<Vec<usize>>);

    impl Resolve for Wasteful {
        fn resolve(&self, _: &Module, _: &[u64]) -> Resolution {
            self.0.lock().unwrap().extend(apart::free_pages());
            for _ in 0..2 {
                std::hint::black_box((100..2_000).map(|size| vec![1u8; size]).collect::<Vec<_>>());
                std::hint::black_box(vec![1u8; 8 << 20]);
            }
            Resolution::default()
        }
    }

    #[test]
    fn what_a_module_took_is_given_back_before_the_next_is_read() {
        let test = "render::own_modules::tests::what_a_module_took_is_given_back_before_the_next_is_read";
        crate::common::in_child(test, None, || {
            let free = apart::run(|| {
                let files = Wasteful(Mutex::default());
                let modules = OwnModules { own: vec![loaded("/app", None, Some("/app"))], files };
                for _ in 0..3 {
                    modules.resolve(&module("/app", None), &[]);
                }
                modules.files.0.into_inner().unwrap()
            });
            // Some pages' worth is nothing beside the two thousand that each frees.
            assert!(
                matches!(free.as_deref(), Some([_, second, third]) if *second.max(third) < 64),
                "{free:?}"
            );
        });
    }

    #[test]
    fn this_process_knows_itself() {
        let modules = OwnModules::now(Witness::default());
        let executable = std::env::current_exe().unwrap();
        assert!(modules.own.iter().any(|own| executable.to_str() == Some(&own.path)));
        assert!(modules.own.iter().any(|own| own.path.contains("libc")));
    }
}
