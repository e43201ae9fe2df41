//! The picture: warning time against approach speed, and false alarms against noise. SVG, written by hand: two
//! panels of dots need no library.

use std::fmt::Write;

use crate::checker::{IN_TIME_S, Tally};

use super::figures::rate;

/// Size of a panel in pixels, and of the margin around it.
const PANEL: (f64, f64) = (420.0, 300.0);
const MARGIN: f64 = 60.0;

/// Bounds of bins of the median error of a day's fixes, in metres.
const BINS_M: [f64; 8] = [0.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, f64::INFINITY];

/// Draws both panels.
pub(super) fn draw(tally: &Tally) -> String {
    let (width, height) = (2.0 * PANEL.0 + 3.0 * MARGIN, PANEL.1 + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    draw_warnings(&mut svg, tally);
    draw_noise(&mut svg, tally);
    svg.push_str("</svg>\n");
    svg
}

/// A panel with its axes.
struct Panel {
    left: f64,
    most: (f64, f64),
}

impl Panel {
    fn new(svg: &mut String, left: f64, most: (f64, f64), steps: (f64, f64), names: [&str; 2]) -> Self {
        let panel = Self { left, most };
        let (x0, y0) = panel.at(0.0, 0.0);
        let (x1, y1) = panel.at(most.0, most.1);
        push(
            svg,
            format_args!("<path d=\"M{x0:.1} {y1:.1}V{y0:.1}H{x1:.1}\" fill=\"none\" stroke=\"#333\"/>"),
        );
        let mut x = 0.0;
        while x <= most.0 {
            let (px, py) = panel.at(x, 0.0);
            push(
                svg,
                format_args!("<text x=\"{px:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{x}</text>", py + 16.0),
            );
            x += steps.0;
        }
        let mut y = 0.0;
        while y <= most.1 * 1.000_1 {
            let (px, py) = panel.at(0.0, y);
            let label = (y * 1_000.0).round() / 1_000.0;
            push(
                svg,
                format_args!(
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                    px - 6.0,
                    py + 4.0
                ),
            );
            y += steps.1;
        }
        let middle = left + PANEL.0 / 2.0;
        let [below, above] = names;
        push(
            svg,
            format_args!(
                "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{below}</text>",
                y0 + 38.0
            ),
        );
        push(
            svg,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" font-weight=\"bold\">{above}</text>",
                left,
                MARGIN - 20.0
            ),
        );
        panel
    }

    /// Pixels of a value; what is beyond the panel lies on its edge.
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = ((x / self.most.0).clamp(0.0, 1.0), (y / self.most.1).clamp(0.0, 1.0));
        (self.left + x * PANEL.0, MARGIN + (1.0 - y) * PANEL.1)
    }
}

fn push(svg: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(svg, "{line}");
}

fn draw_warnings(svg: &mut String, tally: &Tally) {
    let names = ["naderingssnelheid / approach speed (km/h)", "waarschuwing vooraf / warning time (s)"];
    let panel = Panel::new(svg, MARGIN, (140.0, 900.0), (20.0, 100.0), names);
    let ((x0, y), (x1, _)) = (panel.at(0.0, IN_TIME_S), panel.at(140.0, IN_TIME_S));
    push(svg, format_args!("<path d=\"M{x0:.1} {y:.1}H{x1:.1}\" stroke=\"#c33\" stroke-dasharray=\"4 3\"/>"));
    for approach in &tally.approaches {
        let (x, y) = panel.at(approach.kmh, approach.lead_s);
        let fill = if approach.could_s >= IN_TIME_S { "#06c" } else { "#999" };
        push(
            svg,
            format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\" fill=\"{fill}\" fill-opacity=\"0.5\"/>"
            ),
        );
    }
    let (x, y) = panel.at(62.0, 800.0);
    push(
        svg,
        format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"#06c\">5 min. mogelijk / possible</text>"),
    );
    push(svg, format_args!("<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"#777\">niet / not</text>", y + 15.0));
}

fn draw_noise(svg: &mut String, tally: &Tally) {
    let bins: Vec<(f64, u64, u64)> = BINS_M
        .windows(2)
        .filter_map(|bin| {
            let of: Vec<_> =
                tally.noise.iter().filter(|day| day.error_m >= bin[0] && day.error_m < bin[1]).collect();
            let mean = of.iter().map(|day| day.error_m).sum::<f64>() / of.len() as f64;
            let alarms = of.iter().map(|day| day.false_alarms).sum();
            (!of.is_empty()).then_some((mean, alarms, of.len() as u64))
        })
        .collect();
    let highest = bins.iter().filter_map(|(_, k, n)| rate(*k, *n).value).fold(0.02, f64::max);
    let top = (highest * 1.5 * 50.0).ceil() / 50.0;
    let names = [
        "mediane fout van een dag / median error of a day (m)",
        "valse alarmen per paardag / false alarms per pair-day",
    ];
    let panel = Panel::new(svg, 2.0 * MARGIN + PANEL.0, (25.0, top), (5.0, top / 4.0), names);
    let ((x0, y), (x1, _)) = (panel.at(0.0, 0.02), panel.at(25.0, 0.02));
    push(svg, format_args!("<path d=\"M{x0:.1} {y:.1}H{x1:.1}\" stroke=\"#c33\" stroke-dasharray=\"4 3\"/>"));
    for (mean, alarms, days) in bins {
        let figure = rate(alarms, days);
        let ((x, low), (_, high)) = (panel.at(mean, figure.low), panel.at(mean, figure.high));
        let (_, y) = panel.at(mean, figure.value.unwrap_or(0.0));
        push(svg, format_args!("<path d=\"M{x:.1} {low:.1}V{high:.1}\" stroke=\"#06c\"/>"));
        push(svg, format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#06c\"/>"));
        push(
            svg,
            format_args!("<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#777\">n={days}</text>", x + 6.0, high + 10.0),
        );
    }
}
