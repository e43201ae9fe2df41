//! A flat piece of the Netherlands: metres east and north of a centre.

#[cfg(test)]
use zones::Position;

/// A place on the plane, in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// East of the centre.
    pub(crate) x: f64,
    /// North of the centre.
    pub(crate) y: f64,
}

impl Point {
    /// That far from here.
    pub(crate) fn plus(self, x: f64, y: f64) -> Self {
        Self { x: self.x + x, y: self.y + y }
    }

    /// Straight distance in metres.
    pub(crate) fn distance(self, to: Self) -> f64 {
        let (dx, dy) = (to.x - self.x, to.y - self.y);
        (dx * dx + dy * dy).sqrt()
    }

    /// The point that part (0 to 1) of the straight way to `to`.
    pub(crate) fn towards(self, to: Self, part: f64) -> Self {
        Self { x: self.x + (to.x - self.x) * part, y: self.y + (to.y - self.y) * part }
    }

    /// Least distance in metres from here to the straight way from `a` to `b`.
    pub(crate) fn distance_to_way(self, a: Self, b: Self) -> f64 {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let length = dx * dx + dy * dy;
        if length == 0.0 {
            return self.distance(a);
        }
        let part = ((self.x - a.x) * dx + (self.y - a.y) * dy) / length;
        self.distance(a.towards(b, part.clamp(0.0, 1.0)))
    }
}

/// Where the plane touches the earth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    lat_deg: f64,
    lon_deg: f64,
    lat_per_m: f64,
    lon_per_m: f64,
}

impl Plane {
    /// A plane around a centre in degrees. Degrees per metre are those of the WGS 84 ellipsoid at the centre:
    /// 30 km to the north or south a metre to the east is wrong by 0.6 %, which no speed or habit notices.
    pub(crate) fn new(lat_deg: f64, lon_deg: f64) -> Self {
        const A: f64 = 6_378_137.0;
        const E2: f64 = 0.006_694_379_990_141_316;
        let lat = lat_deg * (std::f64::consts::PI / 180.0);
        let sin = libm::sin(lat);
        let w2 = 1.0 - E2 * sin * sin;
        let prime_vertical = A / w2.sqrt();
        let meridian = A * (1.0 - E2) / (w2 * w2.sqrt());
        let degrees = 180.0 / std::f64::consts::PI;
        Self {
            lat_deg,
            lon_deg,
            lat_per_m: degrees / meridian,
            lon_per_m: degrees / (prime_vertical * libm::cos(lat)),
        }
    }

    /// Latitude and longitude in degrees.
    pub(crate) fn degrees(&self, p: Point) -> (f64, f64) {
        (self.lat_deg + p.y * self.lat_per_m, self.lon_deg + p.x * self.lon_per_m)
    }

    /// Latitude and longitude in units of 10⁻⁷ degree, about a centimetre.
    pub(crate) fn degrees_e7(&self, p: Point) -> (i32, i32) {
        let (lat, lon) = self.degrees(p);
        ((lat * 1e7).round() as i32, (lon * 1e7).round() as i32)
    }

    /// The place as the service's type. A world lies in the Netherlands, so it always is one.
    #[cfg(test)]
    pub(crate) fn position(&self, p: Point) -> Option<Position> {
        let (lat, lon) = self.degrees(p);
        Position::new(lat, lon).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metres_are_metres() {
        let plane = Plane::new(52.09, 5.12);
        let at = |x, y| plane.position(Point { x, y }).unwrap();
        let karney = |x: f64, y: f64| zones::geodesy::distance_m(at(0.0, 0.0), at(x, y));
        assert!((karney(1_000.0, 0.0) - 1_000.0).abs() < 0.1);
        assert!((karney(0.0, -1_000.0) - 1_000.0).abs() < 0.1);
        assert!((karney(9_000.0, 12_000.0) - 15_000.0).abs() < 60.0);
    }
}
