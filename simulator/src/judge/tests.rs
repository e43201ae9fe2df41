//! That trials are what they claim to be, and that the oracle overlooks nothing.

use super::*;
use crate::clock::{MINUTE, SECOND};
use crate::oracle::{Law, Series, WATCHES, Watch, episodes};
use crate::stream::Arrivals;
use crate::world::{CURFEW_FROM, Mode};

#[test]
fn the_same_seed_gives_the_same_findings_and_another_seed_others() {
    let findings = |seed| judge(seed, 6, Noise::Urban, Some(Behaviour::Hovers), &Shipped).unwrap();
    let first = findings(1);
    assert_eq!(first, findings(1));
    assert_ne!(first, findings(2));
    assert_eq!(first.pair_days, 6);
}

#[test]
fn the_first_worlds_of_a_long_evaluation_are_those_of_a_short_one() {
    let [short, long] = [32, 34].map(|days| judge(5, days, Noise::Calm, None, &Shipped).unwrap());
    assert!(long.approaches.starts_with(&short.approaches));
    assert!(long.fixes > short.fixes && long.noise[..32] == short.noise[..]);
}

/// A day of a small world, planned to its end, with what the orders forbid.
fn planned(cast: Behaviour, pairs: usize) -> (Setup, Arrivals, Vec<Law>) {
    let setup = trial(3, 1, pairs, Noise::Calm, Some(cast));
    let mut arrivals = Arrivals::new(&setup, 1.0);
    let laws = (0..pairs).map(|pair| case::Case::of(&setup, &arrivals, pair).unwrap().law).collect();
    arrivals.advance(setup.start + DAY, &mut Vec::new());
    (setup, arrivals, laws)
}

fn truth<'a>(arrivals: &'a Arrivals, laws: &'a [Law], pair: usize) -> Truth<'a> {
    Truth { plane: arrivals.world.city.plane, pair: &arrivals.world.pairs[pair], law: &laws[pair] }
}

#[test]
fn looking_where_it_matters_finds_what_looking_every_second_finds() {
    for cast in [Behaviour::PassesBy, Behaviour::TestsBoundary, Behaviour::BreaksCurfew] {
        let (setup, arrivals, laws) = planned(cast, 2);
        let mut found = 0;
        for pair in 0..2 {
            let truth = truth(&arrivals, &laws, pair);
            for watch in WATCHES {
                let series = Series::of(&truth, watch, setup.start, setup.start + DAY);
                let at: Vec<i64> = (0..=DAY / SECOND).map(|s| setup.start + s * SECOND).collect();
                let gap = |at: &i64| truth.gap_m(watch, *at).unwrap_or(f64::INFINITY);
                let every_second = Series { gap_m: at.iter().map(gap).collect(), at };
                let (quick, slow) = (episodes(watch, &series), episodes(watch, &every_second));
                assert_eq!(quick.len(), slow.len(), "{cast:?} {watch:?}");
                for (a, b) in quick.iter().zip(&slow) {
                    assert!((a.from - b.from).abs() <= SECOND && (a.until - b.until).abs() <= SECOND);
                }
                found += quick.len();
                assert!(series.at.len() < every_second.at.len() / 2, "{}", series.at.len());
            }
        }
        assert!(found > 0, "{cast:?}");
    }
}

#[test]
fn what_a_wearer_of_a_trial_means_to_do_happens() {
    let least = |cast, watch| {
        let (setup, arrivals, laws) = planned(cast, 3);
        let gaps = (0..3).map(|pair| {
            let series = Series::of(&truth(&arrivals, &laws, pair), watch, setup.start, setup.start + DAY);
            series.least_m(setup.start, setup.start + DAY)
        });
        gaps.fold(f64::NEG_INFINITY, f64::max)
    };
    // Of three wearers the one who came least far; distances are to the alarm threshold.
    assert!(least(Behaviour::Drives, Watch::Pair) < -700.0);
    assert!(least(Behaviour::PassesBy, Watch::Pair) < -150.0);
    assert!(least(Behaviour::RidesAlong(Mode::Train), Watch::Pair) < -850.0);
    assert!(least(Behaviour::RidesAlong(Mode::Bus), Watch::Pair) < -850.0);
    assert!(least(Behaviour::BreaksCurfew, Watch::Curfew) < -300.0);
    assert!((-100.0..50.0).contains(&least(Behaviour::Hovers, Watch::Pair)));
}

#[test]
fn both_are_on_board_of_the_same_train() {
    let (setup, arrivals, _) = planned(Behaviour::RidesAlong(Mode::Train), 3);
    for pair in &arrivals.world.pairs {
        let moments = (0..DAY / (10 * SECOND)).map(|i| setup.start + i * 10 * SECOND);
        let aboard = moments.filter(|at| {
            let (his, hers) = (pair.wearer.moment(*at), pair.victim.moment(*at));
            let speed = his.east_mps.hypot(his.north_mps);
            his.mode == Mode::Train
                && hers.mode == Mode::Train
                && speed > 30.0
                && his.p.distance(hers.p) < 150.0
        });
        assert!(aboard.count() > 20, "more than 200 s");
    }
}

#[test]
fn who_lingers_is_there_before_anybody_watches_and_a_curfew_is_broken_after_it_began() {
    let (setup, arrivals, laws) = planned(Behaviour::Lingers, 4);
    for pair in 0..4 {
        assert!(truth(&arrivals, &laws, pair).gap_m(Watch::Home, setup.start).unwrap() < -4_000.0);
    }
    let (setup, arrivals, laws) = planned(Behaviour::BreaksCurfew, 4);
    let evening = (0..24 * 60).map(|m| setup.start + m * MINUTE).find(|at| {
        let now = crate::clock::LocalTime::at(*at);
        now.of_day == CURFEW_FROM
    });
    for pair in 0..4 {
        let gap = |at| truth(&arrivals, &laws, pair).gap_m(Watch::Curfew, at).unwrap();
        let evening = evening.unwrap();
        let left = (0..60).any(|m| gap(evening + m * MINUTE) < 0.0);
        assert!(left, "pair {pair} stays at home");
        assert_eq!(truth(&arrivals, &laws, pair).gap_m(Watch::Curfew, evening - MINUTE), None);
    }
}
