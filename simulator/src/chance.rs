//! Seeded chance. Every party draws from a stream of its own, so that what one does never depends on how
//! often another drew, and a recording is the same on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Who draws; part of the stream's number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// The streets of a town.
    Town = 1,
    /// Where a pair lives and how it behaves.
    Pair = 2,
    /// What a person does all day.
    Person = 3,
    /// What a device gets wrong.
    Device = 4,
    /// What a court decides.
    Order = 5,
}

/// One stream of chance.
#[derive(Debug, Clone)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of the `index`-th party of a kind in the world of `seed`.
    pub(crate) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        // The key is spelled out: a library's own way to spread a short seed may change between versions.
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(b"afstand1");
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(((stream as u64) << 48) | index);
        Self(rng)
    }

    /// From 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits are what a double holds; the product is exact.
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// From `low` up to but not including `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` up to but not including `high`.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low) as f64) as i64
    }

    /// An index below `n` (0 when `n` is 0).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// True with that probability.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a list, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Two independent normal values of mean 0 and standard deviation 1 (Marsaglia's polar method).
    pub(crate) fn normal_pair(&mut self) -> (f64, f64) {
        loop {
            let (u, v) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                // `libm`, not the platform's logarithm: the last bit must not differ between machines.
                let factor = (-2.0 * libm::log(s) / s).sqrt();
                return (u * factor, v * factor);
            }
        }
    }

    /// A waiting time with that mean, at most ten times as long.
    pub(crate) fn wait(&mut self, mean: f64) -> f64 {
        (-libm::log(1.0 - self.unit())).min(10.0) * mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, stream, index| {
            let mut chance = Chance::new(seed, stream, index);
            (0..4).map(|_| chance.whole(0, 1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, Stream::Pair, 5), draw(1, Stream::Pair, 5));
        assert_ne!(draw(1, Stream::Pair, 5), draw(2, Stream::Pair, 5));
        assert_ne!(draw(1, Stream::Pair, 5), draw(1, Stream::Pair, 6));
        assert_ne!(draw(1, Stream::Pair, 5), draw(1, Stream::Device, 5));
    }

    #[test]
    fn normal_values_have_their_moments() {
        let mut chance = Chance::new(3, Stream::Device, 0);
        let values: Vec<f64> =
            (0..20_000).flat_map(|_| Into::<[f64; 2]>::into(chance.normal_pair())).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }
}
