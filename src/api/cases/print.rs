//! The summary of a case as a page to print: A4, Dutch first, no script, nothing from elsewhere.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use zones::Calendar;
use zones::order::Risk;

use super::pattern::Week;
use super::summary::Summary;

const STYLE: &str = "@page{size:A4;margin:18mm}body{font:10pt/1.4 sans-serif;color:#000;background:#fff;max-width:174mm}\
h1{font-size:15pt;margin:0}h2{font-size:11pt;margin:6mm 0 2mm}i{color:#444}\
table{border-collapse:collapse;width:100%}th,td{border:.3mm solid #777;padding:1mm 1.5mm;text-align:right;\
vertical-align:top}th:first-child,td:first-child{text-align:left}thead{display:table-header-group}\
tr{break-inside:avoid}th{font-weight:600}meter{width:100%}.hours td{text-align:left;padding:0 1.5mm}\
.note{border:.5mm solid #000;padding:2mm;margin:4mm 0}";

/// What a browser may do on it: nothing but apply this one style.
pub(super) fn policy() -> String {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// The page.
pub(super) fn page(summary: &Summary) -> String {
    let mut page = String::new();
    // Writing to memory does not fail.
    let _ = written(&mut page, summary);
    page
}

fn written(page: &mut String, summary: &Summary) -> std::fmt::Result {
    let calendar = Calendar::default();
    let order = escaped(&summary.order);
    let risk = match summary.risk {
        Some(Risk::High) => "hoog / <i>high</i>",
        Some(Risk::Medium) => "midden / <i>medium</i>",
        Some(Risk::Low) => "laag / <i>low</i>",
        None => "niet gescreend / <i>not screened</i>",
    };
    write!(
        page,
        "<!DOCTYPE html><html lang=\"nl\"><head><meta charset=\"utf-8\"><title>{order}</title>\
         <style>{STYLE}</style></head><body><h1>Zaakoverzicht {order}</h1>\
         <p><i>Case summary</i> · gemaakt / <i>made</i> {made} · vertrouwelijk / <i>confidential</i></p>\
         <p>Drager / <i>wearer</i>: {wearer}<br>Slachtoffer / <i>victim</i>: {victims}<br>\
         Risico / <i>risk</i> (SASH): {risk}<br>Geldig / <i>valid</i>: {from} – {until}</p>",
        made = calendar.date(summary.made_at),
        wearer = escaped(&summary.wearer),
        victims = escaped(&summary.victims.join(", ")),
        from = calendar.date(summary.valid_from),
        until = calendar.date(summary.valid_until),
    )?;
    if !summary.with_orders.is_empty() {
        let orders = escaped(&summary.with_orders.join(", "));
        write!(
            page,
            "<p>Met wat onder deze bevelen is gemeld / <i>with what was raised under</i>: {orders}</p>"
        )?;
    }
    if !summary.whole {
        page.push_str(
            "<p class=\"note\">Niet volledig: er is meer gemeld dan dit overzicht telt. / <i>Not whole: more was \
             raised than this summary counts.</i></p>",
        );
    }
    for week in summary.weeks.iter().filter(|week| week.boundary_testing) {
        write!(
            page,
            "<p class=\"note\">Week van {monday}: de drager zoekt de grens op, {count} keer. / <i>Week of {monday}: \
             boundary testing, {count} times.</i></p>",
            monday = escaped(&week.monday),
            count = week.stopped_short + week.buffer_visits,
        )?;
    }
    page.push_str(
        "<h2>Per week / <i>by week</i></h2><table><thead><tr><th>Week van / <i>of</i></th>\
         <th>Waarschuwingen<br><i>warnings</i></th><th>Alarmen<br><i>alarms</i></th><th>AWARE</th>\
         <th>Dichtstbij<br><i>nearest</i></th><th>Grens opgezocht<br><i>stopped short + buffer</i></th>\
         <th>Toestellen<br><i>devices</i></th><th>Stil (drager + slachtoffer)<br><i>silent, h</i></th>\
         <th>Opgepakt na<br><i>acknowledged after</i></th></tr></thead><tbody>",
    );
    summary.weeks.iter().try_for_each(|week| row(page, week))?;
    page.push_str("</tbody></table>");
    hours(page, &summary.weeks)?;
    page.push_str(
        "<p>Afstanden zijn die van de meldingen zelf; daartussen kan de drager dichterbij zijn geweest. / <i>Distances \
         are those of the alerts; in between the wearer may have been nearer.</i></p></body></html>",
    );
    Ok(())
}

fn row(page: &mut String, week: &Week) -> std::fmt::Result {
    let nearest = week.nearest.map_or_else(
        || "–".to_owned(),
        |nearest| format!("{:.0} m ± {:.0} m", nearest.distance_m, nearest.uncertainty_m),
    );
    let reaction = week.follow_up;
    let after = match (reaction.alarms, reaction.median_s, reaction.longest_s) {
        (0, ..) => "–".to_owned(),
        (alarms, Some(median), Some(longest)) => {
            format!("{median:.0} s ({longest:.0} s), {}/{alarms}", reaction.acknowledged)
        }
        (alarms, ..) => format!("0/{alarms}"),
    };
    write!(
        page,
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{nearest}</td><td>{} + {}</td><td>{}</td>\
         <td>{:.1} + {:.1}</td><td>{after}</td></tr>",
        escaped(&week.monday),
        week.warnings,
        week.alarms,
        week.aware,
        week.stopped_short,
        week.buffer_visits,
        week.devices,
        week.wearer_silent_h,
        week.victim_silent_h,
    )
}

/// How often something began at each hour of the day.
fn hours(page: &mut String, weeks: &[Week]) -> std::fmt::Result {
    let count = |hour: usize| weeks.iter().filter_map(|week| week.hours.get(hour)).sum::<u32>();
    let most = (0..24).map(count).max().unwrap_or_default().max(1);
    page.push_str("<h2>Uren van de dag / <i>hours of the day</i></h2><table class=\"hours\"><tbody>");
    for hour in (0..24).filter(|hour| count(*hour) > 0) {
        let times = count(hour);
        write!(
            page,
            "<tr><td>{hour:02}:00</td><td>{times}</td><td><meter min=\"0\" max=\"{most}\" value=\"{times}\">{times}\
             </meter></td></tr>"
        )?;
    }
    page.push_str("</tbody></table>");
    Ok(())
}

/// A text within HTML. Ids hold nothing that needs it, and might one day.
pub(in crate::api) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_a_text() {
        assert_eq!(escaped("<b a='1'>\"&\"</b>"), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;&quot;&lt;/b&gt;");
    }
}
