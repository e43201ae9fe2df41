use super::*;
#[test]
fn look() {
    let env = |k: &str| std::env::var(k).unwrap();
    let pd: u64 = env("PD").parse().unwrap();
    let noise = match env("W").as_str() {
        "calm" => Noise::Calm,
        "urban-noise" => Noise::Urban,
        _ => Noise::Backlog,
    };
    let t = Timestamp::parse(&env("T")).unwrap().as_millis();
    let setup = trial(env("S").parse().unwrap(), pd / 32, 32, noise, None);
    let (arrivals, days) = days(&setup, &Shipped).unwrap();
    let pair = (pd % 32) as usize;
    let day = &days[pair];
    let truth =
        Truth { plane: arrivals.world.city.plane, pair: &arrivals.world.pairs[pair], law: &day.case.law };
    println!("skew {:?}", day.skew_ms);
    for at in ((t - 600_000)..=(t + 300_000)).step_by(20_000) {
        let g: Vec<String> = crate::oracle::WATCHES
            .iter()
            .map(|w| truth.gap_m(*w, at).map_or("-".into(), |g| format!("{g:.0}")))
            .collect();
        println!("{} truth {g:?}", Timestamp::from_millis(at));
    }
    for h in
        day.heard.iter().filter(|h| (h.arrived_at - t).abs() < 900_000 || (h.true_at - t).abs() < 300_000)
    {
        println!(
            "{} {:?} at {} acc {:.0} err {:.0} usual {:.0} said {:.1}",
            Timestamp::from_millis(h.arrived_at),
            h.role,
            Timestamp::from_millis(h.true_at),
            h.accuracy_m,
            h.error_m,
            h.usual_error_m,
            h.said_mps
        );
    }
    for r in day.raised.iter().filter(|r| (r.alert.raised_at.as_millis() - t).abs() < 1_800_000) {
        let a = &r.alert;
        println!(
            "{} {} {:?} {:?} late {} op {} fixed {:?} d {:?} u {:?} stands {:?} his {:?} hers {:?} {}",
            a.raised_at,
            a.kind.as_str(),
            a.level,
            a.certainty,
            a.late,
            a.operator_only,
            a.fixed_at,
            a.distance_m,
            a.uncertainty_m,
            r.stands,
            a.wearer_fix.map(|f| f.fixed_at),
            a.victim_fix.map(|f| f.fixed_at),
            a.reason
        );
    }
}
