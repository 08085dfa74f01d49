//! Captures of programs over time, the stacks of all of them stored once.
//!
//! A day of dumps names the same few thousand stacks again and again. One [`Profile`] holds them, so that names are
//! looked up once; a capture is a list of numbers.

mod clock;
mod profiles;
mod runs;

pub use clock::{Clock, time_in};
pub use runs::{LeftOut, Run, Runs, Why};

use crate::error::Warning;
use crate::profile::{Amount, Meta, Profile, Sample, SampleType, StackId, Thread, Values};
use crate::trailer::Trailer;
use rustc_hash::FxHashMap;

/// Where a capture comes from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// What people call it: a file's name.
    pub name: String,
    /// When the file was changed last, in Unix milliseconds.
    pub file_time_ms: Option<u64>,
}

/// One input.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Where it comes from.
    pub source: Source,
    /// Average bytes between two samples; `None` if the input does not tell or was not sampled.
    pub rate: Option<u64>,
    /// What the writer said about itself; build-ids are with the modules.
    pub trailer: Option<Trailer>,
    /// True if objects were counted.
    pub has_objects: bool,
    /// True if what was freed since was counted as well.
    pub has_alloc: bool,
    /// True for a difference.
    pub is_diff: bool,
    /// What is missing or doubtful in it.
    pub warnings: Vec<Warning>,
    /// Live bytes, unsampled, of all that the input tells of.
    measured: f64,
    /// False if filters left none of its stacks.
    has_chosen: bool,
    points: Vec<Point>,
    /// Beside `points`: what was allocated so far, freed or not; empty if that was not measured.
    allocated: Vec<Point>,
    /// With a thread's number, by stack and thread; empty if threads were not told apart.
    by_thread: Vec<(u32, Point)>,
    /// Where code was in memory: the module's path (a string of the series' code) and its first address.
    loaded: Vec<(String, u64)>,
}

/// What a stack held in one capture, unsampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The stack's number in the series.
    pub stack: u32,
    /// Live bytes.
    pub bytes: f64,
    /// Live objects.
    pub objects: f64,
}

impl Capture {
    /// What its stacks held, by number of stack.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// What its stacks allocated so far, freed or not, by number of stack; empty if that was not measured.
    pub fn allocated(&self) -> &[Point] {
        &self.allocated
    }

    /// What its stacks held in each thread, by number of stack, then of the thread in [`Series::threads`]; empty without
    /// [`Series::push_threads`].
    pub fn by_thread(&self) -> &[(u32, Point)] {
        &self.by_thread
    }

    /// What was measured, in pprof's order.
    pub fn sample_types(&self) -> Vec<SampleType> {
        let Capture { has_alloc, has_objects, .. } = *self;
        Meta { has_alloc, has_objects, ..Meta::default() }.sample_types()
    }

    /// Live bytes of all that the input tells of, unsampled, chosen or not.
    pub fn measured(&self) -> f64 {
        self.measured
    }
}

/// Captures whose stacks are stored once.
#[derive(Clone, Debug, Default)]
pub struct Series {
    code: Profile,
    /// By number: where a stack is in `code`; `None` for those that a change left out.
    stacks: Vec<Option<Option<StackId>>>,
    numbers: FxHashMap<Option<StackId>, u32>,
    captures: Vec<Capture>,
    chosen: Vec<String>,
}

impl Series {
    /// A series without captures.
    pub fn new() -> Series {
        Series::default()
    }

    /// Adds a capture. All are added before [`Series::change`].
    pub fn push(&mut self, source: Source, profile: &Profile) {
        self.push_part(source, profile, profile);
    }

    /// As [`Series::push`], of a part of what was measured, such as what one thread allocated: whether sampling missed
    /// much is a question to the whole.
    pub fn push_part(&mut self, source: Source, profile: &Profile, whole: &Profile) {
        self.code.absorb(profile);
        let samples = self.code.take_samples();
        self.code.warnings.clear();
        let points = self.summed(&samples, |_| 0, |values| (values.inuse_objects, values.inuse_space));
        let allocated = match profile.meta.has_alloc {
            true => self.summed(&samples, |_| 0, |values| (values.alloc_objects, values.alloc_space)),
            false => Vec::new(),
        };
        let alone = |points: Vec<(u32, Point)>| -> Vec<Point> {
            points.into_iter().map(|(_, point)| point).collect()
        };
        let mut trailer = profile.meta.trailer.clone();
        if let Some(trailer) = &mut trailer {
            trailer.build_ids = Vec::new();
        }
        self.captures.push(Capture {
            source,
            rate: profile.meta.rate,
            trailer,
            has_objects: profile.meta.has_objects,
            has_alloc: profile.meta.has_alloc,
            is_diff: profile.meta.is_diff,
            measured: whole.total().inuse_space.as_f64(),
            has_chosen: !points.is_empty(),
            warnings: profile.warnings.clone(),
            points: alone(points),
            allocated: alone(allocated),
            by_thread: Vec::new(),
            loaded: runs::loaded(profile),
        });
    }

