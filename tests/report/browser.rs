//! The page in a real browser.

use std::fs;
use std::path::Path;
use std::process::Command;

use hiresnet_tui::cli::{ReportFormat, ReportKind};
use tempfile::TempDir;

use crate::formats::rendered;
use crate::made::{many, on};

/// Chromium's name here; `None` where there is none.
pub fn chromium() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let runs =
        |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    let found = names.into_iter().find(runs);
    if found.is_none() {
        assert!(std::env::var_os("HIRESNET_REQUIRE_CHROMIUM").is_none(), "Chromium is missing");
        eprintln!("no Chromium: the page was not looked at");
    }
    found
}

/// What it prints on stdout and stderr, about `page`.
pub fn look(browser: &str, home: &Path, page: &Path, order: &str) -> (String, String) {
    let out = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1200,2400",
        ])
        .args(["--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=5000", order])
        .arg(format!("--user-data-dir={}", home.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn the_page_is_whole_and_asks_for_nothing() {
    let Some(browser) = chromium() else { return };
    let folder = TempDir::new().unwrap();
    let html =
        String::from_utf8(rendered(&many(), ReportKind::All, ReportFormat::Html, &on("cifar10"))).unwrap();
    let page = folder.path().join("report.html");
    fs::write(&page, &html).unwrap();

    let shot = folder.path().join("shot.png");
    let (_, log) = look(browser, folder.path(), &page, &format!("--screenshot={}", shot.display()));
    assert!(!log.contains("CONSOLE"), "{log}");
    let image = image::open(&shot).unwrap().into_rgb8();
    assert_eq!((image.width(), image.height()), (1200, 2400));
    let drawn = image.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
    assert!(drawn > 50_000, "{drawn} pixels are drawn");

    // The same page with a script that counts, which its own policy would not let run.
    let count = "<script>console.error('counted'); document.title = ['table', 'svg', 'section'].map(\
                 what => document.querySelectorAll(what).length).join(' ') + ' ' + [...document.querySelectorAll('svg')]\
                 .filter(svg => svg.getBoundingClientRect().height > 50).length</script></body>";
    let counting = html.replace("</body>", count);
    fs::write(&page, &counting).unwrap();
    let (dom, log) = look(browser, folder.path(), &page, "--dump-dom");
    assert!(dom.contains("<title>Report</title>") && log.contains("CONSOLE"), "the policy lets scripts run");
    let policy = counting.find("<meta http-equiv").unwrap();
    let end = policy + counting[policy..].find('\n').unwrap();
    fs::write(&page, format!("{}{}", &counting[..policy], &counting[end..])).unwrap();
    let (dom, _) = look(browser, folder.path(), &page, "--dump-dom");
    // Table 1 of one recipe, Table 2 of two, three networks in Fig. 2, curves of two recipes,
    // two comparisons: a table and a figure each.
    assert!(dom.contains("<title>10 10 10 10</title>"), "{}", &dom[..dom.len().min(1500)]);
}
