//! The table of functions: what each allocated itself (flat) and with its callees (cumulative).

use crate::profile::{Amount, FrameId, Granularity, Profile, SampleType};
use crate::sampling::{self, Interval};
use crate::view::Tree;
use rustc_hash::FxHashMap;

/// Functions of a profile. All amounts are unsampled.
#[derive(Clone, Debug)]
pub struct Top {
    /// What is counted.
    pub sample_type: SampleType,
    /// True for a difference: amounts have a base and a new side.
    pub is_diff: bool,
    /// True if objects were counted beside the bytes.
    pub has_objects: bool,
    /// Average bytes between samples, `None` if the values are exact.
    pub rate: Option<u64>,
    /// What rows are of: functions, unless frames were grouped.
    pub granularity: Granularity,
    /// What the rows are sorted by.
    pub order: Order,
    /// The sum of all samples.
    pub total: Change,
    /// For a difference: how much the stacks (of function names) that grew did grow, and the others shrink; both
    /// ≥ 0, `grown − shrunk` is the total's net change.
    pub grown: Amount,
    /// See `grown`.
    pub shrunk: Amount,
    /// Objects of all samples if bytes are counted, bytes if objects are.
    pub total_other: Change,
    /// One row a function name, by flat amount (for a difference by the size of its change), then by name.
    pub rows: Vec<Row>,
}

/// An amount, or for a difference both of its sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The base's side; zero unless it is a difference.
    pub before: Amount,
    /// The new side.
    pub after: Amount,
}

impl Change {
    /// `after − before`.
    pub fn net(&self) -> Amount {
        self.after - self.before
    }

    /// 95 % interval of the net value in bytes; `None` for objects and for exact values.
    pub(crate) fn interval(
        &self,
        sample_type: SampleType,
        rate: Option<u64>,
        is_diff: bool,
    ) -> Option<Interval> {
        let rate = rate.filter(|_| sample_type.is_bytes())?;
        Some(if is_diff {
            sampling::interval_of_difference(self.before.as_f64(), self.after.as_f64(), rate)
        } else {
            sampling::interval(self.after.as_f64(), rate)
        })
    }

    /// Adds a sample's value to the side that its sign tells.
    pub(crate) fn add(&mut self, value: Amount) {
        if value.is_negative() {
            self.before += -value;
        } else {
            self.after += value;
        }
    }
}

/// One function.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name (raw: escape it for where it goes).
    pub name: String,
    /// `file:line` of its heaviest place, where known.
    pub location: Option<String>,
    /// The binary or library, where known.
    pub module: Option<String>,
    /// Allocated by the function itself.
    pub flat: Change,
    /// Allocated by it and what it calls, recursion counted once.
    pub cum: Change,
    /// As `flat`: objects if bytes are counted, bytes if objects are.
    pub flat_other: Change,
    /// As `cum`: objects if bytes are counted, bytes if objects are.
    pub cum_other: Change,
}

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What functions allocated themselves.
    #[default]
    Flat,
    /// What they and their callees allocated.
    Cumulative,
}

impl Row {
    /// The amount that an order sorts by.
    pub fn leading(&self, order: Order) -> Change {
        match order {
            Order::Flat => self.flat,
            Order::Cumulative => self.cum,
        }
    }

    /// What belongs to [`Row::leading`]: objects if bytes are counted, bytes if objects are.
    pub fn leading_other(&self, order: Order) -> Change {
        match order {
            Order::Flat => self.flat_other,
            Order::Cumulative => self.cum_other,
        }
    }
}

impl Top {
    /// The table of a profile, sorted by flat amount.
    pub fn new(profile: &Profile, sample_type: SampleType) -> Top {
        let mut names: FxHashMap<String, usize> = FxHashMap::default();
        let mut rows: Vec<Row> = Vec::new();
        let row_of_frame: Vec<usize> = profile
            .frame_ids()
            .map(|id| {
                let name = profile.frame_name(id);
                if let Some(&row) = names.get(name.as_ref()) {
                    return row;
                }
                names.insert(name.clone().into_owned(), rows.len());
                rows.push(Row {
                    name: name.into_owned(),
                    location: None,
                    module: None,
                    flat: Change::default(),
                    cum: Change::default(),
                    flat_other: Change::default(),
                    cum_other: Change::default(),
                });
                rows.len() - 1
            })
            .collect();
        let mut total = Change::default();
        let mut total_other = Change::default();
        // The sample that counted a row last: a function that calls itself counts once a sample.
        let mut counted = vec![usize::MAX; rows.len()];
        let mut weight_of_frame = vec![Amount::ZERO; profile.frame_count()];
        for (number, sample) in profile.samples().iter().enumerate() {
            let value = sample.values.get(sample_type);
            let other = sample.values.get(sample_type.counterpart());
            total.add(value);
            total_other.add(other);
            for (depth, (_, frame)) in profile.stack_from_leaf(sample.stack).enumerate() {
                weight_of_frame[frame.index()] += value.abs();
                let index = row_of_frame[frame.index()];
                let row = &mut rows[index];
                if depth == 0 {
                    row.flat.add(value);
                    row.flat_other.add(other);
                }
                if counted[index] != number {
                    counted[index] = number;
                    row.cum.add(value);
                    row.cum_other.add(other);
                }
            }
        }
        place(profile, &row_of_frame, &weight_of_frame, &mut rows);
        rows.retain(|row| row.cum != Change::default() || row.cum_other != Change::default());
        let (grown, shrunk) = match profile.meta.is_diff {
            true => {
                let tree = Tree::new(profile, sample_type);
                (tree.root().grown(), tree.root().shrunk())
            }
            false => Default::default(),
        };
        let mut top = Top {
            sample_type,
            is_diff: profile.meta.is_diff,
            has_objects: profile.meta.has_objects,
            rate: profile.meta.rate,
            granularity: profile.meta.granularity,
            order: Order::Flat,
            total,
            grown,
            shrunk,
            total_other,
            rows,
        };
        top.sort(Order::Flat);
        top
    }

    /// Sorts the rows, largest first; equal ones by name.
    pub fn sort(&mut self, order: Order) {
        self.order = order;
        let size = |row: &Row| match order {
            Order::Flat => (row.flat.net().abs(), row.cum.net().abs()),
            Order::Cumulative => (row.cum.net().abs(), row.flat.net().abs()),
        };
        self.rows.sort_by(|a, b| size(b).cmp(&size(a)).then_with(|| a.name.cmp(&b.name)));
    }

    /// 95 % interval of an amount's net value in bytes; `None` for objects and for exact values.
    pub fn interval(&self, change: &Change) -> Option<Interval> {
        change.interval(self.sample_type, self.rate, self.is_diff)
    }
}

/// Gives each row the place of its heaviest frame.
fn place(profile: &Profile, row_of_frame: &[usize], weights: &[Amount], rows: &mut [Row]) {
    let mut heaviest: Vec<Option<FrameId>> = vec![None; rows.len()];
    for id in profile.frame_ids() {
        let best = &mut heaviest[row_of_frame[id.index()]];
        if best.is_none_or(|b| weights[id.index()] > weights[b.index()]) {
            *best = Some(id);
        }
    }
    for (row, frame) in rows.iter_mut().zip(heaviest) {
        if let Some(id) = frame {
            row.location = profile.frame_location(id);
            row.module = profile.frame(id).module.map(|m| profile.module(m).short_name().to_owned());
        }
    }
}
