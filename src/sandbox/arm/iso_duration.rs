//! Durations as ISO 8601 writes them, such as `PT1H` or `P1DT30M`.

use chrono::TimeDelta;

/// Weeks, days, hours, minutes and whole seconds; months and years have no fixed length and are none. `None` for what
/// is no duration, and for one without length.
pub(super) fn parse(text: &str) -> Option<TimeDelta> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    let days = part(date, &[('W', 7 * 86_400), ('D', 86_400)])?;
    let seconds = match time {
        Some("") => return None,
        Some(time) => part(time, &[('H', 3_600), ('M', 60), ('S', 1)])?,
        None => 0,
    };
    TimeDelta::try_seconds(days.checked_add(seconds)?).filter(|it| *it > TimeDelta::zero())
}

/// Seconds of numbers with these units, each at most once and in this order.
fn part(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0_i64;
    for (unit, seconds) in units {
        if let Some((number, rest)) = text.split_once(*unit) {
            let whole = number.strip_suffix(".0").unwrap_or(number);
            let digits = Some(whole).filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()))?;
            sum = sum.checked_add(digits.parse::<i64>().ok()?.checked_mul(*seconds)?)?;
            text = rest;
        }
    }
    text.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations_are_taken_apart() {
        let seconds = |text| parse(text).map(|it| it.num_seconds());
        assert_eq!(seconds("PT1H"), Some(3_600));
        assert_eq!(seconds("P1DT2H3M4S"), Some(93_784));
        assert_eq!(seconds("P2W"), Some(1_209_600));
        assert_eq!(seconds("PT3600.0S"), Some(3_600));
        for wrong in ["", "P", "PT", "1H", "PTH", "PT1M2H", "PT-1H", "P1M", "PT0S", "PT1", "P99999999999999999W"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
