//! Typed indices into a profile's tables: a `StackId` cannot be used where a `FrameId` is meant.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// The position in its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// An interned string.
    StringId
);
id!(
    /// A [`Module`](super::Module): an executable or a library.
    ModuleId
);
id!(
    /// A [`Function`](super::Function): a name and the file that declares it.
    FunctionId
);
id!(
    /// A [`Frame`](super::Frame): a place in the code.
    FrameId
);
id!(
    /// A [`StackNode`](super::StackNode): a frame and its caller.
    StackId
);
id!(
    /// A [`Thread`](super::Thread) of the profiled program.
    ThreadId
);
