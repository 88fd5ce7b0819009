//! From moments to places along the axis.

use chrono::{DateTime, TimeDelta, Utc};

/// A stretch without any change that takes more than this share of the whole is drawn shorter: the minutes in which
/// everything happened would not be seen beside the hours of waiting.
const LONGEST_SHARE: f64 = 0.75;
/// A stretch of fewer seconds is always drawn to scale: nobody waits for it, and the room behind a run of a moment is one.
const WORTH_A_BREAK: f64 = 10.0;
/// What such a stretch gets of the width.
const SHORTENED_TO: f64 = 0.4;

/// Steps between marks that people count in, in seconds.
const STEPS: [i64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/// A piecewise linear scale over a time that is not empty.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    /// Moments with their place, from 0 to 1; between two of them the scale is linear.
    stops: Vec<(DateTime<Utc>, f64)>,
    /// The stretch that is drawn shorter, if one is.
    broken: Option<usize>,
}

impl Scale {
    /// `moments` are the times at which anything changed; at least two seconds are shown.
    pub(super) fn over(mut moments: Vec<DateTime<Utc>>) -> Option<Self> {
        moments.sort_unstable();
        moments.dedup();
        let (first, last) = (*moments.first()?, *moments.last()?);
        let least = first.checked_add_signed(TimeDelta::seconds(2))?;
        if last < least {
            moments.retain(|moment| *moment == first || *moment < last);
            moments.push(least);
        }
        Some(Self::through(&moments))
    }

    fn through(moments: &[DateTime<Utc>]) -> Self {
        let lengths: Vec<f64> = moments.windows(2).map(|pair| seconds(pair[1] - pair[0])).collect();
        let whole: f64 = lengths.iter().sum();
        let is_long = |length: &f64| *length > LONGEST_SHARE * whole && *length >= WORTH_A_BREAK;
        let broken = lengths.iter().position(|length| lengths.len() > 2 && is_long(length));
        let rest = broken.map_or(whole, |index| whole - lengths[index]);
        let share = |index: usize, length: f64| match broken {
            Some(broken) if broken == index => SHORTENED_TO,
            Some(_) => length / rest * (1.0 - SHORTENED_TO),
            None => length / whole,
        };
        let mut place = 0.0;
        let mut stops = vec![(moments[0], 0.0)];
        for (index, length) in lengths.iter().enumerate() {
            place += share(index, *length);
            stops.push((moments[index + 1], place));
        }
        Self { stops, broken }
    }

    /// The place of a moment, from 0 to 1; what lies outside stands at the edge.
    pub(super) fn place(&self, at: DateTime<Utc>) -> f64 {
        let after = self.stops.partition_point(|(moment, _)| *moment <= at);
        match (after.checked_sub(1).map(|index| self.stops[index]), self.stops.get(after)) {
            (None, _) => 0.0,
            (Some(_), None) => 1.0,
            (Some((from, start)), Some((to, end))) => {
                (start + (end - start) * seconds(at - from) / seconds(*to - from)).min(1.0)
            }
        }
    }

    pub(super) fn begin(&self) -> DateTime<Utc> {
        self.stops[0].0
    }

    pub(super) fn end(&self) -> DateTime<Utc> {
        self.stops[self.stops.len() - 1].0
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Where the axis is broken: the middle of the stretch that is drawn shorter.
    pub(super) fn gap(&self) -> Option<f64> {
        let index = self.broken?;
        Some((self.stops[index].1 + self.stops[index + 1].1) / 2.0)
    }

    /// Round moments for marks, at most about `most` over the whole, and the seconds between them. None stands inside a
    /// stretch that is drawn shorter.
    pub(super) fn marks(&self, most: usize) -> (Vec<DateTime<Utc>>, i64) {
        let hidden = self.broken.map(|index| (self.stops[index].0, self.stops[index + 1].0));
        let whole = seconds(self.end() - self.begin());
        let (drawn, width) = match hidden {
            Some((from, to)) => (whole - seconds(to - from), 1.0 - SHORTENED_TO),
            None => (whole, 1.0),
        };
        let wanted = drawn / (most as f64 * width).max(1.0);
        let step = STEPS.into_iter().find(|step| *step as f64 >= wanted).unwrap_or(STEPS[STEPS.len() - 1]);
        let is_drawn = |at: &DateTime<Utc>| hidden.is_none_or(|(from, to)| *at <= from || *at >= to);
        let is_shown = |at: &DateTime<Utc>| *at >= self.begin() && is_drawn(at);
        (self.rounds(step, hidden).filter(is_shown).take(4 * most + 4).collect(), step)
    }

    /// The multiples of `step` before and behind what is hidden, without counting through it.
    fn rounds(
        &self,
        step: i64,
        hidden: Option<(DateTime<Utc>, DateTime<Utc>)>,
    ) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let (from, to) = hidden.unwrap_or((self.end(), self.end()));
        let count = |from: DateTime<Utc>, to: DateTime<Utc>| {
            let first = from.timestamp().div_euclid(step) + i64::from(from.timestamp().rem_euclid(step) > 0);
            (first..=to.timestamp().div_euclid(step)).filter_map(move |n| DateTime::from_timestamp(n * step, 0))
        };
        let behind = hidden.map(|_| count(to, self.end()));
        count(self.begin(), from).chain(behind.into_iter().flatten())
    }
}

