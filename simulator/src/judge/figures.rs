//! How sure a measured figure is: intervals of 95 % confidence.

use serde::Serialize;

/// A figure with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// As measured; absent when there was nothing to measure.
    pub value: Option<f64>,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// 97.5 % of a standard normal variable lie below.
const Z: f64 = 1.959_963_984_540_054;

/// Each end of an interval leaves out this much.
const TAIL: f64 = 0.025;

/// `k` of `n` as a share. Wilson's score interval: E. B. Wilson, Probable inference, the law of succession, and
/// statistical inference, JASA 22 (1927), 209–212.
pub(super) fn share(k: u64, n: u64) -> Figure {
    if n == 0 {
        return Figure { value: None, low: 0.0, high: 1.0 };
    }
    let (k, n) = (k as f64, n as f64);
    let p = k / n;
    let scale = 1.0 / (1.0 + Z * Z / n);
    let middle = (p + Z * Z / (2.0 * n)) * scale;
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() * scale;
    // At the ends the interval touches them exactly; arithmetic only nearly does.
    let low = if p == 0.0 { 0.0 } else { middle - half };
    let high = if p == 1.0 { 1.0 } else { middle + half };
    Figure { value: Some(p), low, high }
}

/// `k` events in `n` pair-days, or about `n` episodes, as a rate. Exact for Poisson events: F. Garwood, Fiducial limits for the Poisson
/// distribution, Biometrika 28 (1936), 437–442.
pub(super) fn rate(k: u64, n: u64) -> Figure {
    if n == 0 {
        return Figure { value: None, low: 0.0, high: f64::INFINITY };
    }
    let (low, high) = poisson(k);
    let per_day = |events: f64| events / n as f64;
    Figure { value: Some(per_day(k as f64)), low: per_day(low), high: per_day(high) }
}

/// The means of which `k` events are neither too many nor too few to be believed.
fn poisson(k: u64) -> (f64, f64) {
    let most = k as f64 + 20.0 * (k as f64 + 1.0).sqrt();
    // The chance of at most so many events falls as the mean grows.
    let mean_where = |events: u64, chance: f64| {
        let (mut low, mut high) = (0.0, most);
        for _ in 0..100 {
            let mean = 0.5 * (low + high);
            if at_most(events, mean) > chance {
                low = mean;
            } else {
                high = mean;
            }
        }
        0.5 * (low + high)
    };
    let low = if k == 0 { 0.0 } else { mean_where(k - 1, 1.0 - TAIL) };
    (low, mean_where(k, TAIL))
}

/// Chance of at most `k` events where `mean` are expected.
fn at_most(k: u64, mean: f64) -> f64 {
    let log_mean = libm::log(mean);
    let term = |i: u64| libm::exp(i as f64 * log_mean - mean - libm::lgamma(i as f64 + 1.0));
    (0..=k).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Garwood's table: 0 events, 1 event, 10 events.
        for (k, low, high) in [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)] {
            let (l, h) = poisson(k);
            assert!((l - low).abs() < 0.001 && (h - high).abs() < 0.001, "{k}: {l} {h}");
        }
        // Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20.
        for (k, n, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]
        {
            let figure = share(k, n);
            assert!((figure.low - low).abs() < 1e-4 && (figure.high - high).abs() < 1e-4, "{figure:?}");
        }
        assert_eq!(share(0, 0).value, None);
        assert!((rate(20, 1_000).value.unwrap() - 0.02).abs() < 1e-12);
    }
}
