//! Reasons in words, for those who read an alert: Dutch first, then English. No position, no address.

use crate::alert::{Alert, AlertKind, Many};
use crate::{Certainty, DeviceEventKind, Level, Millis, Role};

/// An incident ends because another begins.
pub(crate) const OF_SUPERSEDED: &str = "Dit incident was al afgesloten; wat hierna komt is een ander incident / This \
     incident was resolved already; what comes after it is another incident";

/// Many silent devices at once, for a desk.
pub(crate) fn of_many(level: Level, many: &Many) -> String {
    let Many { devices, of_desk, .. } = many;
    if level == Level::Clear {
        return format!(
            "De storing is voorbij; nog {of_desk} toestellen van uw meldkamer zwijgen, die volgen elk apart / The outage \
             is over; {of_desk} devices of your desk are silent still, and follow each by itself"
        );
    }
    format!(
        "{devices} toestellen zwijgen tegelijk, {of_desk} daarvan van uw meldkamer / {devices} devices are silent at \
         once, {of_desk} of them of your desk"
    )
}

/// Fills in why an alert about distance was raised.
pub(crate) fn of_distance(alert: &Alert, threshold_m: f64) -> String {
    let d = alert.distance_m.unwrap_or_default();
    let u = alert.uncertainty_m.unwrap_or_default();
    let (nl, en) = match (alert.kind, alert.level) {
        (AlertKind::VictimProximity, Level::Clear) => (
            format!("Drager is weg bij het slachtoffer: {d:.0} m ± {u:.0} m"),
            format!("Wearer has moved away from the victim: {d:.0} m ± {u:.0} m"),
        ),
        (AlertKind::VictimProximity, _) if d > threshold_m => (
            format!("Drager gaat weg bij het slachtoffer: {d:.0} m ± {u:.0} m"),
            format!("Wearer is moving away from the victim: {d:.0} m ± {u:.0} m"),
        ),
        (AlertKind::VictimProximity, _) => (
            format!("Drager binnen {threshold_m:.0} m van het slachtoffer: {d:.0} m ± {u:.0} m"),
            format!("Wearer within {threshold_m:.0} m of the victim: {d:.0} m ± {u:.0} m"),
        ),
        (AlertKind::InclusionZone, Level::Clear) => {
            ("Drager is terug in het gebied".to_owned(), "Wearer is back in the zone".to_owned())
        }
        (AlertKind::InclusionZone, _) => (
            format!("Drager buiten het gebied waar hij moet zijn: {d:.0} m ± {u:.0} m"),
            format!("Wearer outside the zone he must be in: {d:.0} m ± {u:.0} m"),
        ),
        (_, Level::Clear) => (
            format!("Drager heeft het verboden gebied verlaten: {d:.0} m ± {u:.0} m"),
            format!("Wearer has left the exclusion zone: {d:.0} m ± {u:.0} m"),
        ),
        (_, Level::Warning) => (
            format!("Drager bij de rand van het verboden gebied: {d:.0} m ± {u:.0} m"),
            format!("Wearer near the edge of the exclusion zone: {d:.0} m ± {u:.0} m"),
        ),
        (_, Level::Alarm) => (
            format!("Drager in het verboden gebied, {:.0} m ± {u:.0} m van de rand", d.abs()),
            format!("Wearer in the exclusion zone, {:.0} m ± {u:.0} m from its edge", d.abs()),
        ),
    };
    let (maybe_nl, maybe_en) = match (alert.certainty, alert.level) {
        (Certainty::Possible, Level::Warning | Level::Alarm) => ("Mogelijk: ", "Possibly: "),
        _ => ("", ""),
    };
    format!("{maybe_nl}{nl} / {maybe_en}{en}")
}

