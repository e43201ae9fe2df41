//! Whoever reads what a command prints may have had enough (`| head`): the command ends, and says nothing of it.
#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests fail like tests.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ORDERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/zones/examples");

fn afstand(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afstand"));
    command.args(arguments).stderr(Stdio::piped());
    command
}

/// What it says on stderr until it ends, and its status.
fn ended(mut child: Child) -> (String, Option<i32>) {
    let (begun, mut said) = (Instant::now(), String::new());
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > Duration::from_mins(1) => {
                child.kill().unwrap();
                panic!("it goes on, although nobody reads");
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (said, status.code())
}

#[test]
fn findings_that_nobody_reads_are_no_error_and_the_status_is_theirs() {
    let order = std::fs::read_dir(ORDERS).unwrap().map(|entry| entry.unwrap().path());
    let order = order.filter(|path| path.extension().is_some_and(|end| end == "json")).min().unwrap();
    let check = |form: &[&str]| {
        let (read, write) = std::io::pipe().unwrap();
        drop(read);
        let arguments =
            [&["check-orders", order.to_str().unwrap(), "--now", "2026-11-21T00:00:00Z"], form].concat();
        let whole = afstand(&arguments).stdout(Stdio::null()).status().unwrap().code();
        (ended(afstand(&arguments).stdout(write).spawn().unwrap()), whole)
    };
    for form in [&[][..], &["--json"]] {
        let (closed, whole) = check(form);
        assert_eq!(closed, (String::new(), whole), "{form:?}");
    }
}

#[test]
fn a_demonstration_that_nobody_watches_ends_and_says_nothing() {
    let mut child = afstand(&["demo", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("Afstand"), "{first}");
    // The reader is gone. It has a city to tell of, so it prints again within seconds.
    assert_eq!(ended(child), (String::new(), Some(0)));
}
