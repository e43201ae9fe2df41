//! One ring of a polygon, read from the longitudes it was given in.
//!
//! A step of more than 180° of longitude is read as the short way, across the antimeridian. RFC 7946 §3.1.9
//! wants such shapes cut in two there, and cut ones are understood too (see `outline`); but maps draw rings
//! across, and no zone has an edge half around the earth. Only the corners −180 and 180 by themselves, which would be
//! nothing then, are a band around the earth. A ring that is closed by going over a pole, as RFC 7946
//! shapes around a pole are, keeps its edge along the pole at full length.

use geo::Coord;

use crate::{Invalid, Position};

/// Less than this is no area: a ring that folds back onto itself, but for rounding.
const LEAST_AREA_M2: f64 = 0.01;

/// Metres in a degree of latitude, for areas only.
const DEGREE_M: f64 = 111_320.0;

/// A closed ring of at least three places.
pub(super) struct Ring {
    /// As it was given, closed, without repeated places.
    pub(super) given: Vec<Position>,
    /// The same places with longitudes that run on across the antimeridian; the westernmost is in −180 to 180.
    pub(super) unrolled: Vec<Coord<f64>>,
}

impl Ring {
    /// Reads a ring, closed or open.
    pub(super) fn read(mut places: Vec<Position>) -> Result<Self, Invalid> {
        if places.len() > 1 && places.first() == places.last() {
            places.pop();
        }
        let is_band = places.iter().all(|place| place.lon_deg().abs() == 180.0);
        let mut unrolled = unroll(&places, !is_band);
        if !is_band {
            close(&places, &mut unrolled)?;
        }
        let (mut given, mut kept): (Vec<Position>, Vec<Coord<f64>>) = (Vec::new(), Vec::new());
        for (&place, &spot) in places.iter().zip(&unrolled) {
            if kept.last() != Some(&spot) {
                given.push(place);
                kept.push(spot);
            }
        }
        while kept.len() > 1 && kept.first() == kept.last() {
            given.pop();
            kept.pop();
        }
        let mut distinct: Vec<_> = kept.iter().map(|spot| (spot.x.to_bits(), spot.y.to_bits())).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let (Some(&place), Some(&spot), 3..) = (given.first(), kept.first(), distinct.len()) else {
            return Err(problem("has fewer than three different points"));
        };
        given.push(place);
        kept.push(spot);
        let mut ring = Self { given, unrolled: kept };
        if ring.east() - ring.west() > 360.0 {
            return Err(problem("goes around the earth more than once"));
        }
        if ring.most_area_m2() < LEAST_AREA_M2 {
            return Err(problem("has no area"));
        }
        ring.shift(-((ring.west() + 180.0) / 360.0).floor());
        Ok(ring)
    }

    /// Moves the unrolled ring by whole turns to where it lies within `outer`, when there is such a place.
    pub(super) fn shift_into(&mut self, outer: &Self) {
        let turns = ((outer.west() - self.west()) / 360.0).ceil();
        if self.east() + turns * 360.0 <= outer.east() {
            self.shift(turns);
        }
    }

    fn shift(&mut self, turns: f64) {
        for spot in &mut self.unrolled {
            spot.x += turns * 360.0;
        }
    }

    fn west(&self) -> f64 {
        self.unrolled.iter().fold(f64::INFINITY, |west, spot| west.min(spot.x))
    }

    fn east(&self) -> f64 {
        self.unrolled.iter().fold(f64::NEG_INFINITY, |east, spot| east.max(spot.x))
    }

    /// An area that the ring's own is not above, as a plane map of its middle latitude has it: that of all
    /// triangles on its first corner. It is nothing where the ring only folds back onto itself.
    fn most_area_m2(&self) -> f64 {
        let Some(&origin) = self.unrolled.first() else { return 0.0 };
        let doubled: f64 = (self.unrolled.windows(2))
            .map(|edge| {
                let (a, b) = (edge[0] - origin, edge[1] - origin);
                (a.x * b.y - b.x * a.y).abs()
            })
            .sum();
        let lats = self.unrolled.iter().map(|spot| spot.y);
        let middle = lats.sum::<f64>() / self.unrolled.len() as f64;
        doubled / 2.0 * DEGREE_M * DEGREE_M * middle.to_radians().cos()
    }
}

fn problem(problem: &str) -> Invalid {
    Invalid::new("", problem)
}

/// Whole turns to add to the longitude `to` so that the step from `from` is the short way.
fn turns_of_step(from: Position, to: Position) -> f64 {
    let step = to.lon_deg() - from.lon_deg();
    if step > 180.0 {
        -1.0
    } else if step < -180.0 {
        1.0
    } else {
        0.0
    }
}

/// The places with longitudes that run on where a step crosses the antimeridian, if steps may.
fn unroll(places: &[Position], may_cross: bool) -> Vec<Coord<f64>> {
    let mut turns = 0.0;
    let mut last = None;
    let mut unrolled = Vec::with_capacity(places.len());
    for &place in places {
        turns += last.filter(|_| may_cross).map_or(0.0, |last| turns_of_step(last, place));
        last = Some(place);
        unrolled.push(Coord { x: place.lon_deg() + turns * 360.0, y: place.lat_deg() });
    }
    unrolled
}