/// The alarm distance will soon be reached.
pub(crate) fn of_contact(alert: &Alert, alarm_m: f64, contact_s: f64) -> String {
    let (d, v) = (alert.distance_m.unwrap_or_default(), alert.closing_mps.unwrap_or_default() * 3.6);
    format!(
        "Drager en slachtoffer naderen elkaar met {v:.0} km/u: over {contact_s:.0} s binnen {alarm_m:.0} m \
         (nu {d:.0} m) / Wearer and victim close in at {v:.0} km/h: within {alarm_m:.0} m in {contact_s:.0} s \
         (now {d:.0} m)"
    )
}

/// Something happened on the way between two fixes.
pub(crate) fn of_way(alert: &Alert, alarm_m: f64) -> String {
    let d = alert.distance_m.unwrap_or_default();
    if alert.kind == AlertKind::VictimProximity {
        return format!(
            "Tussen twee posities door kwam de drager binnen {alarm_m:.0} m van het slachtoffer: {d:.0} m / \
             Between two fixes the wearer came within {alarm_m:.0} m of the victim: {d:.0} m"
        );
    }
    format!(
        "De weg tussen twee posities van de drager gaat door het verboden gebied, {0:.0} m van de rand / \
         The way between two of the wearer's fixes crosses the exclusion zone, {0:.0} m from its edge",
        d.abs()
    )
}

/// A fix that is not believed yet would mean an alarm.
pub(crate) fn of_held(alert: &Alert) -> String {
    let (nl, en) = match alert.kind {
        AlertKind::VictimProximity => ("bij het slachtoffer", "near the victim"),
        AlertKind::InclusionZone => {
            ("buiten het gebied waar hij moet zijn", "outside the zone he must be in")
        }
        _ => ("in het verboden gebied", "in the exclusion zone"),
    };
    format!(
        "Mogelijk: een onwaarschijnlijke positie, nog niet bevestigd, ligt {nl} / \
         Possibly: an implausible fix, not confirmed yet, lies {en}"
    )
}

/// The same reason, found afterwards.
pub(crate) fn of_late(reason: &str) -> String {
    match reason.split_once(" / ") {
        Some((nl, en)) => {
            format!("Achteraf gebleken, te laat ontvangen: {nl} / Found afterwards, received late: {en}")
        }
        None => reason.to_owned(),
    }
}

/// A device is heard again, and a watch stands raised from before.
pub(crate) fn of_news(alert: &Alert) -> String {
    let d = alert.distance_m.unwrap_or_default();
    let u = alert.uncertainty_m.unwrap_or_default();
    let (nl, en) = match alert.level {
        Level::Alarm => ("alarm", "alarm"),
        Level::Warning | Level::Clear => ("waarschuwing", "warning"),
    };
    format!(
        "Na stilte weer gehoord; stond op {nl}, afstand nu {d:.0} m ± {u:.0} m / \
         Heard again after a silence; stood at {en}, distance now {d:.0} m ± {u:.0} m"
    )
}

/// A device of that role, in Dutch and English.
fn device_of(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Wearer => ("Enkelband", "Ankle monitor"),
        Role::Victim => ("Slachtofferdevice", "Victim device"),
    }
}

/// A device fell silent.
pub(crate) fn of_silence(role: Role, level: Level, minutes: Option<i64>) -> String {
    let (nl, en) = device_of(role);
    match (level, minutes) {
        (Level::Clear, _) => format!("{nl} meldt zich weer / {en} reports again"),
        (_, Some(m)) => format!("{nl} meldt zich al {m} min niet / {en} has not reported for {m} min"),
        (_, None) => format!("{nl} heeft zich nog nooit gemeld / {en} has never reported"),
    }
}

