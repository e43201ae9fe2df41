//! A style of MapLibre, with every address in it taken out and numbered: a browser can ask for what the style names,
//! by number, and for nothing else.

use std::fmt::Write as _;

use reqwest::Url;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::LARGEST_STYLE;
use super::fetch::{Fetcher, Unavailable};

/// Deepest zoom of a tile.
const DEEPEST: u8 = 24;
/// Addresses that a style may name.
const MOST_ADDRESSES: usize = 64;
/// Bytes of the digest of an address.
const MARK_LEN: usize = 4;
/// Longest name of a font, or fonts.
const LONGEST_FONT: usize = 200;

/// What a browser asks for. Numbers count what the style names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// A tile.
    Tile {
        /// Number of its address.
        source: usize,
        /// Zoom.
        z: u8,
        /// Column, from the west.
        x: u32,
        /// Row, from the north.
        y: u32,
    },
    /// Letters.
    Glyphs {
        /// Names of fonts, with commas between them.
        font: &'a str,
        /// Characters, such as `0-255`.
        range: &'a str,
    },
    /// A sheet of icons, or where they are on it.
    Sprite {
        /// Number of its address.
        number: usize,
        /// `.json`, `.png`, `@2x.json` or `@2x.png`.
        end: &'a str,
    },
}

/// A style as the browser gets it, and where its pieces really are.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) json: String,
    tiles: Vec<String>,
    glyphs: Option<String>,
    sprites: Vec<Url>,
}

impl Sheet {
    pub(super) async fn read(theme: &'static str, url: &Url, fetcher: &Fetcher) -> Result<Self, Unavailable> {
        let mut style = object(url.clone(), fetcher).await?;
        let mut sheet = Self { json: String::new(), tiles: Vec::new(), glyphs: None, sprites: Vec::new() };
        let sources = style.get_mut("sources").and_then(Value::as_object_mut);
        for (name, source) in sources.ok_or_else(|| unusable("it has no sources"))? {
            let source =
                source.as_object_mut().ok_or_else(|| unusable(format!("source {name:?} is none")))?;
            describe(source, url, fetcher).await?;
            sheet.take_tiles(theme, name, source, url)?;
        }
        sheet.take_glyphs(theme, &mut style, url)?;
        sheet.take_sprites(theme, &mut style, url)?;
        if sheet.tiles.len() + sheet.sprites.len() > MOST_ADDRESSES {
            return Err(unusable(format!("it names more than {MOST_ADDRESSES} addresses")));
        }
        sheet.json = Value::Object(style).to_string();
        Ok(sheet)
    }

    /// Where a piece is; `None` when the style names none such.
    pub(super) fn address(&self, wanted: &Wanted<'_>) -> Option<Url> {
        match *wanted {
            Wanted::Tile { source, z, x, y } => {
                let edge = 1_u64 << z.min(DEEPEST);
                let exists = z <= DEEPEST && u64::from(x) < edge && u64::from(y) < edge;
                let template = self.tiles.get(source).filter(|_| exists)?;
                let filled = template.replace("{z}", &z.to_string()).replace("{x}", &x.to_string());
                Url::parse(&filled.replace("{y}", &y.to_string())).ok()
            }
            Wanted::Glyphs { font, range } => {
                let template = self.glyphs.as_ref().filter(|_| is_font(font) && is_range(range))?;
                Url::parse(&template.replace("{fontstack}", &escaped(font)).replace("{range}", range)).ok()
            }
            Wanted::Sprite { number, end } => {
                let known = [".json", ".png", "@2x.json", "@2x.png"].contains(&end);
                let mut url = self.sprites.get(number).filter(|_| known)?.clone();
                let path = format!("{}{end}", url.path());
                url.set_path(&path);
                Some(url)
            }
        }
    }

    fn take_tiles(
        &mut self,
        theme: &str,
        name: &str,
        source: &mut Map<String, Value>,
        base: &Url,
    ) -> Result<(), Unavailable> {
        match source.get("type").and_then(Value::as_str) {
            Some("vector" | "raster" | "raster-dem") => {}
            // Whatever it draws is in the style itself.
            Some("geojson") if source.get("data").is_some_and(Value::is_object) => return Ok(()),
            other => {
                return Err(unusable(format!("source {name:?} is of a kind that is not fetched: {other:?}")));
            }
        }
        let templates = source.get("tiles").and_then(Value::as_array);
        let templates = templates.ok_or_else(|| unusable(format!("source {name:?} names no tiles")))?;
        let mut ours = Vec::new();
        for template in templates {
            let template = template.as_str().unwrap_or_default();
            if ["{z}", "{x}", "{y}"].iter().any(|part| !template.contains(part)) {
                return Err(unusable(format!(
                    "the tiles of source {name:?} have no z, x and y in their address"
                )));
            }
            let template = template_here(template, base)?;
            let (number, mark) = (self.tiles.len(), mark(&template));
            ours.push(Value::from(format!("/tiles/{theme}/tile/{number}/{{z}}/{{x}}/{{y}}?{mark}")));
            self.tiles.push(template);
        }
        source.insert("tiles".to_owned(), Value::Array(ours));
        Ok(())
    }