    /// Tells the last capture's threads: the same input once more, its threads kept apart. Their sums may differ from the
    /// capture's values a little, since each line is unsampled by itself.
    pub fn push_threads(&mut self, profile: &Profile) {
        self.code.absorb(profile);
        let samples = self.code.take_samples();
        self.code.warnings.clear();
        let thread = |sample: &Sample| sample.thread.map_or(u32::MAX, |thread| thread.index() as u32);
        let points = self.summed(&samples, thread, |values| (values.inuse_objects, values.inuse_space));
        if let Some(capture) = self.captures.last_mut() {
            capture.by_thread = points;
        }
    }

    /// Samples of one stack and one kind added up, in the order of both.
    fn summed(
        &mut self,
        samples: &[Sample],
        kind: impl Fn(&Sample) -> u32,
        values: impl Fn(&Values) -> (Amount, Amount),
    ) -> Vec<(u32, Point)> {
        let mut points: Vec<(u32, Point)> = samples
            .iter()
            .map(|sample| {
                let (objects, bytes) = values(&sample.values);
                let stack = self.number(sample.stack);
                (kind(sample), Point { stack, bytes: bytes.as_f64(), objects: objects.as_f64() })
            })
            .collect();
        points.sort_by_key(|(kind, point)| (point.stack, *kind));
        points.dedup_by(|(kind, next), (of, sum)| {
            let is_same = (next.stack, &kind) == (sum.stack, &of);
            if is_same {
                sum.bytes += next.bytes;
                sum.objects += next.objects;
            }
            is_same
        });
        points
    }

    /// Says what was chosen from the inputs, each as the user asked for it (`--focus "parse"`): every result tells it, since
    /// it is of that part alone.
    pub fn set_chosen(&mut self, chosen: Vec<String>) {
        self.chosen = chosen;
    }

    /// What was chosen from the inputs; empty for all of them.
    pub fn chosen(&self) -> &[String] {
        &self.chosen
    }

    /// The threads of all captures: [`Capture::by_thread`] has their numbers, `u32::MAX` for none.
    pub fn threads(&self) -> &[Thread] {
        self.code.threads()
    }

    fn number(&mut self, stack: Option<StackId>) -> u32 {
        let new = self.stacks.len() as u32;
        let number = *self.numbers.entry(stack).or_insert(new);
        if number == new {
            self.stacks.push(Some(stack));
        }
        number
    }

    /// Modules, functions, frames and stacks of all captures.
    pub fn code(&self) -> &Profile {
        &self.code
    }

    /// All captures, in the order in which they were added.
    pub fn captures(&self) -> &[Capture] {
        &self.captures
    }

    /// How many stacks there are; their numbers run from 0.
    pub fn stack_count(&self) -> usize {
        self.stacks.len()
    }

    /// Where a stack is in [`Series::code`]; `None` if a change left it out.
    pub fn stack(&self, number: u32) -> Option<Option<StackId>> {
        self.stacks[number as usize]
    }

    /// Changes frames and stacks of all captures at once: puts names to them, folds or filters. `change` gets one
    /// sample a stack, whose value is the largest of all captures; samples that it drops are gone from all captures.
    ///
    /// # Errors
    /// What `change` gives; the series is then empty.
    pub fn change<E>(&mut self, change: impl FnOnce(Profile) -> Result<Profile, E>) -> Result<(), E> {
        let mut largest = vec![0.0f64; self.stacks.len()];
        for point in self.captures.iter().flat_map(|capture| &capture.points) {
            let known = &mut largest[point.stack as usize];
            *known = known.max(point.bytes);
        }
        let mut code = std::mem::take(&mut self.code);
        for (number, (stack, bytes)) in self.stacks.iter().zip(largest).enumerate() {
            let Some(stack) = *stack else { continue };
            // A change leaves values as they are, so one that nobody looks at carries the number through.
            let values = Values {
                alloc_objects: Amount::from_u64(number as u64),
                inuse_space: Amount::from_f64(bytes),
                ..Values::default()
            };
            code.add_sample(Sample { stack, thread: None, values });
        }
        let mut code = change(code)?;
        self.stacks.fill(None);
        for sample in code.take_samples() {
            let number = sample.values.alloc_objects.trunc();
            if let Some(stack) = usize::try_from(number).ok().and_then(|n| self.stacks.get_mut(n)) {
                *stack = Some(sample.stack);
            }
        }
        for capture in &mut self.captures {
            capture.has_chosen =
                capture.points.iter().any(|point| self.stacks[point.stack as usize].is_some());
        }
        self.numbers.clear();
        self.code = code;
        Ok(())
    }

    /// What these captures held at most, in bytes, if filters left none of it: of the rest nothing can be said then.
    /// `None` if they left some, or there was nothing. What [`Series::leave_out`] took is no filter's.
    pub(crate) fn all_left_out(&self, captures: &[usize]) -> Option<f64> {
        let captures = || captures.iter().map(|&capture| &self.captures[capture]);
        let most = captures().map(Capture::measured).fold(0.0, f64::max);
        (most > 0.0 && captures().all(|capture| !capture.has_chosen)).then_some(most)
    }

    /// Leaves stacks, by number, out of all captures. What captures held in all is known still.
    pub(crate) fn leave_out(&mut self, stacks: &[u32]) {
        for &number in stacks {
            self.stacks[number as usize] = None;
        }
    }
}
