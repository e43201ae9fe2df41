//! `[map]`: where a map with streets comes from.

use super::{Case, changed};

const STYLE: &str = "https://maps.example/styles/standaard?f=mapbox";

fn with(map: &str) -> String {
    format!("[store]\nurl = \"sqlite:afstand.db\"\n[mqtt]\nurl = \"mqtt://127.0.0.1:1883\"\n[map]\n{map}\n")
}

#[test]
fn without_the_section_the_console_shows_its_own_map() {
    assert_eq!(Case::new(&with("")).load(&[]).unwrap().map, None);
}

#[test]
fn one_style_serves_both_themes_unless_the_dark_one_has_its_own() {
    let map = |text: &str| Case::new(&with(text)).load(&[]).unwrap().map.unwrap();
    let one = map(&format!("style_url = \"{STYLE}\""));
    assert_eq!((one.light.as_str(), one.dark.as_str()), (STYLE, STYLE));
    let two = map(&format!("style_url = \"{STYLE}\"\ndark_style_url = \"https://maps.example/donker\""));
    assert_eq!(two.dark.as_str(), "https://maps.example/donker");
    let bare = Case::new(&with(""));
    let set = bare.load(&[("AFSTAND_MAP__STYLE_URL", STYLE)]).unwrap().map.unwrap();
    assert_eq!(set.light.as_str(), STYLE);
}

#[test]
fn an_address_that_cannot_be_used_ends_the_start_and_is_named() {
    for (text, why) in [
        ("style_url = \"maps.example/style\"", "map.style_url: not a URL: relative URL without a base"),
        ("style_url = \"file:///etc/passwd\"", "map.style_url: does not begin with https://"),
        (
            "style_url = \"https://me:key@maps.example/\"",
            "map.style_url: must not hold credentials: they belong in a file",
        ),
        ("style_url = \"https://maps.example/#7/52/5\"", "map.style_url: must not have a part after #"),
        (
            "style_url = \"https://maps.example/{z}/{x}/{y}.pbf\"",
            "map.style_url: is an address of tiles, not of a style that names them",
        ),
        (
            "dark_style_url = \"https://maps.example/donker\"",
            "map.style_url: missing, and map.dark_style_url needs it",
        ),
        (
            "tiles = \"https://maps.example/\"",
            "map.tiles: unknown key; expected `style_url` or `dark_style_url`",
        ),
    ] {
        assert_eq!(Case::new(&with(text)).error(&[]), format!("afstand.toml: {why}"), "{text}");
    }
    let wrong = Case::new(&with("")).error(&[("AFSTAND_MAP__STYLE_URL", "nonsense")]);
    assert_eq!(wrong, "AFSTAND_MAP__STYLE_URL: not a URL: relative URL without a base");
    assert!(changed("[log]", "[maps]\n[log]").contains("maps: unknown key"));
}
