//! Coarser frames: what two builds of a program have in common is the names of its functions.

use crate::profile::{Frame, FrameId, Function, Profile};
use rustc_hash::FxHashMap;

/// Every frame becomes its function's name alone, so that stacks merge across builds. Frames without a
/// symbol keep module and offset.
pub fn by_function(profile: &Profile) -> Profile {
    let mut named: FxHashMap<FrameId, FrameId> = FxHashMap::default();
    profile.rebuild_stacks(|new, leaf| {
        let mut frames: Vec<FrameId> = profile.stack_from_leaf(leaf).map(|(_, frame)| frame).collect();
        frames.reverse();
        let frames: Vec<FrameId> = frames
            .into_iter()
            .map(|id| {
                *named.entry(id).or_insert_with(|| match profile.frame(id).function {
                    Some(function) => {
                        let name = profile.function(function).name;
                        let function = new.add_function(Function { name, system_name: name, file: None });
                        new.add_frame(Frame::named(function))
                    }
                    None => id,
                })
            })
            .collect();
        Some(new.add_stack_from_root(frames))
    })
}
