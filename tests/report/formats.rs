//! How reports look in every format, and that nothing in them is taken for markup.

use hiresnet_tui::batch::report::JsonReport;
use hiresnet_tui::cli::{ReportFormat, ReportKind};
use hiresnet_tui::domain::report::ReportOptions;
use resvg::usvg;

use crate::made::{Made, grouped, many, on};

pub fn rendered(runs: &[Made], kind: ReportKind, format: ReportFormat, options: &ReportOptions) -> Vec<u8> {
    let report = JsonReport::new(kind, &grouped(runs), None, options).unwrap();
    report.render(format, options).unwrap()
}

fn text(kind: ReportKind, format: ReportFormat) -> String {
    String::from_utf8(rendered(&many(), kind, format, &on("cifar10"))).unwrap()
}

#[test]
fn markdown() {
    let table1 = String::from_utf8(rendered(&many(), ReportKind::Table1, ReportFormat::Md, &on(""))).unwrap();
    insta::assert_snapshot!("table1_md", table1);
    insta::assert_snapshot!("table2_md", text(ReportKind::Table2, ReportFormat::Md));
    insta::assert_snapshot!("fig2_md", text(ReportKind::Fig2, ReportFormat::Md));
    insta::assert_snapshot!("curves_md", text(ReportKind::Curves, ReportFormat::Md));
    insta::assert_snapshot!("compare_md", text(ReportKind::Compare, ReportFormat::Md));
}

#[test]
fn latex() {
    let table1 =
        String::from_utf8(rendered(&many(), ReportKind::Table1, ReportFormat::Latex, &on(""))).unwrap();
    insta::assert_snapshot!("table1_latex", table1);
    insta::assert_snapshot!("compare_latex", text(ReportKind::Compare, ReportFormat::Latex));
}

#[test]
fn csv() {
    insta::assert_snapshot!("table2_csv", text(ReportKind::Table2, ReportFormat::Csv));
    insta::assert_snapshot!("fig2_csv", text(ReportKind::Fig2, ReportFormat::Csv));
    insta::assert_snapshot!("curves_csv", text(ReportKind::Curves, ReportFormat::Csv));
    insta::assert_snapshot!("compare_csv", text(ReportKind::Compare, ReportFormat::Csv));
    for kind in
        [ReportKind::Table1, ReportKind::Table2, ReportKind::Fig2, ReportKind::Curves, ReportKind::Compare]
    {
        let text = text(kind, ReportFormat::Csv);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers().unwrap().len();
        // A reader that is not flexible refuses lines of another length.
        let lines = reader.records().map(|line| line.unwrap()).filter(|line| line.len() == columns).count();
        assert!(lines > 2, "{kind:?}");
    }
}

#[test]
fn svg() {
    insta::assert_snapshot!("table2_svg", text(ReportKind::Table2, ReportFormat::Svg));
    insta::assert_snapshot!("fig2_svg", text(ReportKind::Fig2, ReportFormat::Svg));
    insta::assert_snapshot!("curves_svg", text(ReportKind::Curves, ReportFormat::Svg));
    insta::assert_snapshot!("compare_svg", text(ReportKind::Compare, ReportFormat::Svg));
}

#[test]
fn html() {
    insta::assert_snapshot!("table2_html", text(ReportKind::Table2, ReportFormat::Html));
    let all = text(ReportKind::All, ReportFormat::Html);
    for part in ["<script", "http:", "https:", "url(h", "@import", " src=", "NaN"] {
        assert!(!all.contains(part), "{part}");
    }
}

#[test]
fn json_has_every_seed() {
    let value: serde_json::Value = serde_json::from_str(&text(ReportKind::All, ReportFormat::Json)).unwrap();
    let first = &value["tables"][0];
    assert_eq!(first["columns"][0]["dataset"], "cifar10");
    let cell = &first["rows"][5]["cells"][0];
    assert_eq!(cell["measured"]["values"][4], serde_json::json!([4, 90.72]));
    assert_eq!(cell["published"]["printed"], "89.46(0.30)");
    let entry = &value["comparisons"][0]["entries"][1];
    assert_eq!(
        (&entry["test"]["method"], &entry["test"]["n"]),
        (&"paired".into(), &serde_json::json!([5, 5]))
    );
    assert_eq!(value["comparisons"][1]["entries"][0]["test"], "no spread over seeds: no test is possible");
}

