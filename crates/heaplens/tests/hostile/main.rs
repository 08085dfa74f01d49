//! Files made to harm whoever reads them, or their symbols: no panic, no hang, bounded memory, and what is sound is found.
//!
//! A process of its own, one test after the other: memory is counted at the allocator.

mod bytes;
mod damage;
mod dwarf;
mod elf;
mod entries;
mod headers;
mod inflate;
mod lab;
mod lines;
mod memory;
mod origins;
mod others;
mod pprof;
mod ranges;
mod replaced;
mod strings;
mod units;
mod watch;

use libtest_mimic::{Arguments, Failed, Trial};

type Check = fn() -> Result<(), Failed>;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let cases: Vec<(&str, Check)> = vec![
        ("work_is_seen", watch::work_is_seen),
        ("every_byte_changed_or_cut", damage::every_byte),
        ("references", entries::references),
        ("references_across_units", entries::references_across_units),
        ("references_in_chains", origins::chains),
        ("references_lost", origins::lost),
        ("depth", entries::depth),
        ("inlined", entries::inlined),
        ("inlined_by_thousands", entries::inlined_by_thousands),
        ("overlaps", entries::overlaps),
        ("siblings", entries::siblings),
        ("abbreviations", entries::abbreviations),
        ("products", entries::products),
        ("unit_lengths", units::lengths),
        ("unit_headers", units::headers),
        ("unit_imports", units::imports),
        ("units_in_units", units::nested),
        ("index_of_addresses", units::index),
        ("range_lists_old", ranges::old_lists),
        ("range_lists_new", ranges::new_lists),
        ("range_lists_shared", ranges::shared_lists),
        ("line_headers", lines::headers),
        ("line_operations", lines::operations),
        ("line_sequences", lines::sequences),
        ("line_programs_shared", lines::shared),
        ("line_files", lines::files),
        ("name_places", strings::places),
        ("name_sizes", strings::sizes),
        ("name_suffixes", strings::suffixes),
        ("name_bombs", strings::bombs),
        ("name_products", strings::products),
        ("name_bombs_by_thousands", strings::many_bombs),
        ("paths", strings::paths),
        ("section_counts", headers::counts),
        ("section_sizes", headers::sizes),
        ("section_kinds", headers::kinds),
        ("segments", headers::segments),
        ("symbol_tables", headers::symbols),
        ("notes_and_links", headers::notes),
        ("sparse", headers::sparse),
        ("compressed_claims", inflate::claims),
        ("compressed_bombs", inflate::bombs),
        ("mini_debug_info", inflate::mini_debug_info),
        ("compressed_within_the_cap", inflate::within_the_cap),
        ("compressed_only_what_is_needed", inflate::only_what_is_needed),
        ("memory_everything_at_once", inflate::everything_at_once),
        ("memory_units", memory::units),
        ("memory_lists", memory::lists),
        ("memory_large_units", memory::large_units),
        ("memory_packages", memory::packages),
        ("memory_symbols", memory::symbols),
        ("split_halves", others::split),
        ("split_half_shared", others::shared_half),
        ("split_halves_in_one_file", others::many_halves),
        ("beside_the_program", others::beside),
        ("pprof_bombs", pprof::bombs),
        ("pprof_that_costs", pprof::costly),
        ("pprof_of_many_rows", pprof::many),
        ("truncated_while_read", replaced::truncated),
        ("overwritten_while_read", replaced::overwritten),
        ("renamed_while_read", replaced::renamed),
        ("removed_while_read", replaced::removed),
    ];
    let trials = cases.into_iter().map(|(name, check)| Trial::test(name, check)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}
