//! Profiles of any kind, for laws.

use heaplens::Profile;
use heaplens::profile::Amount;
use proptest::prelude::*;

/// A dump's text: a few modules and addresses, so that stacks share frames.
pub(crate) fn dump_text() -> impl Strategy<Value = String> {
    let address = prop_oneof![0x1000u64..0x1010, 0x2000u64..0x2010, Just(0x9000u64), any::<u64>()];
    let count = prop_oneof![0u64..5, any::<u64>()];
    let stack = (
        proptest::collection::vec(address, 0..6),
        proptest::collection::vec((count.clone(), count.clone(), count.clone(), count), 1..3),
    );
    (prop_oneof![Just(0u64), Just(1), Just(524_288), any::<u64>()], proptest::collection::vec(stack, 0..12)).prop_map(
        |(rate, stacks)| {
            let mut text = format!("heap_v2/{rate}\n  t*: 5: 6 [0: 0]\n  t1: 5: 6 [0: 0] worker\n");
            for (addresses, lines) in stacks {
                text.push('@');
                for address in addresses {
                    text += &if address == 0 { " 0".to_owned() } else { format!(" {address:#x}") };
                }
                for (thread, (a, b, c, d)) in lines.into_iter().enumerate() {
                    let owner = if thread == 0 { "*".to_owned() } else { thread.to_string() };
                    text += &format!("\n  t{owner}: {a}: {b} [{c}: {d}]");
                }
                text.push('\n');
            }
            text + "\nMAPPED_LIBRARIES:\n1000-2000 r-xp 00000000 08:01 1 /bin/a\n2000-3000 r-xp 00000000 08:01 2 /lib/b.so\n"
        },
    )
}

pub(crate) fn folded() -> impl Strategy<Value = Profile> {
    let stack = proptest::collection::vec("[a-c]{1,2}|[ -~]{1,6}", 1..4);
    proptest::collection::vec((stack, 1u32..1000), 1..8).prop_map(|stacks| {
        let mut profile = Profile::default();
        for (names, value) in stacks {
            let frames: Vec<_> = names
                .iter()
                .map(|name| {
                    let name = profile.intern(name);
                    let function = profile.add_function(heaplens::profile::Function {
                        name,
                        system_name: name,
                        file: None,
                    });
                    profile.add_frame(heaplens::profile::Frame::named(function))
                })
                .collect();
            let stack = profile.add_stack_from_root(frames);
            let values = heaplens::profile::Values {
                inuse_space: Amount::from_u64(value.into()),
                ..Default::default()
            };
            profile.add_sample(heaplens::profile::Sample { stack, thread: None, values });
        }
        profile
    })
}
