//! A place on the earth.

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A position on WGS 84: finite, latitude −90 to 90, longitude −180 to 180, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 2]", into = "[f64; 2]")]
pub struct Position {
    lat_deg: f64,
    lon_deg: f64,
}

impl Position {
    /// Where the equator meets the meridian of Greenwich.
    pub(crate) const ORIGIN: Self = Self { lat_deg: 0.0, lon_deg: 0.0 };

    /// A position from latitude and longitude in degrees; the error names the field that is out of range.
    pub fn new(lat_deg: f64, lon_deg: f64) -> Result<Self, Invalid> {
        if !(-90.0..=90.0).contains(&lat_deg) {
            return Err(Invalid::new("lat", "not a latitude (−90 to 90)"));
        }
        if !(-180.0..=180.0).contains(&lon_deg) {
            return Err(Invalid::new("lon", "not a longitude (−180 to 180)"));
        }
        Ok(Self { lat_deg, lon_deg })
    }

    /// Latitude in degrees, north positive.
    pub fn lat_deg(self) -> f64 {
        self.lat_deg
    }

    /// Longitude in degrees, east positive.
    pub fn lon_deg(self) -> f64 {
        self.lon_deg
    }
}

/// GeoJSON order: longitude first.
impl TryFrom<[f64; 2]> for Position {
    type Error = Invalid;
    fn try_from([lon, lat]: [f64; 2]) -> Result<Self, Invalid> {
        Self::new(lat, lon)
    }
}

impl From<Position> for [f64; 2] {
    fn from(p: Position) -> Self {
        [p.lon_deg, p.lat_deg]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_place_is_refused() {
        assert!(Position::new(52.0907, 5.1214).is_ok());
        assert!(Position::new(90.0, -180.0).is_ok());
        for (lat, lon, field) in
            [(91.0, 0.0, "lat"), (f64::NAN, 0.0, "lat"), (0.0, 180.1, "lon"), (0.0, f64::INFINITY, "lon")]
        {
            assert_eq!(Position::new(lat, lon).unwrap_err().field, field);
        }
    }
}
