//! The search space: keys of a recipe and the values that each may take.

use earmark_core::random::{self, Purpose};
use serde::Serialize;

/// Larger grids are probably a mistake.
const MAX_SETTINGS: usize = 10_000;

/// The values that a key may take.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchValues {
    /// One of these, in the syntax of `--set`.
    List(Vec<String>),
    /// An integer, both ends included.
    Whole {
        /// The lowest.
        low: i64,
        /// The highest.
        high: i64,
        /// Whether its logarithm is uniform instead of the number itself.
        log: bool,
    },
    /// A real number.
    Real {
        /// The lowest.
        low: f64,
        /// The highest.
        high: f64,
        /// Whether its logarithm is uniform instead of the number itself.
        log: bool,
    },
}

/// A key of a recipe, and its values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchDimension {
    /// The dotted key.
    pub key: String,
    /// Its values.
    pub values: SearchValues,
}

/// An invalid search space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}: {remedy}")]
pub struct SpaceError {
    /// What was given.
    pub text: String,
    /// What to give instead.
    pub remedy: &'static str,
}

fn refuse<T>(text: &str, remedy: &'static str) -> Result<T, SpaceError> {
    let text = text.to_owned();
    Err(SpaceError { text, remedy })
}

impl SearchDimension {
    /// Reads `KEY=V1,V2,...`. Commas inside brackets, braces and quotes belong to a value.
    ///
    /// # Errors
    /// Without a key or with an empty value.
    pub fn list(text: &str) -> Result<Self, SpaceError> {
        let remedy = "give a key and its values, such as train.learning-rate=1e-3,3e-4";
        let Some((key, values)) = text.split_once('=') else {
            return refuse(text, remedy);
        };
        let values = split(values);
        if key.trim().is_empty() || values.iter().any(String::is_empty) {
            return refuse(text, remedy);
        }
        let (key, values) = (key.trim().to_owned(), SearchValues::List(values));
        Ok(Self { key, values })
    }

    /// Reads `KEY=LOW..HIGH` or `KEY=LOW..HIGH:log`; integers if both ends are.
    ///
    /// # Errors
    /// If an end is not a number, the ends are out of order, or a logarithm has ends that are not above 0.
    pub fn range(text: &str) -> Result<Self, SpaceError> {
        let remedy =
            "give a key and two ends, such as train.learning-rate=1e-5..1e-2:log or network.base=16..64";
        let (key, ends) = text.split_once('=').unwrap_or_default();
        let (ends, log) = match ends.trim().strip_suffix(":log") {
            Some(ends) => (ends, true),
            None => (ends, false),
        };
        let Some((low, high)) = ends.split_once("..").filter(|_| !key.trim().is_empty()) else {
            return refuse(text, remedy);
        };
        let (low, high) = (low.trim(), high.trim());
        let whole = (low.parse::<i64>(), high.parse::<i64>());
        let (low, high) = match (low.parse::<f64>(), high.parse::<f64>()) {
            (Ok(low), Ok(high)) if low.is_finite() && high.is_finite() => (low, high),
            _ => return refuse(text, remedy),
        };
        if low > high {
            return refuse(text, "give the lower end first");
        }
        if log && low <= 0.0 {
            return refuse(
                text,
                "a logarithmic range must be above 0; leave out :log, or use a lower end above 0",
            );
        }
        let values = match whole {
            (Ok(low), Ok(high)) => SearchValues::Whole { low, high, log },
            _ => SearchValues::Real { low, high, log },
        };
        let key = key.trim().to_owned();
        Ok(Self { key, values })
    }

    /// A value in the syntax of `--set`.
    fn draw(&self, rng: &mut random::ChaCha8Rng) -> String {
        let between = |rng: &mut _, low: f64, high: f64, log: bool| match log {
            true => random::uniform(rng, low.ln(), high.ln()).exp(),
            false => random::uniform(rng, low, high),
        };
        match &self.values {
            SearchValues::List(values) => values[random::below(rng, values.len())].clone(),
            SearchValues::Whole { low, high, log } if !log => {
                let count = usize::try_from(high.abs_diff(*low)).unwrap_or(usize::MAX - 1) + 1;
                low.saturating_add_unsigned(random::below(rng, count) as u64)
                    .to_string()
            }
            // Each integer has the interval of half a unit to either side.
            SearchValues::Whole { low, high, log } => {
                let value = between(rng, *low as f64 - 0.5, *high as f64 + 0.5, *log);
                (value.round() as i64).clamp(*low, *high).to_string()
            }
            SearchValues::Real { low, high, log } => {
                // A search can't distinguish more than four digits.
                let value = between(rng, *low, *high, *log);
                let short: f64 = format!("{value:.3e}").parse().unwrap_or(value);
                let short = short.clamp(*low, *high);
                match short != 0.0 && short.abs() < 1e-3 {
                    true => format!("{short:e}"),
                    false => short.to_string(),
                }
            }
        }
    }
}

