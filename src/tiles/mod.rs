//! A map with streets for the console, fetched from elsewhere by this service. Who looks at a map shows the one who
//! gives it where he looks, and so where a victim is: the service asks in its own name, for what the configured style
//! names and for nothing else, and says nothing of who wants it.

mod fetch;
mod outage;
mod sheet;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::sync::Mutex;
use tokio::time::Instant;

pub use fetch::{Piece, Unavailable};
pub use sheet::Wanted;

use crate::config::MapStyles;
use fetch::Fetcher;
use outage::Outage;
use sheet::Sheet;

/// A style is read again after this long; one that could not be read, much sooner.
const FRESH_FOR: Duration = Duration::from_hours(1);
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Largest style or description of a source, and largest piece of a map, in bytes.
const LARGEST_STYLE: usize = 4 << 20;
const LARGEST_PIECE: usize = 4 << 20;

/// Which of the console's looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// For the office.
    Light,
    /// For the control room.
    Dark,
}

/// The configured maps.
#[derive(Debug)]
pub struct Tiles {
    light: Map,
    dark: Map,
    fetcher: Fetcher,
}

#[derive(Debug)]
struct Map {
    theme: &'static str,
    url: Url,
    read: Mutex<Option<(Instant, SheetRead)>>,
    outage: Outage,
}

/// What came of reading a style.
type SheetRead = Result<Arc<Sheet>, Unavailable>;

impl Tiles {
    /// The maps of the settings; nothing is fetched yet. The process must have a `rustls` provider by now.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(styles: MapStyles) -> Result<Self, Unavailable> {
        let map = |theme, url| Map { theme, url, read: Mutex::new(None), outage: Outage::default() };
        let (light, dark) = (map("light", styles.light), map("dark", styles.dark));
        Ok(Self { light, dark, fetcher: Fetcher::new()? })
    }

    /// The style as JSON, with every address in it leading back here. That its server is down is in the log once.
    ///
    /// # Errors
    /// When it cannot be fetched or used.
    pub async fn style(&self, theme: Theme) -> Result<String, Unavailable> {
        Ok(self.sheet(theme).await?.json.clone())
    }

    /// A piece of the map that the style names; `None` where the map has nothing.
    ///
    /// # Errors
    /// When the style names no such thing, or it cannot be fetched.
    pub async fn piece(&self, theme: Theme, wanted: &Wanted<'_>) -> Result<Option<Piece>, Unavailable> {
        let url = self.sheet(theme).await?.address(wanted).ok_or(Unavailable::NotNamed)?;
        let piece = self.fetcher.piece(url, LARGEST_PIECE).await;
        let map = self.map(theme);
        map.outage.note(map.theme, &piece);
        piece
    }

    fn map(&self, theme: Theme) -> &Map {
        match theme {
            Theme::Light => &self.light,
            Theme::Dark => &self.dark,
        }
    }

    /// The style of a theme, read at most once at a time.
    async fn sheet(&self, theme: Theme) -> Result<Arc<Sheet>, Unavailable> {
        let map = self.map(theme);
        let mut read = map.read.lock().await;
        if let Some((at, known)) = &*read {
            let keeps = if known.is_ok() { FRESH_FOR } else { TRY_AGAIN_AFTER };
            if at.elapsed() < keeps {
                return known.clone();
            }
        }
        let anew = Sheet::read(map.theme, &map.url, &self.fetcher).await.map(Arc::new);
        map.outage.note(map.theme, &anew);
        // What was good an hour ago is better than nothing.
        if anew.is_err()
            && let Some((at, Ok(sheet))) = &mut *read
        {
            *at = Instant::now();
            return Ok(Arc::clone(sheet));
        }
        *read = Some((Instant::now(), anew.clone()));
        anew
    }
}
