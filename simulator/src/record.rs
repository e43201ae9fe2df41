//! `simulator record`: a world as files.
//!
//! `orders.json` holds the orders, `input.ndjson` what arrives, in order, as `afstand replay` reads it.
//! `truth.ndjson` says where people really were: a line for every person at every `--truth-every` seconds, by
//! time, then pair, the wearer first, with
//!
//! | Field | Meaning |
//! |---|---|
//! | `at` | moment, RFC 3339 UTC |
//! | `person`, `role` | who: `wearer-0001`, `victim-0001`, … |
//! | `lat`, `lon` | degrees on WGS 84, to about a centimetre |
//! | `mode` | `still`, `walk`, `bike`, `car`, `tram`, `metro` |
//! | `speed_mps` | true speed over ground, metres per second |
//! | `doing` | `home`, `work`, `errand` (daily life, the way there and back included); `approach`, `test_boundary`, `linger`, `enter_zone`, `wait`, `walk_into`, `meet` (something happens between the pair); `leave` (home after that) |

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use zones::Timestamp;

use crate::Failure;
use crate::clock::{HOUR, SECOND, TimeText};
use crate::json::push_decimal;
use crate::orders;
use crate::progress::Progress;
use crate::radio::{Sent, role_of};
use crate::stream::{Arrivals, Names};
use crate::world::{Moment, Setup};

/// Messages that are made before they are written; bounds the memory a recording needs.
const AT_ONCE: i64 = 200_000;

/// What to record.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Seed of the world: the same seed gives the same files, byte by byte.
    pub seed: u64,
    /// Number of pairs.
    pub pairs: usize,
    /// Length in hours.
    pub hours: f64,
    /// First moment.
    pub start: Timestamp,
    /// Seconds between two lines about one person in `truth.ndjson`; 0 writes none.
    pub truth_every_s: u32,
    /// Folder to write to; made when it does not exist.
    pub out: PathBuf,
}

/// What was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Lines of `input.ndjson`.
    pub messages: u64,
    /// Fixes in them.
    pub fixes: u64,
}

impl Recording {
    /// Writes the three files. The error names the file that could not be written.
    pub fn write(&self) -> Result<Recorded, Failure> {
        std::fs::create_dir_all(&self.out).map_err(|e| Failure::file(&self.out, &e))?;
        let setup = Setup {
            seed: self.seed,
            pairs: self.pairs,
            start: self.start.as_millis(),
            other_towns: 3,
            demo_speed: None,
            trial: None,
        };
        let mut arrivals = Arrivals::new(&setup, 1.0);
        let mut file = Output::create(self.out.join("orders.json"))?;
        file.write(|to| orders::write(to, &setup, &arrivals))?;
        file.finish()?;
        self.write_stream(&setup, &mut arrivals)
    }

    fn write_stream(&self, setup: &Setup, arrivals: &mut Arrivals) -> Result<Recorded, Failure> {
        let mut input = Output::create(self.out.join("input.ndjson"))?;
        let mut truth = Output::create(self.out.join("truth.ndjson"))?;
        let mut lines = Lines::new(setup.pairs);
        let end = setup.start + (self.hours * HOUR as f64) as i64;
        let step =
            (AT_ONCE * 60 * SECOND / (2 * setup.pairs.cast_signed() as i64).max(1)).clamp(SECOND, 6 * HOUR);
        let progress = Progress::new("recording", ((end - setup.start) / SECOND) as u64, "s of the world");
        let mut recorded = Recorded::default();
        let mut arrived = Vec::new();
        let mut tick = setup.start;
        while arrivals.reached() < end {
            let to = (arrivals.reached() + step).min(end);
            arrivals.advance(to, &mut arrived);
            for sent in arrived.drain(..) {
                recorded.messages += 1;
                recorded.fixes += sent.body.fixes();
                let line = lines.input(&sent);
                input.write(|to| to.write_all(line))?;
            }
            while self.truth_every_s > 0 && tick < to {
                for device in 0..2 * setup.pairs as u32 {
                    let line = lines.truth(arrivals, device, tick);
                    truth.write(|to| to.write_all(line))?;
                }
                tick += i64::from(self.truth_every_s) * SECOND;
            }
            progress.at(((to - setup.start) / SECOND) as u64);
        }
        input.finish()?;
        truth.finish()?;
        progress.done();
        Ok(recorded)
    }
}

