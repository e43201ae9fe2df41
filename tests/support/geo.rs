//! The tests' own ruler: Vincenty's formulae (Survey Review 23, 1975), another road than the one under test. For
//! the distances of a case (under 100 km) they agree with Karney's to a tenth of a millimetre.

/// Latitude and longitude in degrees.
pub type Place = (f64, f64);

/// Semi-major axis of WGS 84 in metres.
const A: f64 = 6_378_137.0;
/// Its flattening.
const F: f64 = 1.0 / 298.257_223_563;

/// Geodesic distance in metres.
#[allow(clippy::many_single_char_names)] // the letters of the formulae
pub fn distance_m(from: Place, to: Place) -> f64 {
    if from == to {
        return 0.0;
    }
    let b = A * (1.0 - F);
    let reduced = |lat: f64| ((1.0 - F) * lat.to_radians().tan()).atan();
    let (u1, u2) = (reduced(from.0), reduced(to.0));
    let l = (to.1 - from.1).to_radians();
    let mut lambda = l;
    for _ in 0..100 {
        let (x, y) = (u2.cos() * lambda.sin(), u1.cos() * u2.sin() - u1.sin() * u2.cos() * lambda.cos());
        let sin_sigma = x.hypot(y);
        let cos_sigma = u1.sin() * u2.sin() + u1.cos() * u2.cos() * lambda.cos();
        let sigma = sin_sigma.atan2(cos_sigma);
        let sin_alpha = u1.cos() * u2.cos() * lambda.sin() / sin_sigma;
        let cos2_alpha = 1.0 - sin_alpha * sin_alpha;
        let cos_2m = if cos2_alpha == 0.0 { 0.0 } else { cos_sigma - 2.0 * u1.sin() * u2.sin() / cos2_alpha };
        let c = F / 16.0 * cos2_alpha * (4.0 + F * (4.0 - 3.0 * cos2_alpha));
        let before = lambda;
        let inner = cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0);
        lambda = l + (1.0 - c) * F * sin_alpha * (sigma + c * sin_sigma * inner);
        if (lambda - before).abs() < 1e-13 {
            let k = cos2_alpha * (A * A - b * b) / (b * b);
            let big_a = 1.0 + k / 16_384.0 * (4_096.0 + k * (-768.0 + k * (320.0 - 175.0 * k)));
            let big_b = k / 1_024.0 * (256.0 + k * (-128.0 + k * (74.0 - 47.0 * k)));
            let square = 2.0 * cos_2m * cos_2m - 1.0;
            let cubic = cos_2m * (4.0 * sin_sigma * sin_sigma - 3.0) * (4.0 * cos_2m * cos_2m - 3.0);
            let last = cos_2m + big_b / 4.0 * (cos_sigma * square - big_b / 6.0 * cubic);
            return b * big_a * (sigma - big_b * sin_sigma * last);
        }
    }
    panic!("no convergence from {from:?} to {to:?}")
}

/// So far to the north and to the east, by the radii of curvature there: good to a few metres in 10 km. Measure
/// with [`distance_m`] where it matters.
pub fn moved((lat, lon): Place, north_m: f64, east_m: f64) -> Place {
    let e2 = F * (2.0 - F);
    let w2 = 1.0 - e2 * lat.to_radians().sin().powi(2);
    let (meridian, normal) = (A * (1.0 - e2) / w2.powf(1.5), A / w2.sqrt());
    let north = (north_m / meridian).to_degrees();
    let east = (east_m / (normal * lat.to_radians().cos())).to_degrees();
    (lat + north, lon + east)
}
