//! `afstand push-key`: makes the key by which push services know this service.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::out;
use crate::delivery::VapidKey;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// File that the key is written to, readable for its owner only. One that is there is left alone: browsers are
    /// bound to the key in it.
    file: PathBuf,
}

pub(super) fn run(Arguments { file }: &Arguments) -> ExitCode {
    match make(file) {
        Ok(public) => {
            let settings = format!("[push] key_file = \"{}\", contact = \"mailto:…\"", file.display());
            super::printed(&format!("public key: {public}\nsettings: {settings}\n"), ExitCode::SUCCESS)
        }
        Err(error) => {
            out::say(super::unreadable(file, &error));
            super::unusable_input()
        }
    }
}

fn make(file: &Path) -> Result<String, String> {
    let pem = VapidKey::new_pem().map_err(|error| error.to_string())?;
    let key = VapidKey::from_pem(&pem).map_err(|error| error.to_string())?;
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let written = opened.and_then(|mut opened| {
        opened.write_all(pem.as_bytes())?;
        opened.sync_all()
    });
    written.map_err(|error| error.to_string())?;
    Ok(key.public().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("push.key");
        let public = make(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(VapidKey::from_pem(&kept).unwrap().public(), public);
        assert!(make(&file).unwrap_err().contains("exists"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), kept);
        assert!(make(&folder.path().join("no/push.key")).is_err());
    }
}
