//! Builds the dashboard into the binary: installs its packages when they changed, bundles it, and lists the files for
//! `include_bytes!`. Without Node or network a page that says so is embedded instead, unless
//! `AFSTAND_DASHBOARD=require`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

type Failed = Box<dyn Error>;

/// What the bundle is made of, in `dashboard/`.
const SOURCES: [&str; 9] = [
    "src",
    "public",
    "build",
    "notice",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

/// Kinds of files and what they are called over HTTP. A file of another kind ends the build: a browser that is told
/// `nosniff` would not take it.
const MEDIA: [(&str, &str); 10] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("geojson", "application/geo+json"),
    ("webmanifest", "application/manifest+json"),
    ("woff2", "font/woff2"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("txt", "text/plain; charset=utf-8"),
];

fn main() -> Result<(), Failed> {
    let dashboard = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("dashboard");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let required = env::var("AFSTAND_DASHBOARD").is_ok_and(|value| value == "require");
    println!("cargo::rerun-if-env-changed=AFSTAND_DASHBOARD");
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rerun-if-changed=build.rs");
    // Embedded by a macro that is not told of new files.
    println!("cargo::rerun-if-changed=migrations");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", dashboard.join(source).display());
    }
    for page in pages(&dashboard)? {
        println!("cargo::rerun-if-changed={}", page.display());
    }

    // Two builds at once (an editor's check beside a test run) must not install into the same folder.
    let lock = File::create(dashboard.join(".build-lock"))?;
    lock.lock()?;
    let folder = match install(&dashboard) {
        Ok(()) => bundle(&dashboard, &out)?,
        Err(why) if required => return Err(format!("AFSTAND_DASHBOARD=require: {why}").into()),
        Err(why) => {
            println!("cargo::warning=the dashboard is not built in: {why}");
            // A file that is never there: looked at again in the next build.
            println!("cargo::rerun-if-changed={}", dashboard.join(".never").display());
            dashboard.join("notice")
        }
    };
    fs::write(out.join("dashboard.rs"), listing(&folder)?)?;
    Ok(())
}

fn pages(dashboard: &Path) -> Result<Vec<PathBuf>, Failed> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dashboard)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "html") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Installs the packages, unless those of this very lock file are there.
fn install(dashboard: &Path) -> Result<(), String> {
    let wanted = fs::read(dashboard.join("package-lock.json")).map_err(|error| error.to_string())?;
    let installed = dashboard.join("node_modules/.installed-package-lock.json");
    run(dashboard, "node", &["--version"]).map_err(|why| format!("Node.js is needed: {why}"))?;
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    run(dashboard, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?;
    fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))
}

/// Bundles into the build folder. What fails here is a mistake in the sources, not a missing tool.
fn bundle(dashboard: &Path, out: &Path) -> Result<PathBuf, Failed> {
    let folder = out.join("dashboard");
    let vite = dashboard.join("node_modules/vite/bin/vite.js");
    let to = folder.display().to_string();
    run(dashboard, "node", &[&vite.display().to_string(), "build", "--outDir", &to, "--logLevel", "warn"])?;
    Ok(folder)
}

/// Runs a program to its end; the error has the end of what it said.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let said = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("NODE_ENV", "production")
        .env("npm_config_include", "dev")
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if said.status.success() {
        return Ok(());
    }
    let text = [said.stdout, said.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let last: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(8).collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join(" | ");
    Err(format!("{program} {} ended with {}: {last}", arguments.join(" "), said.status))
}

/// Rust that lists the files with their contents, as they are and compressed where that was made.
fn listing(folder: &Path) -> Result<String, Failed> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    let mut text = String::from("&[\n");
    for path in &paths {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if extension == "br" || extension == "gz" {
            continue;
        }
        let media = MEDIA.iter().find(|(known, _)| *known == extension);
        let (_, media) = media.ok_or_else(|| format!("{}: no media type is known for it", path.display()))?;
        let name = path.strip_prefix(folder)?.components();
        let name = name.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let literal =
            |path: &Path| path.to_str().map(|text| format!("{text:?}")).ok_or("a path is not UTF-8");
        let compressed = |suffix: &str| -> Result<String, Failed> {
            let other = PathBuf::from(format!("{}.{suffix}", path.display()));
            let there = other.is_file();
            Ok(if there { format!("Some(include_bytes!({}))", literal(&other)?) } else { "None".to_owned() })
        };
        writeln!(
            text,
            "File {{ path: {name:?}, media: {media:?}, plain: include_bytes!({}), br: {}, gz: {} }},",
            literal(path)?,
            compressed("br")?,
            compressed("gz")?
        )?;
    }
    text.push(']');
    Ok(text)
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), Failed> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}
