//! The page: lanes of spans over one axis of time, and totals. HTML and CSS alone; a span tells more when
//! the pointer rests on it.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use super::timeline::{Lane, Span};

const STYLE: &str = "
body { font: 14px system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
h1 { font-size: 1.2em } code { background: #f2f2f2; padding: .1em .3em }
.row { display: flex; align-items: center; margin: 2px 0 }
.name { width: 9em; flex: none; color: #555 }
.lane { position: relative; height: 20px; flex: auto; background: #f6f6f6 }
.span { position: absolute; top: 1px; bottom: 1px; min-width: 1px; overflow: hidden; white-space: nowrap;
  font-size: 11px; line-height: 18px; border-radius: 2px; box-shadow: inset 0 0 0 1px #0002 }
.phase { background: #cfd8dc } .download { background: #90caf9 } .hash { background: #ffcc80 }
.unpack { background: #a5d6a7 } .axis { background: none } .axis .span { color: #777; box-shadow: none }
table { border-collapse: collapse; margin-top: 1.5em } td, th { padding: .2em .8em; text-align: right }
td:first-child, th:first-child { text-align: left }
";

/// How many marks the axis has.
const MARKS: u32 = 10;

/// One page for a run that took `total`.
pub(super) fn render(title: &str, spans: &[Span], total: Duration) -> String {
    let title = escaped(title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body><h1>Timings of <code>{title}</code>: {:.3} s</h1>\n",
        total.as_secs_f64()
    );
    axis(&mut page, total);
    for (name, spans) in rows(spans) {
        let _ = write!(
            page,
            "<div class=\"row\"><div class=\"name\">{name}</div><div class=\"lane\">"
        );
        for span in spans {
            draw(&mut page, span, total);
        }
        page.push_str("</div></div>\n");
    }
    totals(&mut page, spans, total);
    page.push_str("</body></html>\n");
    page
}

fn axis(page: &mut String, total: Duration) {
    page.push_str("<div class=\"row\"><div class=\"name\"></div><div class=\"lane axis\">");
    for mark in 0..MARKS {
        let at = f64::from(mark) * 100.0 / f64::from(MARKS);
        let seconds = total.as_secs_f64() * at / 100.0;
        let _ = write!(
            page,
            "<div class=\"span\" style=\"left:{at:.2}%\">{seconds:.2} s</div>"
        );
    }
    page.push_str("</div></div>\n");
}

/// Lanes by name, in order; spans that overlap are spread over several rows.
fn rows(spans: &[Span]) -> Vec<(String, Vec<&Span>)> {
    let mut lanes: BTreeMap<Lane, Vec<Vec<&Span>>> = BTreeMap::new();
    let mut sorted: Vec<&Span> = spans.iter().collect();
    sorted.sort_by_key(|span| span.start);
    for span in sorted {
        let rows = lanes.entry(span.lane).or_default();
        let is_free = |row: &&mut Vec<&Span>| row.last().is_none_or(|last| last.end <= span.start);
        match rows.iter_mut().find(is_free) {
            Some(row) => row.push(span),
            None => rows.push(vec![span]),
        }
    }
    let named = |(lane, rows): (Lane, Vec<Vec<_>>)| {
        let name = match lane {
            Lane::Phases => "phases".to_owned(),
            Lane::Downloads => "downloads".to_owned(),
            Lane::Thread(number) => format!("thread {}", number + 1),
        };
        let rows = rows.into_iter().enumerate();
        rows.map(move |(row, spans)| {
            (
                if row == 0 {
                    name.clone()
                } else {
                    String::new()
                },
                spans,
            )
        })
    };
    lanes.into_iter().flat_map(named).collect()
}

fn draw(page: &mut String, span: &Span, total: Duration) {
    let Span {
        kind,
        subject,
        start,
        end,
        ..
    } = span;
    let percent = |time: Duration| time.as_secs_f64() / total.as_secs_f64().max(1e-9) * 100.0;
    let subject = escaped(subject);
    let took = end.saturating_sub(*start);
    let _ = write!(
        page,
        "<div class=\"span {kind}\" style=\"left:{:.3}%;width:{:.3}%\" title=\"{kind}: {subject}, {:.1} ms from {:.3} s\">{subject}</div>",
        percent(*start),
        percent(took),
        took.as_secs_f64() * 1000.0,
        start.as_secs_f64(),
    );
}

/// How much of each kind there was. Several threads and downloads at once: more than the run took.
fn totals(page: &mut String, spans: &[Span], total: Duration) {
    let mut kinds: BTreeMap<&str, (u32, Duration)> = BTreeMap::new();
    for span in spans.iter().filter(|span| span.lane != Lane::Phases) {
        let (count, sum) = kinds.entry(span.kind).or_default();
        *count += 1;
        *sum += span.end.saturating_sub(span.start);
    }
    page.push_str(
        "<table><tr><th>what</th><th>times</th><th>seconds</th><th>of the run</th></tr>\n",
    );
    for (kind, (count, sum)) in kinds {
        let share = sum.as_secs_f64() / total.as_secs_f64().max(1e-9) * 100.0;
        let _ = writeln!(
            page,
            "<tr><td class=\"{kind}\">{kind}</td><td>{count}</td><td>{:.3}</td><td>{share:.0} %</td></tr>",
            sum.as_secs_f64()
        );
    }
    page.push_str("</table>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
