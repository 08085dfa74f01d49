//! Strings, functions, frames, stacks and sites as columns; only those that a site needs.

use super::{Options, blocks, colors};
use crate::classify::crate_of;
use crate::filter;
use crate::out::redact::redacted_path;
use crate::out::{escape, symbols};
use crate::profile::{FrameId, Granularity, Module, ModuleId, ModuleKind, Profile, StackId, SymbolState};
use crate::series::Series;
use crate::view::palette;
use rustc_hash::FxHashMap;
use serde::Serialize;

/// Columns; a number is an index into the list of that name, −1 for none.
#[derive(Debug, Default, Serialize)]
pub(super) struct Code {
    strings: Vec<String>,
    functions: Functions,
    frames: Frames,
    stacks: Stacks,
    sites: Sites,
    modules: Vec<ModuleRow>,
    threads: Vec<String>,
    #[serde(skip)]
    known: FxHashMap<String, usize>,
    #[serde(skip)]
    options: Options,
    /// False where names stand for crates, files or modules: whose they are is another question.
    #[serde(skip)]
    names_functions: bool,
}

#[derive(Debug, Default, Serialize)]
struct Functions {
    name: Vec<usize>,
    file: Vec<i64>,
    /// With the version, where it is known.
    #[serde(rename = "crate")]
    krate: Vec<i64>,
    /// A letter each.
    owner: String,
    /// A base-36 digit each.
    color: String,
}

#[derive(Debug, Default, Serialize)]
struct Frames {
    function: Vec<usize>,
    line: Vec<u32>,
    module: Vec<i64>,
    /// `1` or `0` each.
    inlined: String,
}

#[derive(Debug, Default, Serialize)]
struct Stacks {
    parent: Vec<i64>,
    frame: Vec<usize>,
}

/// By the stack's number in the series.
#[derive(Debug, Default, Serialize)]
struct Sites {
    stack: Vec<i64>,
    cut: Vec<usize>,
    run: Vec<usize>,
    runtime: Vec<i64>,
}

#[derive(Debug, Serialize)]
struct ModuleRow {
    path: String,
    build_id: String,
    state: &'static str,
    /// Why it has no names, and what would mend it.
    advice: String,
}

/// Ids of the profile to places in the columns.
#[derive(Default)]
struct Places {
    modules: FxHashMap<ModuleId, i64>,
    functions: FxHashMap<(usize, i64), usize>,
    frames: FxHashMap<FrameId, usize>,
    stacks: FxHashMap<StackId, i64>,
}

impl Code {
    pub(super) fn new(series: &Series, options: &Options) -> Code {
        let profile = series.code();
        let names_functions =
            !matches!(profile.meta.granularity, Granularity::Crate | Granularity::File | Granularity::Module);
        let mut code = Code { options: options.clone(), names_functions, ..Code::default() };
        let mut places = Places::default();
        let ends = filter::ends(profile);
        for number in 0..series.stack_count() as u32 {
            // Numbers of stacks that a filter left out stay, without a stack.
            let leaf = series.stack(number).flatten();
            let ends = ends(leaf);
            let stack = code.stack(profile, leaf, &mut places);
            let runtime = ends.runtime_name.map_or(-1, |name| code.string(name) as i64);
            code.sites.stack.push(stack);
            code.sites.cut.push(ends.allocator);
            code.sites.run.push(ends.runtime);
            code.sites.runtime.push(runtime);
        }
        code.threads = match series.captures().iter().any(|capture| !capture.by_thread().is_empty()) {
            true => blocks::labels(series).0.iter().map(|name| escape::terminal(name).into_owned()).collect(),
            false => Vec::new(),
        };
        code
    }

    /// The place of a text, which is shown with nothing hidden in it.
    pub(super) fn string(&mut self, text: &str) -> usize {
        if let Some(&known) = self.known.get(text) {
            return known;
        }
        self.strings.push(escape::terminal(text).into_owned());
        self.known.insert(text.to_owned(), self.strings.len() - 1);
        self.strings.len() - 1
    }

    fn path(&mut self, text: &str) -> usize {
        if self.options.is_redacted { self.string(redacted_path(text)) } else { self.string(text) }
    }