/// Makes the end meet the beginning. Where it does not, the ring goes around a pole, and an edge along that
/// pole, if it has one, is what closes it.
fn close(places: &[Position], unrolled: &mut [Coord<f64>]) -> Result<(), Invalid> {
    let (Some(&first), Some(&last), Some(&end)) = (places.first(), places.last(), unrolled.last()) else {
        return Ok(());
    };
    let turns = (end.x - last.lon_deg()) / 360.0 + turns_of_step(last, first);
    if turns == 0.0 {
        return Ok(());
    }
    let along_pole = |pair: &[Position]| {
        let [a, b] = [pair[0].lat_deg(), pair[1].lat_deg()];
        a == b && a.abs() == 90.0
    };
    if let Some(edge) = places.windows(2).position(along_pole) {
        for spot in &mut unrolled[edge + 1..] {
            spot.x -= turns * 360.0;
        }
        return Ok(());
    }
    if along_pole(&[last, first]) {
        return Ok(());
    }
    Err(problem("goes around a pole; cut it along 180°, with an edge along the pole, as RFC 7946 does"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(places: &[[f64; 2]]) -> Result<Vec<f64>, String> {
        let places = places.iter().map(|&place| Position::try_from(place).unwrap()).collect();
        match Ring::read(places) {
            Ok(ring) => Ok(ring.unrolled.iter().map(|spot| spot.x).collect()),
            Err(error) => Err(error.problem),
        }
    }

    #[test]
    fn closed_or_open_or_with_a_point_twice_is_the_same_ring() {
        let triangle = Ok(vec![5.0, 6.0, 6.0, 5.0]);
        assert_eq!(read(&[[5.0, 52.0], [6.0, 52.0], [6.0, 53.0]]), triangle);
        assert_eq!(read(&[[5.0, 52.0], [6.0, 52.0], [6.0, 52.0], [6.0, 53.0], [5.0, 52.0]]), triangle);
    }

    #[test]
    fn a_step_of_more_than_half_a_turn_crosses_the_antimeridian() {
        assert_eq!(read(&[[179.0, 0.0], [-179.0, 0.0], [-179.0, 1.0]]), Ok(vec![179.0, 181.0, 181.0, 179.0]));
        // Drawn from the other side it is the same ring.
        assert_eq!(read(&[[-179.0, 1.0], [179.0, 0.0], [-179.0, 0.0]]), Ok(vec![181.0, 179.0, 181.0, 181.0]));
        // Both names of the antimeridian in a row are one place.
        assert_eq!(
            read(&[[179.0, 0.0], [180.0, 0.0], [-180.0, 0.0], [-179.0, 1.0]]),
            Ok(vec![179.0, 180.0, 181.0, 179.0])
        );
    }

    #[test]
    fn around_a_pole_only_over_the_pole() {
        let cap = [[-180.0, 80.0], [-60.0, 80.0], [60.0, 80.0], [180.0, 80.0], [180.0, 90.0], [-180.0, 90.0]];
        assert_eq!(read(&cap), Ok(vec![-180.0, -60.0, 60.0, 180.0, 180.0, -180.0, -180.0]));
        let error = read(&[[0.0, 80.0], [120.0, 80.0], [-120.0, 80.0]]).unwrap_err();
        assert!(error.contains("pole"), "{error}");
        // Its four corners alone say it too, and so do those of a band around the earth.
        let corners = read(&[[-180.0, 80.0], [180.0, 80.0], [180.0, 90.0], [-180.0, 90.0]]);
        assert_eq!(corners, Ok(vec![-180.0, 180.0, 180.0, -180.0, -180.0]));
        // A slice that ends at the pole beside the antimeridian does not go around it.
        let slice = read(&[[170.0, 80.0], [-170.0, 80.0], [-170.0, 90.0], [170.0, 90.0]]);
        assert_eq!(slice, Ok(vec![170.0, 190.0, 190.0, 170.0, 170.0]));
    }

    #[test]
    fn what_is_no_ring_is_refused() {
        for (places, word) in [
            (&[][..], "three"),
            (&[[5.0, 52.0], [6.0, 52.0], [5.0, 52.0], [6.0, 52.0]][..], "three"),
            (&[[5.0, 52.0], [6.0, 52.0], [7.0, 52.0]][..], "area"),
            (&[[5.0, 52.0], [5.0, 52.0], [5.0, 52.0]][..], "three"),
            (
                &[
                    [0.0, 0.0],
                    [120.0, 0.0],
                    [-120.0, 0.0],
                    [0.0, 1.0],
                    [99.0, 1.0],
                    [0.0, 2.0],
                    [-120.0, 1.0],
                    [120.0, 1.0],
                ],
                "once",
            ),
        ] {
            let error = read(places).unwrap_err();
            assert!(error.contains(word), "{places:?}: {error}");
        }
    }
}