#[test]
fn a_png_is_the_svg() {
    let svg = text(ReportKind::Curves, ReportFormat::Svg);
    let size = usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap().size();
    let png = rendered(&many(), ReportKind::Curves, ReportFormat::Png, &on("cifar10"));
    let image = image::load_from_memory(&png).unwrap().into_rgb8();
    assert_eq!((image.width(), image.height()), (2 * size.width() as u32, 2 * size.height() as u32));
    // Lines, bands and text, on white.
    let drawn = image.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
    assert!(drawn * 100 > image.pixels().len(), "{drawn}");
}

/// The folder's name is the only text that the program does not make itself.
#[test]
fn a_hostile_folder_is_text_everywhere() {
    let hostile =
        "x'\"</code></pre><script>alert(1)</script>\n\\end{document}```\n=cmd|]]>&\u{202e}\u{1b}[2J";
    let options = ReportOptions { out: hostile.into(), ..on("cifar10") };
    for kind in [ReportKind::Table1, ReportKind::All] {
        for format in [
            ReportFormat::Md,
            ReportFormat::Latex,
            ReportFormat::Html,
            ReportFormat::Json,
            ReportFormat::Csv,
            ReportFormat::Svg,
        ] {
            if (kind, format) == (ReportKind::All, ReportFormat::Csv) {
                continue;
            }
            let text = String::from_utf8(rendered(&many(), kind, format, &options)).unwrap();
            // CSV and JSON quote; a program reads them.
            if !matches!(format, ReportFormat::Csv | ReportFormat::Json) {
                assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{format:?}");
            }
            match format {
                ReportFormat::Html => {
                    assert!(!text.contains("<script") && text.contains("&lt;script&gt;"));
                }
                // Only in comments, of one line each.
                ReportFormat::Latex => {
                    let outside = text.lines().filter(|line| !line.starts_with('%'));
                    assert!(outside.clone().count() > 10);
                    outside.for_each(|line| assert!(!line.contains("document"), "{line}"));
                }
                ReportFormat::Md => {
                    let fences = text.lines().filter(|line| line.starts_with("````")).count();
                    assert!(fences >= 2 && fences % 2 == 0, "{fences}");
                }
                ReportFormat::Svg => assert!(usvg::Tree::from_str(&text, &usvg::Options::default()).is_ok()),
                _ => {}
            }
        }
    }
}

#[test]
fn one_csv_holds_one_report() {
    let runs = many();
    let report = JsonReport::new(ReportKind::All, &grouped(&runs), None, &on("")).unwrap();
    assert!(report.render(ReportFormat::Csv, &on("")).unwrap_err().contains("csv holds one report"));
}

#[test]
fn every_drawing_is_sound() {
    let mut runs = many();
    // Eight blocks, nine fills, more lines than colours.
    let deep = "blocks=1,1,1,1,1,1,1,1 widths=8,8,8,8,8,8,8,8";
    for hops in ["All", "In", "Out", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "0-1,1-2,0-8"] {
        runs.push(crate::made::run(&format!("resnet+hires[{hops}]@cifar10 {deep}"), 80.0));
    }
    for kind in [
        ReportKind::Table1,
        ReportKind::Table2,
        ReportKind::Fig2,
        ReportKind::Curves,
        ReportKind::Compare,
        ReportKind::All,
    ] {
        let svg = String::from_utf8(rendered(&runs, kind, ReportFormat::Svg, &on(""))).unwrap();
        assert!(usvg::Tree::from_str(&svg, &usvg::Options::default()).is_ok(), "{kind:?}");
        for part in ["NaN", "inf", "width=\"-", "height=\"-"] {
            assert!(!svg.contains(part), "{kind:?}: {part}");
        }
    }
}