/// A file being written, whose errors name it.
struct Output {
    path: PathBuf,
    to: BufWriter<File>,
}

impl Output {
    fn create(path: PathBuf) -> Result<Self, Failure> {
        let file = File::create(&path).map_err(|e| Failure::file(&path, &e))?;
        Ok(Self { to: BufWriter::with_capacity(1 << 20, file), path })
    }

    fn write(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), Failure> {
        write(&mut self.to).map_err(|e| Failure::file(&self.path, &e))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.write(Write::flush)
    }
}

/// Makes lines in a buffer that is used again.
struct Lines {
    buffer: Vec<u8>,
    time: TimeText,
    devices: Vec<String>,
    people: Vec<String>,
}

impl Lines {
    fn new(pairs: usize) -> Self {
        let names = Names::new(pairs);
        let all = 0..2 * pairs as u32;
        Self {
            buffer: Vec::with_capacity(1 << 12),
            time: TimeText::default(),
            devices: all.clone().map(|device| names.device(device)).collect(),
            people: all.map(|device| names.person(device)).collect(),
        }
    }

    fn input(&mut self, sent: &Sent) -> &[u8] {
        let to = &mut self.buffer;
        to.clear();
        to.extend_from_slice(b"{\"received_at\":\"");
        self.time.push(to, sent.at);
        to.extend_from_slice(b"\",\"role\":\"");
        to.extend_from_slice(role_of(sent.device).as_str().as_bytes());
        to.extend_from_slice(b"\",\"device\":\"");
        to.extend_from_slice(self.devices[sent.device as usize].as_bytes());
        to.extend_from_slice(b"\",\"");
        to.extend_from_slice(sent.body.topic().as_bytes());
        to.extend_from_slice(b"\":");
        sent.body.push_json(to, &mut self.time);
        to.extend_from_slice(b"}\n");
        to
    }

    fn truth(&mut self, arrivals: &Arrivals, device: u32, at: i64) -> &[u8] {
        let pair = &arrivals.world.pairs[device as usize / 2];
        let person = if device.is_multiple_of(2) { &pair.wearer } else { &pair.victim };
        let Moment { p, east_mps, north_mps, mode, doing, .. } = person.moment(at);
        let (lat_e7, lon_e7) = arrivals.world.city.plane.degrees_e7(p);
        let speed = (east_mps * east_mps + north_mps * north_mps).sqrt();
        let to = &mut self.buffer;
        to.clear();
        to.extend_from_slice(b"{\"at\":\"");
        self.time.push(to, at);
        to.extend_from_slice(b"\",\"person\":\"");
        to.extend_from_slice(self.people[device as usize].as_bytes());
        to.extend_from_slice(b"\",\"role\":\"");
        to.extend_from_slice(role_of(device).as_str().as_bytes());
        to.extend_from_slice(b"\",\"lat\":");
        push_decimal(to, i64::from(lat_e7), 7);
        to.extend_from_slice(b",\"lon\":");
        push_decimal(to, i64::from(lon_e7), 7);
        to.extend_from_slice(b",\"mode\":\"");
        to.extend_from_slice(mode.word().as_bytes());
        to.extend_from_slice(b"\",\"speed_mps\":");
        push_decimal(to, (speed * 100.0).round() as i64, 2);
        to.extend_from_slice(b",\"doing\":\"");
        to.extend_from_slice(doing.word().as_bytes());
        to.extend_from_slice(b"\"}\n");
        to
    }
}

/// The files of a recording in a folder: orders, input, truth.
pub fn files(folder: &Path) -> [PathBuf; 3] {
    ["orders.json", "input.ndjson", "truth.ndjson"].map(|name| folder.join(name))
}