/// Exact enough that two different moments are never at no distance.
fn seconds(span: TimeDelta) -> f64 {
    span.num_seconds() as f64 + f64::from(span.subsec_nanos()) / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_793_760_000 + seconds, 0).unwrap()
    }

    fn over(seconds: &[i64]) -> Scale {
        Scale::over(seconds.iter().copied().map(at).collect()).unwrap()
    }

    #[test]
    fn an_even_run_is_drawn_to_scale() {
        let scale = over(&[0, 300, 600, 1_000]);
        assert!(!scale.is_broken());
        assert_eq!((scale.place(at(0)), scale.place(at(250)), scale.place(at(1_000))), (0.0, 0.25, 1.0));
        assert_eq!((scale.place(at(-5)), scale.place(at(2_000))), (0.0, 1.0), "what lies outside stands at the edge");
    }

    #[test]
    fn hours_of_waiting_leave_room_for_the_minutes_of_work() {
        let scale = over(&[0, 300, 600, 18_000, 18_200]);
        assert!(scale.is_broken());
        assert!(scale.place(at(600)) > 0.4, "ten minutes are seen beside five hours");
        assert!(scale.gap().is_some_and(|gap| scale.place(at(600)) < gap && gap < scale.place(at(18_000))));
        let (marks, step) = scale.marks(6);
        assert!(marks.iter().all(|mark| *mark <= at(600) || *mark >= at(18_000)), "{marks:?} every {step} s");
    }

    #[test]
    fn places_never_go_back() {
        let scale = over(&[0, 1, 2, 40_000, 40_001, 90_000]);
        let places: Vec<f64> = (0..900).map(|n| scale.place(at(n * 100))).collect();
        assert!(places.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn marks_are_round_and_few() {
        for (end, step) in [(20, 5), (1_038, 300), (18_000, 3_600), (90_000, 21_600)] {
            let (marks, by) = over(&[0, end / 3, end / 2, end]).marks(6);
            assert_eq!(by, step, "over {end} s");
            assert!((2..=7).contains(&marks.len()), "{marks:?}");
            assert!(marks.iter().all(|mark| mark.timestamp() % step == 0));
        }
    }

    #[test]
    fn moments_closer_than_a_millisecond_are_apart() {
        let later = at(1) + TimeDelta::nanoseconds(600);
        let scale = Scale::over(vec![at(0) + TimeDelta::milliseconds(700), at(1), later, at(2), at(3)]).unwrap();
        assert!(scale.place(at(1)) < scale.place(later) && scale.place(later) < 0.2);
        assert_eq!(scale.marks(8).0, [at(1), at(2), at(3)], "no mark stands before the beginning");
    }

    proptest! {
        #[test]
        fn every_moment_has_a_place_and_marks_are_few(
            moments in prop::collection::vec((0i64..100_000_000, 0i64..1_000_000_000), 1..20),
            most in 2usize..10,
        ) {
            let moments: Vec<_> = moments.iter().map(|(s, n)| at(*s) + TimeDelta::nanoseconds(*n)).collect();
            let scale = Scale::over(moments.clone()).unwrap();
            for moment in moments {
                prop_assert!((0.0..=1.0).contains(&scale.place(moment)), "{moment} at {}", scale.place(moment));
            }
            let marks = scale.marks(most).0;
            prop_assert!(marks.len() <= 4 * most + 4);
            prop_assert!(marks.iter().all(|mark| (scale.begin()..=scale.end()).contains(mark)), "{marks:?}");
        }
    }

    #[test]
    fn the_room_behind_a_run_of_a_moment_is_no_waiting() {
        let moment = |milliseconds| at(0) + TimeDelta::milliseconds(milliseconds);
        let scale = Scale::over(vec![moment(0), moment(30), moment(180), moment(200)]).unwrap();
        assert!(!scale.is_broken() && scale.end() - scale.begin() == TimeDelta::seconds(2), "{scale:?}");
    }

    #[test]
    fn a_run_that_took_no_time_still_has_a_scale() {
        let scale = over(&[0]);
        assert_eq!(scale.end() - scale.begin(), TimeDelta::seconds(2));
        assert!(Scale::over(Vec::new()).is_none());
        assert!(over(&[0, 1]).place(at(1)) > 0.0);
    }
}