    fn take_glyphs(
        &mut self,
        theme: &str,
        style: &mut Map<String, Value>,
        base: &Url,
    ) -> Result<(), Unavailable> {
        let Some(template) = style.get("glyphs").and_then(Value::as_str) else { return Ok(()) };
        let template = template_here(template, base)?;
        let ours = format!("/tiles/{theme}/glyphs/{{fontstack}}/{{range}}?{}", mark(&template));
        self.glyphs = Some(template);
        style.insert("glyphs".to_owned(), Value::from(ours));
        Ok(())
    }

    fn take_sprites(
        &mut self,
        theme: &str,
        style: &mut Map<String, Value>,
        base: &Url,
    ) -> Result<(), Unavailable> {
        let mut take = |address: &Value| {
            let address = address.as_str().filter(|address| !address.is_empty());
            let url = here(address.ok_or_else(|| unusable("a sprite in it has no address"))?, base)?;
            let ours = format!("/tiles/{theme}/sprite/{}?{}", self.sprites.len(), mark(url.as_str()));
            self.sprites.push(url);
            Ok::<_, Unavailable>(Value::from(ours))
        };
        match style.get_mut("sprite") {
            None | Some(Value::Null) => {}
            // So PDOK writes that a style has none.
            Some(Value::String(address)) if address.is_empty() => drop(style.remove("sprite")),
            Some(Value::Array(sprites)) => {
                for sprite in sprites {
                    let url = take(sprite.get("url").unwrap_or(&Value::Null))?;
                    if let Some(sprite) = sprite.as_object_mut() {
                        sprite.insert("url".to_owned(), url);
                    }
                }
            }
            Some(sprite) => *sprite = take(sprite)?,
        }
        Ok(())
    }
}

/// Puts into a source what its description says, where the style only names that.
async fn describe(source: &mut Map<String, Value>, base: &Url, fetcher: &Fetcher) -> Result<(), Unavailable> {
    let Some(url) = source.remove("url") else { return Ok(()) };
    let described = object(here(url.as_str().unwrap_or_default(), base)?, fetcher).await?;
    for key in ["tiles", "minzoom", "maxzoom", "bounds", "scheme", "attribution"] {
        if let Some(value) = described.get(key)
            && !source.contains_key(key)
        {
            source.insert(key.to_owned(), value.clone());
        }
    }
    Ok(())
}

async fn object(url: Url, fetcher: &Fetcher) -> Result<Map<String, Value>, Unavailable> {
    let nothing = || Unavailable::Upstream("there is nothing at that address".to_owned());
    let piece = fetcher.piece(url, LARGEST_STYLE).await?.ok_or_else(nothing)?;
    if piece.is_gzip {
        return Err(unusable("it is packed, which was not asked for"));
    }
    serde_json::from_slice(&piece.body).map_err(|error| unusable(format!("it is not a JSON object: {error}")))
}

/// An address in a style, if it is on the server that the style comes from: no other is allowed.
fn here(address: &str, base: &Url) -> Result<Url, Unavailable> {
    let url = base.join(address).map_err(|error| unusable(format!("an address in it is none: {error}")))?;
    let is_here = url.origin() == base.origin() && url.username().is_empty() && url.password().is_none();
    if !is_here {
        return Err(unusable(format!(
            "it leads to another server, {}",
            url.host_str().unwrap_or("without a name")
        )));
    }
    Ok(url)
}

/// The same for an address with `{x}` and the like in it, which stay as they are.
fn template_here(template: &str, base: &Url) -> Result<String, Unavailable> {
    let url = here(template, base)?;
    let mut text = String::from(url);
    for part in ["z", "x", "y", "fontstack", "range"] {
        text = text.replace(&format!("%7B{part}%7D"), &format!("{{{part}}}"));
    }
    let rest = ["{z}", "{x}", "{y}", "{fontstack}", "{range}"]
        .iter()
        .fold(text.clone(), |rest, part| rest.replace(part, ""));
    if rest.contains(['{', '}']) || rest.contains("%7B") {
        return Err(unusable("an address in it has parts that are not known"));
    }
    Ok(text)
}

/// Tells addresses apart without naming them: browsers keep pieces for a day, and their number means another piece once
/// the settings name another style.
fn mark(address: &str) -> String {
    Sha256::digest(address).iter().take(MARK_LEN).fold(String::new(), |mut mark, byte| {
        // Writing to a text cannot fail.
        _ = write!(mark, "{byte:02x}");
        mark
    })
}

fn is_font(font: &str) -> bool {
    let is_fine = |c: char| c.is_alphanumeric() || " ,-_.'&()".contains(c);
    (1..=LONGEST_FONT).contains(&font.len()) && font.chars().all(is_fine) && !font.contains("..")
}

/// `256-511`.
fn is_range(range: &str) -> bool {
    let number = |text: &str| (1..=7).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    range.split_once('-').is_some_and(|(from, to)| number(from) && number(to))
}

/// As a part of a path.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => escaped.push(char::from(byte)),
            // Writing to a text cannot fail.
            _ => _ = write!(escaped, "%{byte:02X}"),
        }
        escaped
    })
}

fn unusable(why: impl Into<String>) -> Unavailable {
    Unavailable::Style(why.into())
}
