//! Bars, as SVG.

use std::fmt::Write;
use std::fs;

use super::Failed;
use super::contenders::Role;
use super::results::Compared;
use super::table;

const WIDTH: f64 = 760.0;
const LABEL: f64 = 150.0;
const NUMBER: f64 = 90.0;
const ROW: f64 = 22.0;
const TOP: f64 = 34.0;

/// Draws every comparison, one file each.
pub(crate) fn write(results: &[Compared]) -> Result<(), Failed> {
    let folder = crate::driver::book().join("performance");
    fs::create_dir_all(&folder)?;
    for compared in results {
        fs::write(folder.join(file_name(compared)), draw(compared)?)?;
    }
    Ok(())
}

pub(crate) fn file_name(compared: &Compared) -> String {
    let name = compared.workload.name.replace('/', "-");
    format!("{name}-{}.svg", compared.store)
}

#[expect(clippy::cast_precision_loss, reason = "there are a few rows")]
fn draw(compared: &Compared) -> Result<String, Failed> {
    let rows: Vec<(&str, Role, f64)> = compared
        .ranked()
        .into_iter()
        .filter_map(|measured| {
            let median = measured.median()?;
            Some((measured.contender.name, measured.contender.role, median))
        })
        .collect();
    let largest = rows
        .iter()
        .map(|(_, _, median)| *median)
        .fold(0.0, f64::max);
    let height = TOP + ROW * rows.len() as f64 + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"20\" font-weight=\"bold\">{}</text>\n",
        table::title(compared)
    );
    for (n, (name, role, median)) in rows.iter().enumerate() {
        let top = TOP + ROW * n as f64;
        let text = top + 14.0;
        let length = (WIDTH - LABEL - NUMBER) * median / largest;
        let end = LABEL + length + 6.0;
        let colour = match role {
            Role::Ironflow => "#c2410c",
            Role::Peer => "#64748b",
            Role::Raw => "#a8a29e",
            Role::Bare => "#d6d3d1",
        };
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{text}\" text-anchor=\"end\">{name}</text>\
             <rect x=\"{LABEL}\" y=\"{top}\" width=\"{length:.1}\" height=\"18\" fill=\"{colour}\"/>\
             <text x=\"{end:.1}\" y=\"{text}\">{median:.0}</text>",
            x = LABEL - 8.0,
        )?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
