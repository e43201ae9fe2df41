//! `[map]`: a map with streets behind what the console draws.

use std::path::Path;

use reqwest::Url;

use super::SettingsError;
use super::desks::web_address;
use super::files::Files;
use super::raw::{Origin, RawMap};

/// Where the console's map comes from, instead of the one that is built in. Fetched through this service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapStyles {
    /// A style of MapLibre, for the light theme.
    pub light: Url,
    /// The same for the dark theme.
    pub dark: Url,
}

pub(super) fn read(
    raw: RawMap,
    origin: &Origin,
    files: &mut Files,
) -> Result<Option<MapStyles>, SettingsError> {
    let mut url = |text: Option<String>, key| text.map(|text| style(&text, key, origin, files)).transpose();
    let dark = url(raw.dark_style_url, "map.dark_style_url")?;
    match (url(raw.style_url, "map.style_url")?, dark) {
        (Some(light), dark) => Ok(Some(MapStyles { dark: dark.unwrap_or_else(|| light.clone()), light })),
        (None, Some(_)) => Err(origin.wrong("map.style_url", "missing, and map.dark_style_url needs it")),
        (None, None) => Ok(None),
    }
}

fn style(text: &str, key: &str, origin: &Origin, files: &mut Files) -> Result<Url, SettingsError> {
    let url = web_address(text, key, origin, files)?;
    if url.fragment().is_some() {
        return Err(origin.wrong(key, "must not have a part after #"));
    }
    // What a template of tiles looks like is a common mistake: this is about the style that names them.
    if text.contains(['{', '}']) || Path::new(url.path()).extension().is_some_and(|end| end == "pbf") {
        return Err(origin.wrong(key, "is an address of tiles, not of a style that names them"));
    }
    Ok(url)
}
