//! Days since 1970 and dates of the Gregorian calendar, one from the other.

/// The number of a day, 0 on 1970-01-01, by Howard Hinnant's `days_from_civil` ("chrono-Compatible Low-Level Date
/// Algorithms"): years begin in March, so that the leap day is their last.
pub(super) fn day_of_date([year, month, day]: [i64; 3]) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date of a day: `civil_from_days` of the same.
pub(super) fn date_of_day(day: i64) -> [i64; 3] {
    let day = day.saturating_add(719_468);
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    [year_of_era + era * 400 + i64::from(month <= 2), month, day]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By counting day after day.
    #[test]
    fn days_follow_each_other_as_in_the_calendar() {
        let [mut year, mut month, mut day] = [1600, 1, 1];
        for number in day_of_date([1600, 1, 1])..=day_of_date([2400, 12, 31]) {
            assert_eq!(day_of_date([year, month, day]), number);
            assert_eq!(date_of_day(number), [year, month, day]);
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 if is_leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            [year, month, day] = match (month, day) {
                (12, 31) => [year + 1, 1, 1],
                (_, day) if day == last => [year, month + 1, 1],
                _ => [year, month, day + 1],
            };
        }
        assert_eq!([year, month, day], [2401, 1, 1]);
        assert_eq!(day_of_date([1970, 1, 1]), 0);
        assert_eq!(day_of_date([2000, 3, 1]), 11_017);
    }

    proptest! {
        #[test]
        fn every_day_has_a_date(day in -10_000_000i64..10_000_000) {
            let date = date_of_day(day);
            prop_assert_eq!(day_of_date(date), day);
            prop_assert!((1..=12).contains(&date[1]) && (1..=31).contains(&date[2]));
        }
    }
}
