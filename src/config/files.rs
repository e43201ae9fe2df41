//! The files that settings name: found beside the settings file, read once, bounded.

use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::SettingsError;
use super::raw::Origin;

/// No settings, secret or token file is larger, in bytes: a path to a device or a wrong file ends here.
const MOST_BYTES: u64 = 1 << 20;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Finds and reads files, and keeps what should be said about them.
pub(super) struct Files {
    folder: PathBuf,
    warnings: Vec<String>,
}

impl Files {
    pub(super) fn beside(settings: &Path) -> Self {
        let folder = settings.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // What does not exist is said when it is read.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        Self { folder, warnings: Vec::new() }
    }

    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings
    }

    /// A text file.
    pub(super) fn text(&self, path: &Path, key: &str, origin: &Origin) -> Result<String, SettingsError> {
        let path = self.resolve(path);
        read_text(&path).map_err(|error| origin.file(key, &path, error))
    }

    /// A file with a secret: without the white space around it, and not empty.
    pub(super) fn secret(
        &mut self,
        path: &Path,
        key: &str,
        origin: &Origin,
    ) -> Result<Secret, SettingsError> {
        let text = self.text(path, key, origin)?;
        let path = self.resolve(path);
        if text.trim().is_empty() {
            return Err(origin.file(key, &path, "is empty"));
        }
        if everybody_can_read(&path) {
            self.warn(format!("{key}: everybody on this machine can read {}", path.display()));
        }
        Ok(Secret(text.trim().to_owned()))
    }

    /// A folder that is there.
    pub(super) fn folder(&self, path: &Path, key: &str, origin: &Origin) -> Result<PathBuf, SettingsError> {
        let path = self.resolve(path);
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => Ok(path),
            Ok(_) => Err(origin.file(key, &path, "is not a folder")),
            Err(error) => Err(origin.file(key, &path, error)),
        }
    }
}

pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {MOST_BYTES} bytes")));
    }
    Ok(text)
}

#[cfg(unix)]
fn everybody_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn everybody_can_read(_: &Path) -> bool {
    false
}