/// Splits at commas outside brackets and quotes.
fn split(text: &str) -> Vec<String> {
    let (mut values, mut depth, mut quoted) = (vec![String::new()], 0_usize, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if depth == 0 && !quoted => {
                values.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(value) = values.last_mut() {
            value.push(c);
        }
    }
    values.iter().map(|value| value.trim().to_owned()).collect()
}

/// Every combination of the dimensions' values, each a list of `KEY=VALUE`; the last key changes fastest.
///
/// # Errors
/// For a range, which has no list of values, and for more than 10000 combinations.
pub fn grid(space: &[SearchDimension]) -> Result<Vec<Vec<String>>, SpaceError> {
    let mut settings: Vec<Vec<String>> = vec![Vec::new()];
    for SearchDimension { key, values } in space {
        let SearchValues::List(values) = values else {
            return refuse(key, "a grid takes lists of values; use ranges with --random");
        };
        if settings.len() * values.len() > MAX_SETTINGS {
            return refuse(key, "the grid has more than 10000 settings; use --random");
        }
        let mut longer = Vec::new();
        for before in &settings {
            for value in values {
                longer.push([before.as_slice(), &[format!("{key}={value}")]].concat());
            }
        }
        settings = longer;
    }
    Ok(settings)
}

/// `count` random settings. Each depends on the seed and its number only, so that a larger count extends a smaller one.
pub fn random(space: &[SearchDimension], count: usize, seed: u64) -> Vec<Vec<String>> {
    (1..=count as u64)
        .map(|trial| {
            let mut rng = random::stream(seed, &[Purpose::Tune as u64, trial]);
            let setting = |d: &SearchDimension| format!("{}={}", d.key, d.draw(&mut rng));
            space.iter().map(setting).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_may_hold_tables() {
        let d = SearchDimension::list("train.schedule={kind=\"constant\"},{kind=\"cosine\", final-rate=0}")
            .unwrap();
        let SearchValues::List(values) = &d.values else {
            panic!()
        };
        assert_eq!(values.len(), 2);
        assert_eq!(values[1], "{kind=\"cosine\", final-rate=0}");
        for bad in ["x", "=1", "a=1,,2", "a="] {
            assert!(SearchDimension::list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_grid_is_every_combination() {
        let space = ["a=1,2", "b=x,y,z"].map(|t| SearchDimension::list(t).unwrap());
        let all = grid(&space).unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(all[0], ["a=1", "b=x"]);
        assert_eq!(all[1], ["a=1", "b=y"]);
        assert_eq!(all[5], ["a=2", "b=z"]);
        assert!(grid(&[SearchDimension::range("a=1..2").unwrap()]).is_err());
    }

    #[test]
    fn draws_stay_in_their_ranges_and_extend_shorter_ones() {
        let space = [
            SearchDimension::range("n=1..4").unwrap(),
            SearchDimension::range("w=16..64:log").unwrap(),
            SearchDimension::range("r=1e-5..1e-2:log").unwrap(),
            SearchDimension::range("p=0.0..0.5").unwrap(),
            SearchDimension::list("k=\"a\",\"b\"").unwrap(),
        ];
        let drawn = random(&space, 400, 1);
        let values = |k: usize| drawn.iter().map(move |d| d[k].split_once('=').unwrap().1);
        let numbers = |k: usize| values(k).map(|v| v.parse::<f64>().unwrap()).collect::<Vec<_>>();
        let share = |k: usize, below: f64| numbers(k).iter().filter(|v| **v < below).count() as f64 / 400.0;
        for n in ["1", "2", "3", "4"] {
            let count = values(0).filter(|v| *v == n).count();
            assert!((70..130).contains(&count), "{n}: {count}");
        }
        assert!(
            numbers(1)
                .iter()
                .all(|v| (16.0..=64.0).contains(v) && v.fract() == 0.0)
        );
        assert!(numbers(2).iter().all(|v| (1e-5..=1e-2).contains(v)));
        assert!(numbers(3).iter().all(|v| (0.0..=0.5).contains(v)));
        // The median is the geometric mean for a logarithm, and the middle otherwise.
        assert!((share(1, 32.0) - 0.5).abs() < 0.08 && (share(2, 3.16e-4) - 0.5).abs() < 0.08);
        assert!((share(3, 0.25) - 0.5).abs() < 0.08);
        assert_eq!(random(&space, 3, 1), drawn[..3]);
        assert_ne!(random(&space, 3, 2), drawn[..3]);
    }

    #[test]
    fn bad_ranges_are_refused() {
        for bad in [
            "a",
            "a=1",
            "a=2..1",
            "a=0..1:log",
            "a=x..y",
            "=1..2",
            "a=0.1..nan",
        ] {
            assert!(SearchDimension::range(bad).is_err(), "{bad}");
        }
        let whole = SearchDimension::range("a=1..2").unwrap().values;
        assert_eq!(
            whole,
            SearchValues::Whole {
                low: 1,
                high: 2,
                log: false
            }
        );
    }
}
