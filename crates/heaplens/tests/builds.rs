//! What is the same code in two inputs, and what is not.

use heaplens::diff::diff;
use heaplens::dump::{Dump, Threads};
use heaplens::group::by_function;
use heaplens::profile::{Amount, Frame, Function, Meta, Module, Profile, Sample, SampleType, Values};
use heaplens::view::{Top, Tree};

const MAPS: &str = "MAPPED_LIBRARIES:\n1000-2000 r-xp 00000000 08:01 7 /opt/server\n\
                    2000-3000 r-xp 00000000 08:01 8 /lib/a.so\n3000-4000 r-xp 00000000 08:01 9 /other/a.so\n\
                    7000-8000 rw-p 00000000 00:00 0 [stack]\n";

fn read(stacks: &[(&str, u64)], maps: &str) -> Profile {
    let total: u64 = stacks.iter().map(|s| s.1).sum();
    let mut text = format!("heap_v2/1\n  t*: {}: {total} [0: 0]\n", stacks.len());
    for (addresses, bytes) in stacks {
        text += &format!("@ {addresses}\n  t*: 1: {bytes} [0: 0]\n");
    }
    let profile = Dump::parse(format!("{text}\n{maps}").as_bytes()).unwrap().to_profile(Threads::Merged);
    profile.check().unwrap();
    assert_eq!(profile.warnings, []);
    profile
}

#[test]
fn equal_offsets_in_two_libraries_of_one_name_stay_apart() {
    let p = read(&[("0x2811 0x1001", 10), ("0x3811 0x1001", 20)], MAPS);
    let rows: Vec<_> = Top::new(&p, SampleType::InuseSpace)
        .rows
        .into_iter()
        .filter(|row| !row.flat.net().is_zero())
        .map(|row| (row.name, row.flat.after.trunc()))
        .collect();
    assert_eq!(rows, [("a.so#2+0x811".to_owned(), 20), ("a.so+0x811".to_owned(), 10)]);
}

#[test]
fn address_spaces_that_moved_do_not_matter() {
    let moved = MAPS.replace("1000-2000", "51000-52000").replace("2000-3000", "62000-63000");
    let base = read(&[("0x2811 0x1001", 10)], MAPS);
    let new = read(&[("0x62811 0x51001", 30)], &moved);
    let d = diff(&base, &new);
    let nets: Vec<_> = d.net_stacks().into_iter().map(|(_, v)| v.inuse_space.trunc()).collect();
    assert_eq!(nets, [20]);
    let tree = Tree::new(&d, SampleType::InuseSpace);
    assert_eq!((tree.root().grown().trunc(), tree.root().shrunk().trunc()), (20, 0));
}

#[test]
fn a_binary_that_was_replaced_while_the_program_ran_is_still_the_one_that_runs() {
    let base = read(&[("0x1801", 10)], MAPS);
    let redeployed = MAPS.replace("/opt/server", "/opt/server (deleted)");
    let same_process = read(&[("0x1801", 10)], &redeployed);
    assert_eq!(diff(&base, &same_process).net_stacks(), []);
    // Another inode: the file at that path is another one by now.
    let next = MAPS.replace("08:01 7 /opt/server", "08:01 77 /opt/server");
    let next_process = read(&[("0x1801", 10)], &next);
    assert_ne!(diff(&same_process, &next_process).net_stacks(), []);
}

/// A build of a program: its functions at offsets of its own.
fn build(build_id: &str, functions: &[(&str, u64, u64)]) -> Profile {
    let mut p = Profile::new(Meta { has_objects: true, ..Meta::default() });
    let module = p.add_module(Module { build_id: Some(build_id.to_owned()), ..Module::file("/opt/server") });
    for (name, offset, bytes) in functions {
        let name = p.intern(name);
        let function = p.add_function(Function { name, system_name: name, file: None });
        let frame = Frame { function: Some(function), line: *offset as u32, ..Frame::at(module, *offset) };
        let frame = p.add_frame(frame);
        let stack = p.add_stack(None, frame);
        let values = Values { inuse_space: Amount::from_u64(*bytes), ..Values::default() };
        p.add_sample(Sample { stack: Some(stack), thread: None, values });
    }
    p
}

#[test]
fn two_builds_compare_by_the_names_of_functions() {
    let base = build("aaaaaaaa01", &[("cache", 0x10, 100), ("index", 0x20, 50)]);
    let new = build("bbbbbbbb02", &[("cache", 0x18, 100), ("index", 0x30, 90)]);
    let d = diff(&base, &new);
    assert_eq!(d.warnings[0].code, "rebuilt");
    let tree = Tree::new(&d, SampleType::InuseSpace);
    assert_eq!((tree.root().grown().trunc(), tree.root().shrunk().trunc()), (40, 0));
    let grouped = by_function(&d);
    grouped.check().unwrap();
    let nets: Vec<_> =
        grouped.net_stacks().into_iter().map(|(names, v)| (names.join(";"), v.inuse_space.trunc())).collect();
    assert_eq!(nets, [("index".to_owned(), 40)]);
}

#[test]
fn without_names_two_builds_share_nothing() {
    let place = |build_id: &str| {
        let mut p = Profile::new(Meta::default());
        let module = Module { build_id: Some(build_id.to_owned()), ..Module::file("/opt/server") };
        let module = p.add_module(module);
        let frame = p.add_frame(Frame::at(module, 0x10));
        let stack = p.add_stack(None, frame);
        let values = Values { inuse_space: Amount::from_u64(5), ..Values::default() };
        p.add_sample(Sample { stack: Some(stack), thread: None, values });
        p
    };
    let tree = Tree::new(&diff(&place("aaaaaaaa01"), &place("bbbbbbbb02")), SampleType::InuseSpace);
    assert_eq!((tree.root().grown().trunc(), tree.root().shrunk().trunc()), (5, 5));
}

#[test]
fn mappings_without_a_file_are_one_module_whatever_stands_in_their_lines() {
    let odd = "MAPPED_LIBRARIES:\n1000-2000 r-xp 00000000 00:00 0\n2000-3000 r-xp 00000000 08:01 4x\n\
               3000-4000 r-xp 00000000 08:01 9 /lib/a.so\n4000-5000 r-xp 00000000 08:02 9 /lib/a.so (deleted)\n\
               5000-6000: /lib/a.so\n7000-8000 rw-p 00000000 00:00 0 [stack]\n";
    let p = read(&[("0x1801", 1), ("0x2801", 2), ("0x3801", 4), ("0x4801", 8), ("0x5801", 16)], odd);
    assert_eq!(p.modules().iter().filter(|m| m.path == "[anonymous]").count(), 1);
    assert_eq!(diff(&p, &p).net_stacks(), []);
}