/// A device said something about itself.
pub(crate) fn of_event(role: Role, event: DeviceEventKind) -> String {
    let (nl, en) = device_of(role);
    let (what_nl, what_en) = match event {
        DeviceEventKind::StrapTamper => ("band doorgeknipt of geopend", "strap cut or opened"),
        DeviceEventKind::CaseTamper => ("behuizing geopend", "case opened"),
        DeviceEventKind::BatteryLow => ("batterij bijna leeg", "battery low"),
        DeviceEventKind::BatteryCritical => ("batterij vrijwel leeg", "battery nearly empty"),
        DeviceEventKind::Charging => ("wordt opgeladen", "is being charged"),
        DeviceEventKind::Jamming => ("radiostoring gemeten", "radio jamming measured"),
        DeviceEventKind::Shielded => ("afgeschermd van hemel en netwerk", "shielded from sky and network"),
        DeviceEventKind::Shutdown => ("uitgezet", "switched off"),
        DeviceEventKind::Restart => ("opnieuw gestart", "started again"),
        DeviceEventKind::BeaconLost => ("baken of telefoon buiten bereik", "beacon or phone out of reach"),
        DeviceEventKind::BeaconFound => {
            ("baken of telefoon weer in bereik", "beacon or phone in reach again")
        }
    };
    format!("{nl}: {what_nl} / {en}: {what_en}")
}

/// The panic button.
pub(crate) const AWARE: &str = "Slachtoffer heeft AWARE ingedrukt / Victim pressed AWARE";

/// A trial of it.
pub(crate) const AWARE_TEST: &str =
    "Slachtoffer heeft AWARE getest: de melding komt aan / Victim tried AWARE: the call comes through";

/// The panic button, where no order is in force.
pub(crate) const AWARE_WITHOUT_ORDER: &str = "Slachtoffer heeft AWARE ingedrukt; er is nu geen bevel van kracht / \
                                              Victim pressed AWARE; no order is in force now";

/// A trial of it there.
pub(crate) const AWARE_TEST_WITHOUT_ORDER: &str = "Slachtoffer heeft AWARE getest: de melding komt aan; er is nu geen bevel van kracht / \
     Victim tried AWARE: the call comes through; no order is in force now";

/// She took a press back.
pub(crate) const AWARE_CANCELLED: &str =
    "Slachtoffer heeft AWARE geannuleerd met de code / Victim cancelled AWARE with the code";

/// Reason of a cancelled press of which her code reached the service late, with the press or after it: in one sentence
/// what else would be an alarm and its end, back to back.
pub(crate) fn aware_cancelled_late(after: Millis, reached: Millis) -> String {
    let (after_s, reached_s) = (after.0 / 1_000, reached.0 / 1_000);
    format!(
        "Slachtoffer heeft AWARE geannuleerd met de code, {after_s} s na het indrukken; dat bereikte ons pas {reached_s} s \
         na het indrukken / Victim cancelled AWARE with the code, {after_s} s after pressing it; that reached us only \
         {reached_s} s after the press"
    )
}

/// An order runs out.
pub(crate) fn of_expiry(days: i64) -> String {
    match days {
        ..=0 => {
            "Bevel loopt binnen een dag af, zonder opvolger / Order ends within a day, without a successor"
                .to_owned()
        }
        1 => {
            "Bevel loopt over 1 dag af, zonder opvolger / Order ends in 1 day, without a successor".to_owned()
        }
        _ => format!(
            "Bevel loopt over {days} dagen af, zonder opvolger / Order ends in {days} days, without a successor"
        ),
    }
}

/// It does not run out after all.
pub(crate) const EXPIRY_SETTLED: &str =
    "Bevel is verlengd of heeft een opvolger / Order was prolonged or has a successor";

/// An order goes on with what stood under another.
pub(crate) const ORDER_TAKES_OVER: &str =
    "Opvolgend bevel neemt over; de toestand loopt door / Succeeding order takes over; the situation goes on";

/// An order ended and another goes on.
pub(crate) const ORDER_SUCCEEDED: &str = "Bevel is afgelopen; onder een ander bevel loopt de toestand door / Order has ended; under another order the situation goes on";

/// Why a standing ended without anybody moving.
pub(crate) const SCHEDULE_ENDED: &str =
    "Tijdvenster van het gebied is voorbij / The zone's time window has ended";
/// The order's validity ended.
pub(crate) const ORDER_ENDED: &str = "Bevel is afgelopen / Order has ended";
/// The order was withdrawn or changed.
pub(crate) const ORDER_CHANGED: &str = "Bevel is ingetrokken of gewijzigd / Order was withdrawn or changed";