    fn stack(&mut self, profile: &Profile, leaf: Option<StackId>, places: &mut Places) -> i64 {
        let new: Vec<(StackId, FrameId)> = profile
            .stack_from_leaf(leaf)
            .take_while(|(stack, _)| !places.stacks.contains_key(stack))
            .collect();
        let mut parent = match new.last() {
            Some((outermost, _)) => profile.stack(*outermost).parent,
            None => leaf,
        }
        .map_or(-1, |known| places.stacks[&known]);
        for (stack, frame) in new.into_iter().rev() {
            let frame = self.frame(profile, frame, places);
            self.stacks.parent.push(parent);
            self.stacks.frame.push(frame);
            parent = self.stacks.parent.len() as i64 - 1;
            places.stacks.insert(stack, parent);
        }
        parent
    }

    fn frame(&mut self, profile: &Profile, id: FrameId, places: &mut Places) -> usize {
        if let Some(&known) = places.frames.get(&id) {
            return known;
        }
        let frame = profile.frame(id);
        let file = frame.function.and_then(|function| profile.function(function).file);
        let file = file.map(|file| profile.string(file));
        let name = profile.frame_name(id);
        let function = self.function(&name, file, frame.function.is_some(), places);
        let module = match frame.module {
            Some(module) => *places.modules.entry(module).or_insert_with(|| {
                self.modules.push(module_row(profile.module(module), &self.options));
                self.modules.len() as i64 - 1
            }),
            None => -1,
        };
        self.frames.function.push(function);
        self.frames.line.push(frame.line);
        self.frames.module.push(module);
        self.frames.inlined.push(if frame.inlined { '1' } else { '0' });
        let place = self.frames.function.len() - 1;
        places.frames.insert(id, place);
        place
    }

    fn function(&mut self, name: &str, file: Option<&str>, has_symbol: bool, places: &mut Places) -> usize {
        let text = self.string(name);
        let path = file.map_or(-1, |file| self.path(file) as i64);
        if let Some(&known) = places.functions.get(&(text, path)) {
            return known;
        }
        let krate = crate_of(name, file).map(|krate| match &krate.version {
            Some(version) => format!("{} {version}", krate.name),
            None => krate.name,
        });
        let krate = krate.map_or(-1, |krate| self.string(&krate) as i64);
        // What has no name could be anybody's.
        let owner = (has_symbol && self.names_functions).then(|| self.options.owners.owner(name, file));
        let functions = &mut self.functions;
        functions.name.push(text);
        functions.file.push(path);
        functions.krate.push(krate);
        functions.owner.push(owner.map_or(colors::NOBODY, colors::letter));
        functions.color.extend(char::from_digit(palette::warm_index(name) as u32, 36));
        let place = functions.name.len() - 1;
        places.functions.insert((text, path), place);
        place
    }
}

fn module_row(module: &Module, options: &Options) -> ModuleRow {
    let advice = match &module.symbols {
        SymbolState::Missing { .. } | SymbolState::NotLooked if module.kind != ModuleKind::File => {
            no_file(module.kind).to_owned()
        }
        SymbolState::Missing { why } => {
            format!("{why}; give it with --binary, --binary-dir, --sysroot or --debuginfod")
        }
        SymbolState::Mismatched { found, found_build_id } => {
            format!("{found} is another build ({found_build_id}); give the one that ran with --binary")
        }
        SymbolState::Unverified { used } => {
            format!("{used} was found by its name alone; dumps by the agent have build-ids")
        }
        SymbolState::Verified { .. } | SymbolState::Served { .. } | SymbolState::NotLooked => String::new(),
    };
    ModuleRow {
        path: options.shown_path(&module.path),
        build_id: module.build_id.clone().unwrap_or_default(),
        state: symbols::state(module),
        advice: options.shown(&advice),
    }
}

/// What is to be said of places that are in no file.
fn no_file(kind: ModuleKind) -> &'static str {
    match kind {
        ModuleKind::Unmapped => {
            "these addresses are in no mapping that the dump tells of: no file has names for them; \
             if the dump was cut, a new one has its mappings"
        }
        ModuleKind::Vdso => {
            "it is a part of the kernel, and nothing there allocates: no file has names for it"
        }
        ModuleKind::File | ModuleKind::Anonymous => {
            "it is memory without a file, as code made at run time is in: no file has names for it"
        }
    }
}
